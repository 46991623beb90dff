"""Whether a catalog has a warehouse: it answers before it has. Ends with 0 where it has.

Usage: ready.py URI PREFIX   (login from CLIENT_ID and CLIENT_SECRET)
"""

import sys

from catalog import Catalog

Catalog(*sys.argv[1:]).get("/namespaces")
