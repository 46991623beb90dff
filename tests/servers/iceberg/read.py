"""Reads tables of an Iceberg catalog with PyIceberg, and prints them as JSON: rows in the order of all columns.

Usage: read.py URI WAREHOUSE TOKEN_URL NAMESPACE.TABLE…   (client id and secret from CLIENT_ID and CLIENT_SECRET)
"""

import json
import os
import sys

from pyiceberg.catalog.rest import RestCatalog

uri, warehouse, token_url, *names = sys.argv[1:]
catalog = RestCatalog(
    "lake",
    uri=uri,
    warehouse=warehouse,
    credential=f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}",
    **{"oauth2-server-uri": token_url, "header.X-Iceberg-Access-Delegation": "vended-credentials"},
)
found = {}
for name in names:
    table = catalog.load_table(name)
    rows = table.scan().to_arrow().to_pylist()
    partition = [
        [str(field.transform), table.schema().find_column_name(field.source_id)] for field in table.spec().fields
    ]
    rows = sorted(rows, key=lambda row: json.dumps(row, default=str))
    found[name] = {"partition": partition, "rows": rows}
print(json.dumps(found, default=str))
