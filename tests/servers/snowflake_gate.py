"""An account of Snowflake, as far as dbt and a check log in to it. fakesnow, an emulator of another make that lets
everybody in, runs the statements behind it; this script judges who logs in. PyJWT verifies the tokens that key pairs
sign.

What fakesnow lacks is added as Snowflake's drivers expect it: role, user and warehouse in the answer to the login,
warehouses with states, the token server of OAuth, and rows of SHOW in JSON, as Snowflake answers them to every driver.

`state` in its settings is a file that is read anew at each request, so that tests can change what the account knows:

    account     its name, in capitals
    users       by name: {"password", "public_key" (PEM), "access_tokens": [], "role", "roles": [], "warehouse",
                "wants" (a second factor)}
    warehouses  by name: {"state", "auto_resume", "size", "roles": who may use it; null for everybody}
    databases   those that there are
    schemas     those of them that a login may name
    clock       seconds by which its clock differs from that of this machine
    client      {"id", "secret", "user"} of the OAuth client
    refresh     refresh tokens that are good
    expired     access tokens whose time is over
    lifetime    seconds that access tokens are good; less than nothing for ones that have expired
    told        seconds that they are said to be good
    revoked     whether access tokens that were given so far are good no more: their number
    oidc        {"public_key", "issuer", "subject", "user"} of workloads
    status      a status with which every login is answered, in place of all that
    blocked     whether a network policy keeps everybody out
    ended       how many of the sessions that were opened so far are over
"""

import base64
import gzip
import hashlib
import json
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import jwt
import pyarrow as pa
from cryptography.hazmat.primitives import serialization
from gate import Answer, Gate

LOGIN, QUERY, TOKEN = "/session/v1/login-request", "/queries/v1/query-request", "/oauth/token-request"


class Refused(Exception):
    """A login that is refused, with Snowflake's code."""

    def __init__(self, code, message):
        super().__init__(message)
        self.answer = Answer(200, {"data": {}, "code": code, "message": message, "success": False})


def fingerprint(public_key):
    """Of a public key, as `DESCRIBE USER` shows it."""
    key = serialization.load_pem_public_key(public_key.encode())
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def cell(value):
    """A value as Snowflake writes it in JSON."""
    if isinstance(value, dict):
        seconds = f"{value['epoch']}.{value['fraction']:09d}"
        return f"{seconds} {value['timezone']}" if "timezone" in value else seconds
    return value if value is None else str(value)


