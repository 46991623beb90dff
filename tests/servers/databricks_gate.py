"""A workspace of Databricks, as far as dbt and a check ask for it. Three are behind its port:

* brickhouse, an emulator of another make, answers for users, warehouses, catalogs and schemas;
* a real Spark Thrift Server runs statements, behind a shim that adds to its answers what Databricks' driver looks for;
* this script judges who asks. It grants tokens, signs them, and has PyJWT verify them again at every request. What
  neither server knows it answers itself: OAuth, clusters, and the answers of `answers`.

Settings beside those of gate.py, all of them optional:

    scheme      how clients reach it, `https` where TLS is taken off before; `http` by default
    spark       port, path and password of the Thrift Server: {"port": …, "path": …, "password": …}
    tokens      personal access tokens, with the user of each
    expired     personal access tokens whose time is over
    clients     secrets of service principals, by client id
    azure       secrets of applications in Microsoft Entra ID, by id
    federation  what a token of another identity provider must be:
                {"key": PEM, "issuer": …, "audience": …, "subject": …, "client_id": …}
    lifetime    seconds that a token lives; less than nothing for one that is granted too late
    told        seconds that a token is said to live, where that differs
    revoked     a file with a number: tokens up to that one are revoked
    token_host  where tokens are granted, where it is another place: `https://…`
    clusters    states of clusters, by id
    answers     answers to a path, in place of what is behind: {path: {"status", "body", "headers"}}
    warehouse   what an answer about a warehouse says differently: {"state": …}
    warehouses  what clients call warehouses, with the ids that brickhouse made up for them
"""

import base64
import http.client
import secrets
import struct
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from gate import Answer, Gate

TENANT = "0b5c1d6e-floe"
# Who grants what an application of Azure logs in by. Databricks' own tokens come from the workspace.
MICROSOFT = f"https://sts.windows.net/{TENANT}/"
# As Microsoft Entra ID names Databricks, and Azure's management.
RESOURCES = {"2ff814a6-3304-4ab8-85cb-cd0e6f879c1d", "https://management.core.windows.net/"}
WAREHOUSES = "/api/2.0/sql/warehouses"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def refused(status, message, code=None):
    """A refusal as Databricks writes it: the code is the status where it has no word of its own."""
    return Answer(status, {"error_code": code or status, "message": message}, {"x-databricks-reason-phrase": message})


def no_token(status, error, description):
    """A refusal of a token, by RFC 6749."""
    return Answer(status, {"error": error, "error_description": description})


