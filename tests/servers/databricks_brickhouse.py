"""Serves brickhouse, an emulator of Databricks' REST interface, on a port of loopback: with warehouses of which one is
stopped, and a catalog with a schema. Says `{"running": …, "stopped": …}`, their ids, once it is ready.

    databricks_brickhouse.py FOLDER PORT
"""

import http.client
import json
import sys
import threading
import time
from pathlib import Path

from brickhouse.diagnostic_server import serve_diagnostics
from brickhouse.workspace.context import WorkspaceContext
from brickhouse.workspace.lifecycle import initialize_workspace


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, body=text, headers={"content-type": "application/json"})
        response = connection.getresponse()
        told = response.read()
        if response.status != 200:
            raise SystemExit(f"{method} {path}: {response.status} {told.decode()}")
        return json.loads(told)
    finally:
        connection.close()


def wait_for(port):
    for _ in range(600):
        try:
            return ask(port, "GET", "/api/2.0/sql/warehouses")
        except OSError:
            time.sleep(0.05)
    raise SystemExit("brickhouse does not listen")


def furnish(port):
    wait_for(port)
    made = {}
    for name in ("running", "stopped"):
        wish = {"name": name.title(), "cluster_size": "2X-Small", "warehouse_type": "PRO"}
        made[name] = ask(port, "POST", "/api/2.0/sql/warehouses", wish)["id"]
    ask(port, "POST", f"/api/2.0/sql/warehouses/{made['stopped']}/stop")
    ask(port, "POST", "/api/2.1/unity-catalog/catalogs", {"name": "lake"})
    ask(port, "POST", "/api/2.1/unity-catalog/schemas", {"name": "marts", "catalog_name": "lake"})
    print(json.dumps(made), flush=True)


if __name__ == "__main__":
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    initialize_workspace(folder)
    threading.Thread(target=furnish, args=(port,), daemon=True).start()
    with WorkspaceContext.local(folder) as context:
        serve_diagnostics(context, "127.0.0.1", port)
