"""Asks an Iceberg REST catalog as the client of CLIENT_ID and CLIENT_SECRET. For the scripts beside this one."""

import json
import os
import urllib.parse
import urllib.request


class Catalog:
    def __init__(self, uri, prefix):
        form = {
            "grant_type": "client_credentials",
            "client_id": os.environ["CLIENT_ID"],
            "client_secret": os.environ["CLIENT_SECRET"],
        }
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{uri}/v1/oauth/tokens", data, timeout=5) as answer:
            self.token = json.load(answer)["access_token"]
        self.below = f"{uri}/v1/{prefix}"

    def get(self, path):
        return self.ask(path)

    def post(self, path, body):
        return self.ask(path, json.dumps(body).encode())

    def ask(self, path, body=None):
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "X-Iceberg-Access-Delegation": "vended-credentials",
        }
        request = urllib.request.Request(self.below + path, body, headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
