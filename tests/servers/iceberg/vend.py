"""Asks a catalog for one table's credentials, and tries them on the storage with pyarrow's own S3 client.

Usage: vend.py URI PREFIX NAMESPACE MINE OTHER SECONDS   (login from CLIENT_ID and CLIENT_SECRET)
Prints JSON: what came of reading a metadata file of each table, and of the first one SECONDS later; the credentials.
"""

import json
import sys
import time

from catalog import Catalog
from pyarrow import fs

uri, prefix, namespace, mine, other, seconds = sys.argv[1:]
catalog = Catalog(uri, prefix)


def load(table):
    return catalog.get(f"/namespaces/{namespace}/tables/{table}")


def read(location):
    try:
        with storage.open_input_file(location.removeprefix("s3://")) as file:
            return f"{len(file.read())} bytes"
    except OSError as error:
        return str(error)


loaded = load(mine)
vended = loaded["storage-credentials"][0]
config = vended["config"]
storage = fs.S3FileSystem(
    access_key=config["s3.access-key-id"],
    secret_key=config["s3.secret-access-key"],
    session_token=config["s3.session-token"],
    region=config["s3.region"],
    endpoint_override=config["s3.endpoint"],
    force_virtual_addressing=False,
)
elsewhere = load(other)
found = {
    "mine": read(loaded["metadata-location"]),
    "other": read(elsewhere["metadata-location"]),
    "prefix": vended["prefix"],
    "other_prefix": elsewhere["storage-credentials"][0]["prefix"],
    "config": config,
}
if int(seconds):
    time.sleep(int(seconds))
    found["later"] = read(loaded["metadata-location"])
print(json.dumps(found))
