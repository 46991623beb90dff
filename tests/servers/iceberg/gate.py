"""In front of an Iceberg REST catalog: lets everything pass, and writes down what was asked.

Settings besides those of every gate:
`token_seconds`: how long the tokens of the catalog's token endpoint count here, in place of an hour.
`alone`: true answers the three requests of an ATTACH itself, and writes down what came, secrets too: for tests of
quoting alone, where the secrets are none.
"""

import base64
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gate import Answer, Gate  # noqa: E402


class IcebergGate(Gate):
    def __init__(self, settings):
        super().__init__(settings)
        self.ends = {}

    def judge(self, request):
        if not self.settings.get("alone"):
            if self.ends.get(request.bearer(), float("inf")) < time.monotonic():
                error = {"message": "the token has ended", "type": "NotAuthorizedException", "code": 401}
                return Answer(401, {"error": error})
            return None
        if request.path.endswith("/tokens"):
            return Answer(200, {"access_token": "t", "token_type": "bearer", "expires_in": 3600})
        if request.path.endswith("/v1/config"):
            return Answer(200, {"defaults": {}, "overrides": {}})
        if request.path.endswith("/namespaces"):
            return Answer(200, {"namespaces": []})
        return Answer(404, {"error": {"message": "none", "type": "NoSuchTableException", "code": 404}})

    def amend(self, request, answer):
        life = self.settings.get("token_seconds")
        if life and request.path.endswith("/tokens") and answer.status == 200:
            token = answer.json()
            self.ends[token["access_token"]] = time.monotonic() + life
            return Answer(200, {**token, "expires_in": life})
        return answer

    def noted(self, request):
        noted = {"delegation": request.headers.get("x-iceberg-access-delegation")}
        if self.settings.get("alone"):
            noted["form"] = request.form()
            kind, _, value = request.headers.get("authorization", "").partition(" ")
            noted["login"] = base64.b64decode(value).decode() if kind == "Basic" else value
        return noted


if __name__ == "__main__":
    IcebergGate.main()
