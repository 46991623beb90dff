"""Makes a namespace in an Iceberg REST catalog.

Usage: namespace.py URI PREFIX NAME   (login from CLIENT_ID and CLIENT_SECRET)
"""

import json
import sys

from catalog import Catalog

uri, prefix, name = sys.argv[1:]
print(json.dumps(Catalog(uri, prefix).post("/namespaces", {"namespace": [name]})))
