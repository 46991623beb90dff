"""Whether a catalog has a warehouse: it answers before it has. Ends with 0 where it has.

Usage: ready.py URI PREFIX   (client id and secret from CLIENT_ID and CLIENT_SECRET)
"""

import json
import os
import sys
import urllib.parse
import urllib.request

uri, prefix = sys.argv[1:]
form = {
    "grant_type": "client_credentials",
    "client_id": os.environ["CLIENT_ID"],
    "client_secret": os.environ["CLIENT_SECRET"],
}
with urllib.request.urlopen(f"{uri}/v1/oauth/tokens", urllib.parse.urlencode(form).encode(), timeout=5) as answer:
    token = json.load(answer)["access_token"]
headers = {"Authorization": f"Bearer {token}"}
with urllib.request.urlopen(urllib.request.Request(f"{uri}/v1/{prefix}/namespaces", headers=headers), timeout=5):
    pass