class Databricks(Gate):
    def __init__(self, settings):
        super().__init__(settings)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.serial = 0

    def judge(self, request):
        place, _, name = request.path.rpartition("/")
        if place == WAREHOUSES and name in self.settings.get("warehouses", {}):
            request.target = f"{WAREHOUSES}/{self.settings['warehouses'][name]}"
        if answer := self.public(request):
            return answer
        request.user, refusal = self.user(request)
        if refusal:
            return refusal
        if canned := self.settings.get("answers", {}).get(request.path):
            return Answer(canned["status"], canned.get("body", b""), canned.get("headers"))
        if request.path == "/api/2.0/clusters/get":
            return self.cluster(request)
        return None

    def base(self, request):
        """The address by which a client reached this workspace."""
        return f"{self.settings.get('scheme', 'http')}://{request.headers.get('host', '')}"

    def public(self, request):
        """What is answered without a login."""
        base = self.base(request)
        if request.method == "POST":
            if request.path == "/oidc/v1/token":
                return self.grant(request)
            if request.path == f"/{TENANT}/oauth2/token":
                return self.grant_of_azure(request)
            return None
        if request.path == "/.well-known/databricks-config":
            return Answer(200, {"host_type": "workspace", "workspace_id": "42", "oidc_endpoint": f"{base}/oidc"})
        if request.path == "/oidc/.well-known/oauth-authorization-server":
            host = self.settings.get("token_host", base)
            told = {"authorization_endpoint": f"{host}/oidc/v1/authorize", "token_endpoint": f"{host}/oidc/v1/token"}
            return Answer(200, {"issuer": f"{base}/oidc", **told})
        if request.path == "/aad/auth":
            return Answer(
                302, headers={"location": f"https://login.microsoftonline.com/{TENANT}/oauth2/authorize?client_id=x"}
            )
        return None

    def grant(self, request):
        form = request.form()
        if form.get("grant_type") == "client_credentials":
            kind, _, credential = request.headers.get("authorization", "").partition(" ")
            client, _, secret = base64.b64decode(credential or "").decode("utf-8", "replace").partition(":")
            known = self.settings.get("clients", {}).get(client)
            if kind.lower() != "basic" or known is None or not secrets.compare_digest(known, secret):
                return no_token(401, "invalid_client", "Client authentication failed")
            if form.get("scope") != "all-apis":
                return no_token(400, "invalid_scope", "The requested scope is invalid")
            return self.granted(client, f"{self.base(request)}/oidc")
        if form.get("grant_type") == EXCHANGE:
            return self.exchange(request, form)
        return no_token(400, "unsupported_grant_type", "The grant type is not supported")

    def exchange(self, request, form):
        if form.get("return_original_token_if_authenticated") == "true":
            # databricks-sql-connector asks so for each token that the workspace itself has not granted.
            claims, refusal = self.claims(request, form.get("subject_token", ""))
            if refusal:
                return no_token(401, "invalid_client", "Client authentication failed")
            return Answer(200, {"access_token": form["subject_token"], "token_type": "Bearer", "sub": claims["sub"]})
        policy = self.settings.get("federation")
        if policy is None or form.get("client_id") != policy["client_id"]:
            return no_token(401, "invalid_client", "No federation policy of this service principal")
        try:
            jwt.decode(
                form.get("subject_token", ""),
                policy["key"],
                algorithms=["RS256"],
                audience=policy["audience"],
                issuer=policy["issuer"],
                subject=policy["subject"],
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            return no_token(400, "invalid_grant", str(error))
        return self.granted(form["client_id"], f"{self.base(request)}/oidc")

    def grant_of_azure(self, request):
        form = request.form()
        known = self.settings.get("azure", {}).get(form.get("client_id"))
        if known is None or not secrets.compare_digest(known, form.get("client_secret", "")):
            words = "AADSTS7000215: Invalid client secret provided."
            return no_token(401, "invalid_client", words)
        if form.get("resource") not in RESOURCES:
            return no_token(400, "invalid_resource", "AADSTS500011: The resource principal was not found.")
        return self.granted(form["client_id"], MICROSOFT)

    def granted(self, subject, issuer):
        with self.lock:
            self.serial += 1
            serial = self.serial
        lifetime = self.settings.get("lifetime", 3600)
        claims = {"iss": issuer, "aud": "42", "sub": subject, "exp": int(time.time()) + lifetime, "jti": str(serial)}
        token = jwt.encode(claims, self.key, algorithm="RS256")
        told = self.settings.get("told", lifetime)
        return Answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": told, "scope": "all-apis"})

    def user(self, request):
        """Who asks, or what is said to whom nobody knows."""
        token = request.bearer()
        if not token:
            words = "Credential was not sent or was of an unsupported type for this API."
            return None, refused(401, words)
        if user := self.settings.get("tokens", {}).get(token):
            return user, None
        if token in self.settings.get("expired", []):
            return None, refused(401, "Token is expired")
        claims, refusal = self.claims(request, token)
        if refusal:
            return None, refusal
        of_azure = claims["iss"] == MICROSOFT
        # The driver sends the token alone.
        if of_azure and not request.path.startswith("/sql/") and not self.is_managed(request):
            return None, refused(403, "Invalid management token")
        return claims["sub"], None

    def claims(self, request, token):
        """What a token says, where PyJWT verifies it, or why it is refused."""
        base = self.base(request)
        issuers = [MICROSOFT, f"{base}/oidc", f"{self.settings.get('token_host', base)}/oidc"]
        try:
            claims = jwt.decode(token, self.key.public_key(), algorithms=["RS256"], audience="42", issuer=issuers)
        except jwt.ExpiredSignatureError:
            return None, refused(401, "Token is expired")
        except jwt.InvalidTokenError:
            return None, refused(403, "Invalid access token.")
        revoked = Path(self.settings.get("revoked", "/nonexistent"))
        if revoked.exists() and int(claims["jti"]) <= int(revoked.read_text(encoding="utf-8") or 0):
            return None, refused(403, "Invalid Token")
        return claims, None

    def is_managed(self, request):
        """Whether the second token of Azure is there, and ours."""
        token = request.headers.get("x-databricks-azure-sp-management-token", "")
        return self.claims(request, token)[1] is None

    def cluster(self, request):
        """By the public documentation of `GET /api/2.0/clusters/get`."""
        cluster = request.query.partition("cluster_id=")[2]
        state = self.settings.get("clusters", {}).get(cluster)
        if state is None:
            return refused(400, f"Cluster {cluster} does not exist", "INVALID_PARAMETER_VALUE")
        return Answer(200, {"cluster_id": cluster, "state": state})

    def passed(self, request):
        if request.path.startswith("/sql/") and "spark" in self.settings:
            return spark(request, self.settings["spark"])
        return super().passed(request)

    def amend(self, request, answer):
        if answer.status != 200:
            return answer
        if request.path == "/api/2.0/preview/scim/v2/Me":
            return Answer(200, {**answer.json(), "userName": request.user})
        place, _, name = request.path.rpartition("/")
        if place == WAREHOUSES:
            return Answer(200, {**answer.json(), "id": name, **self.settings.get("warehouse", {})})
        return answer

    def noted(self, request):
        """The grant of a token, and who sent what with it; the call of the Thrift protocol; the user."""
        if request.path.endswith("/token"):
            kind = request.headers.get("authorization", "none").partition(" ")[0]
            return {"grant": request.form().get("grant_type"), "fields": sorted(request.form()), "authorization": kind}
        if request.path.startswith("/sql/"):
            name = call(request.body)
            return {"call": name, **({"session": session(request.body)} if name == "OpenSession" else {})}
        workspace = request.headers.get("x-databricks-org-id")
        return {"user": getattr(request, "user", None), **({"workspace": workspace} if workspace else {})}


# TBinaryProtocol, strict: version and kind, length of the name, then name and sequence number.
HEAD = struct.Struct(">iI")
BOOL, I32, STRING, STRUCT, MAP, LIST, STOP = 2, 8, 11, 12, 13, 15, 0
# TOpenSessionReq's `configuration`, a map from text to text.
CONFIGURATION = struct.pack(">bhbb", MAP, 4, STRING, STRING)
# TOpenSessionReq's `client_protocol`, which databricks-sql-connector leaves out; HIVE_CLI_SERVICE_PROTOCOL_V10.
CLIENT_PROTOCOL = struct.pack(">bhi", I32, 1, 9)
# TOpenSessionResp's `serverProtocolVersion`: Hive's, as Spark says it, and SPARK_CLI_SERVICE_PROTOCOL_V7 in its place.
HIVE_PROTOCOL = struct.pack(">bh", I32, 2)
SERVER_PROTOCOL = struct.pack(">bhi", I32, 2, 42247)
# What Databricks says besides, in the structure of an answer: `canUseMultipleCatalogs`; `resultFormat`, by columns, as
# Spark sends rows; the same within `resultSetMetadata`.
MULTIPLE_CATALOGS = struct.pack(">bhb", BOOL, 1285, 1)
BY_COLUMNS = struct.pack(">bhi", I32, 1281, 1)
# TFetchResultsResp's `results`, and its `columns`: none, which those of Spark replace where it sends any.
RESULTS = struct.pack(">bh", STRUCT, 3)
NO_COLUMNS = struct.pack(">bhbi", LIST, 3, STRUCT, 0)
SAID_BESIDES = {
    "OpenSession": MULTIPLE_CATALOGS,
    "GetResultSetMetadata": BY_COLUMNS,
    "FetchResults": struct.pack(">bh", STRUCT, 1281) + BY_COLUMNS + bytes([STOP]),
}


def call(body):
    """The name of a call."""
    if len(body) < HEAD.size:
        return None
    return body[HEAD.size : HEAD.size + HEAD.unpack_from(body)[1]].decode("ascii", "replace")


def session(body):
    """The parameters of a session that is opened: the field `configuration` of its request."""
    at = body.find(CONFIGURATION)
    if at < 0:
        return {}
    at += len(CONFIGURATION)
    (count,), at = struct.unpack_from(">i", body, at), at + 4
    texts = []
    for _ in range(2 * count):
        (length,), at = struct.unpack_from(">i", body, at), at + 4
        texts.append(body[at : at + length].decode("utf-8", "replace"))
        at += length
    return dict(zip(texts[::2], texts[1::2], strict=True))


def first_field(body):
    """Where the fields of the request or of the result begin: behind the head, a byte of their structure's type, and
    two of its number."""
    return HEAD.size + HEAD.unpack_from(body)[1] + 4 + 3


def with_first(body, field):
    """The same with a field before the others."""
    at = first_field(body)
    return body[:at] + field + body[at:]


def spark(request, where):
    """Lets a call of databricks-sql-connector pass to Spark's own Thrift Server, of which Databricks' is a descendant.
    The session's request gets a protocol number that Spark knows, statements Spark's name of the catalog, and answers
    what the connector looks for and Spark does not say. Rows and errors are Spark's own."""
    body, name = request.body, call(request.body)
    if name == "OpenSession":
        body = with_first(body, CLIENT_PROTOCOL)
    if name == "ExecuteStatement":
        # The catalog from before Unity Catalog, as Spark calls its own. The blank keeps the length.
        body = body.replace(b"`hive_metastore`", b"`spark_catalog` ")
    login = base64.b64encode(f"dbt:{where['password']}".encode()).decode()
    kept = {name: request.headers[name] for name in ("accept", "content-type") if name in request.headers}
    connection = http.client.HTTPConnection("127.0.0.1", where["port"], timeout=120)
    try:
        headers = {**kept, "authorization": f"Basic {login}"}
        connection.request(request.method, f"/{where['path']}", body=body, headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.read(), {"content-type": "application/x-thrift"})
    finally:
        connection.close()
    if answer.status == 200 and name in SAID_BESIDES:
        answer.body = with_first(answer.body, SAID_BESIDES[name])
    if answer.status == 200 and name == "FetchResults":
        at = answer.body.find(RESULTS, first_field(answer.body)) + len(RESULTS)
        if at >= len(RESULTS):
            answer.body = answer.body[:at] + NO_COLUMNS + answer.body[at:]
    if answer.status == 200 and name == "OpenSession":
        at = answer.body.index(HIVE_PROTOCOL, first_field(answer.body))
        answer.body = answer.body[:at] + SERVER_PROTOCOL + answer.body[at + len(SERVER_PROTOCOL) :]
    return answer


if __name__ == "__main__":
    Databricks.main()