class Snowflake(Gate):
    def __init__(self, settings):
        super().__init__(settings)
        self.sessions = {}
        self.issued = {}
        self.logins = {}

    def state(self):
        return json.loads(Path(self.settings["state"]).read_text(encoding="utf-8"))

    def judge(self, request):
        if request.headers.get("content-encoding") == "gzip":
            request.body = gzip.decompress(request.body)
            del request.headers["content-encoding"]
        if request.path == TOKEN:
            return self.give_token(request)
        if request.path == LOGIN:
            return self.log_in(request)
        if request.path == QUERY and self.has_ended(request):
            words = "Your session has expired. Please login again."
            return Answer(200, {"code": "390112", "message": words, "success": False})
        if request.path == QUERY and self.statement(request).upper().startswith("SHOW WAREHOUSES"):
            return self.show_warehouses(request)
        return None

    def statement(self, request):
        return (request.json() or {}).get("sqlText", "").strip()

    # Logins.

    def log_in(self, request):
        state = self.state()
        if state.get("status"):
            return Answer(state["status"], b"<html>no</html>", {"content-type": "text/html"})
        data = request.json()["data"]
        if data["ACCOUNT_NAME"].upper() != state["account"]:
            return Answer(403, b"<html>Forbidden</html>", {"content-type": "text/html"})
        query = dict(parse_qsl(request.query))
        try:
            if state.get("blocked"):
                raise Refused(
                    "390422",
                    "Incoming request with IP/Token 127.0.0.1 is not allowed to access Snowflake. Contact your account"
                    " administrator.",
                )
            name = self.who(data, state)
            user = state["users"][name]
            if user.get("wants"):
                return Answer(200, {"data": {"nextAction": user["wants"]}, "code": None, "success": True})
            role = query.get("roleName", user["role"]).upper()
            if role not in user["roles"]:
                raise Refused(
                    "390189",
                    f"Role '{role}' specified in the connect string is not granted to this user. Contact your local"
                    " system administrator, or attempt to login with another role, e.g. PUBLIC.",
                )
        except Refused as refused:
            return refused.answer
        wanted = query.get("warehouse", user.get("warehouse") or "").strip('"').upper()
        usable = wanted in {known.upper() for known in self.usable(state, role)}
        # fakesnow makes the database and schema that a login names; Snowflake goes on without them.
        if query.get("databaseName", "").strip('"').upper() not in state["databases"]:
            query.pop("databaseName", None)
            query.pop("schemaName", None)
        if query.get("schemaName", "").strip('"').upper() not in state["schemas"]:
            query.pop("schemaName", None)
        request.target = f"{LOGIN}?{urlencode(query)}"
        # By the id of the request: two may be under way at a time.
        self.logins[query["request_id"]] = (name, role, wanted if usable else None)
        return None

    def who(self, data, state):
        """The user that a login proves to be."""
        name = (data.get("LOGIN_NAME") or "").upper()
        user = state["users"].get(name, {})
        authenticator, token = data.get("AUTHENTICATOR", "SNOWFLAKE"), data.get("TOKEN")
        if authenticator == "SNOWFLAKE":
            if not user.get("password") or data.get("PASSWORD") != user["password"]:
                raise Refused("390100", "Incorrect username or password was specified.")
            return name
        if authenticator == "SNOWFLAKE_JWT":
            self.verify(token, name, user, state)
            return name
        if authenticator == "OAUTH":
            return self.by_oauth(token, state)
        if authenticator == "PROGRAMMATIC_ACCESS_TOKEN":
            for name, user in state["users"].items():
                if token in user.get("access_tokens", []):
                    return name
            # No public document names its code. The check goes by the words.
            raise Refused("394400", "Programmatic access token is invalid.")
        if authenticator == "WORKLOAD_IDENTITY" and data.get("PROVIDER") == "OIDC":
            return self.by_workload(token, state["oidc"])
        raise Refused("390400", f"Unknown authenticator {authenticator}")

    def verify(self, token, name, user, state):
        """Verifies a token of a key pair by the user's public key, as Snowflake's documentation says."""
        if not user.get("public_key"):
            raise Refused("390144", "JWT token is invalid. [no public key]")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            known = fingerprint(user["public_key"])
            subject = f"{state['account']}.{name}"
            if claims["sub"] != subject or not claims["iss"].startswith(f"{subject}.SHA256:"):
                raise Refused("394300", "JWT token is invalid. [issuer or subject]")
            if claims["iss"] != f"{subject}.{known}":
                raise Refused("394304", "JWT token is invalid. [public key fingerprint mismatch]")
            if not 0 < claims["exp"] - claims["iat"] <= 3600:
                raise Refused("394303", "JWT token is invalid. [expiration time]")
            # PyJWT's clock cannot be set, but told what to put up with; less than nothing looks from another time.
            fast, slow = max(state.get("clock", 0), 0), max(-state.get("clock", 0), 0)
            options = {"require": ["exp", "iat"], "verify_exp": not slow, "verify_iat": not fast}
            jwt.decode(token, user["public_key"], algorithms=["RS256"], options=options, leeway=-max(fast, slow))
        except jwt.ExpiredSignatureError:
            raise Refused("394301", "JWT token is invalid. [expired]") from None
        except jwt.ImmatureSignatureError:
            raise Refused("394302", "JWT token is invalid. [not yet valid]") from None
        except (jwt.InvalidTokenError, KeyError) as error:
            raise Refused("390144", f"JWT token is invalid. [{type(error).__name__}]") from None

    def by_oauth(self, token, state):
        number, until = (1, 0) if token in state.get("expired", []) else self.issued.get(token, (0, None))
        if until is None or number <= state.get("revoked", 0):
            raise Refused("390303", "Invalid OAuth access token. [gate]")
        if until < time.time():
            raise Refused("390318", "OAuth access token expired. [gate]")
        return state["client"]["user"]

    def by_workload(self, token, known):
        try:
            claims = jwt.decode(
                token,
                known["public_key"],
                algorithms=["RS256"],
                audience="snowflakecomputing.com",
                issuer=known["issuer"],
            )
        except jwt.InvalidTokenError as error:
            raise Refused("390303", f"Invalid OIDC token. [{type(error).__name__}]") from None
        if claims["sub"] != known["subject"]:
            raise Refused("390303", "Invalid OIDC token. [subject]")
        return known["user"]

    # OAuth.

    def give_token(self, request):
        state = self.state()
        client = state.get("client") or {"id": None, "secret": None}
        proof = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {proof}":
            return Answer(400, {"error": "invalid_client", "message": "The client credentials are invalid."})
        form = request.form()
        if form.get("grant_type") != "refresh_token":
            return Answer(400, {"error": "unsupported_grant_type", "message": "The grant type is not supported."})
        if form.get("refresh_token") not in state.get("refresh", []):
            return Answer(400, {"error": "invalid_grant", "message": "The refresh token is invalid or expired."})
        with self.lock:
            number = len(self.issued) + 1
            token = f"access-t0ken-{number}"
            self.issued[token] = (number, time.time() + state.get("lifetime", 600))
        return Answer(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": state.get("told", state.get("lifetime", 600)),
            },
        )

    # Sessions.

    def usable(self, state, role):
        """The warehouses that a role may use."""
        known = state["warehouses"].items()
        return [name for name, about in known if about.get("roles") is None or role in about["roles"]]

    def amend(self, request, answer):
        told = answer.json()
        if request.path == LOGIN and told and told.get("success"):
            name, role, warehouse = self.logins.pop(dict(parse_qsl(request.query))["request_id"])
            told["data"]["displayUserName"] = name
            told["data"]["sessionInfo"] |= {"roleName": role, "warehouseName": warehouse}
            self.sessions[told["data"]["token"]] = role
            return Answer(answer.status, told)
        is_show = request.path == QUERY and self.statement(request).upper().startswith("SHOW")
        if is_show and told and told.get("success") and "rowsetBase64" in told["data"]:
            data = told["data"]
            encoded = data.pop("rowsetBase64")
            table = pa.ipc.open_stream(base64.b64decode(encoded)).read_all() if encoded else None
            rows = table.to_pylist() if table is not None else []
            data["queryResultFormat"] = "json"
            data["rowset"] = [[cell(value) for value in row.values()] for row in rows]
            return Answer(answer.status, told)
        return answer

    def token(self, request):
        return request.headers.get("authorization", "")[len('Snowflake Token="') : -1]

    def has_ended(self, request):
        """Whether the session of a request is over."""
        over = list(self.sessions)[: self.state().get("ended", 0)]
        return self.token(request) in over

    def show_warehouses(self, request):
        token = self.token(request)
        if token not in self.sessions:
            return Answer(
                401, {"code": "390104", "message": "User must login again to access the service.", "success": False}
            )
        columns = ["name", "state", "type", "size", "auto_suspend", "auto_resume"]
        rows = [
            [name, about["state"], "STANDARD", about.get("size", "X-Small"), "600", str(about["auto_resume"]).lower()]
            for name, about in self.state()["warehouses"].items()
            # One that a role may only look at is listed too.
            if not about.get("hidden")
        ]
        text = {"type": "text", "length": 100, "precision": None, "scale": None, "nullable": True, "byteLength": 400}
        rowtype = [{"name": name, **text} for name in columns]
        data = {"rowtype": rowtype, "rowset": rows, "total": len(rows), "queryResultFormat": "json", "queryId": "gate"}
        return Answer(200, {"data": data, "success": True})

    # What tests look at.

    def noted(self, request):
        if request.path == QUERY:
            return {"sql": self.statement(request)}
        if request.path == TOKEN:
            return {"grant": request.form().get("grant_type")}
        if request.path == LOGIN:
            data = request.json()["data"]
            seen = {name: data.get(name) for name in ("ACCOUNT_NAME", "LOGIN_NAME", "AUTHENTICATOR", "PROVIDER")}
            seen["asked"] = {name: value for name, value in parse_qsl(request.query) if not name.startswith("request_")}
            seen["parameters"] = data.get("SESSION_PARAMETERS")
            if data.get("AUTHENTICATOR") == "SNOWFLAKE_JWT":
                claims = jwt.decode(data["TOKEN"], options={"verify_signature": False})
                seen |= {"iss": claims["iss"], "sub": claims["sub"], "lifetime": claims["exp"] - claims["iat"]}
            return seen
        return None


Snowflake.main()
