"""Google Cloud, as far as dbt and a check ask for it: an emulator of BigQuery of another make behind a judge of tokens.

It plays Google's token servers (oauth2, sts, iamcredentials), the token server of Microsoft Entra ID and the metadata
server, each by its documented answers, and has PyJWT verify what clients sign and what it granted itself. The emulator
refuses dry runs, so this script answers them as BigQuery's documentation has it; everything else about BigQuery is the
emulator's own. Settings beside those of gate.py, all of them optional:

    accounts    public keys of service accounts (PEM), by e-mail
    deleted     service accounts that are gone
    skew        seconds by which this clock is ahead
    clients     secrets of OAuth clients, by id
    refresh     refresh tokens, with the user of each
    tokens      access tokens, with the user of each
    expired     access tokens whose time is over
    subjects    tokens of another identity provider, with the user of each
    entra       forms that its token server takes, with the subject token for each
    metadata    the account that the metadata server knows
    impersonate service accounts, with the users who may get their tokens
    lifetime    seconds that a granted token lives; less than nothing for one that is granted too late
    told        seconds that a granted token is said to live, where that differs
    revoked     a file with a number: tokens up to that one are revoked
    answers     answers to a path, in place of what is behind: {path: {"status", "body"}}
    jobs        users who may run jobs; everyone where it is not given
"""

import re
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from gate import Answer, Gate

AUDIENCE = "https://oauth2.googleapis.com/token"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
SCOPE = "https://www.googleapis.com/auth/bigquery"


def no_token(error, description, status=400):
    """A refusal of a token, by RFC 6749."""
    return Answer(status, {"error": error, "error_description": description})


def refused(status, reason, message, word):
    """A refusal of BigQuery."""
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return Answer(status, {"error": {"code": status, "message": message, "errors": errors, "status": word}})


UNAUTHENTICATED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class Google(Gate):
    def __init__(self, settings):
        super().__init__(settings)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.serial = 0

    def judge(self, request):
        if answer := self.settings.get("answers", {}).get(request.path):
            return Answer(answer["status"], answer.get("body", b""))
        if request.path == "/token":
            return self.token(request.form())
        if request.path == "/v1/token":
            return self.exchange(request.form())
        if request.path == "/entra/token":
            return self.entra(request)
        if request.path.startswith("/computeMetadata/"):
            return self.metadata(request)
        if request.bearer() in self.settings.get("expired", []):
            answer = refused(401, "authError", UNAUTHENTICATED, "UNAUTHENTICATED").json()
            kind, reason = "type.googleapis.com/google.rpc.ErrorInfo", "ACCESS_TOKEN_EXPIRED"
            answer["error"]["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com"}]
            return Answer(401, answer)
        user = self.user(request)
        if user is None:
            return refused(401, "authError", UNAUTHENTICATED, "UNAUTHENTICATED")
        request.user = user
        if request.path.endswith(":generateAccessToken"):
            return self.impersonated(request, user)
        return self.bigquery(request, user)

    # Tokens.

    def granted(self, user, **more):
        """An access token, which this script signs and verifies again."""
        with self.lock:
            self.serial += 1
            serial = self.serial
        lifetime = self.settings.get("lifetime", 3599)
        claims = {"sub": user, "exp": time.time() + lifetime, "jti": str(serial)}
        token = jwt.encode(claims, self.key, algorithm="RS256")
        told = self.settings.get("told", max(lifetime, 1))
        return Answer(200, {"access_token": token, "expires_in": told, "token_type": "Bearer", "scope": SCOPE, **more})

    def user(self, request):
        """Who asks, None where the token is not good."""
        token = request.bearer() or ""
        if user := self.settings.get("tokens", {}).get(token):
            return user
        try:
            claims = jwt.decode(token, self.key.public_key(), algorithms=["RS256"])
        except jwt.InvalidTokenError:
            return None
        revoked = self.settings.get("revoked")
        if revoked and int(claims["jti"]) <= int(Path(revoked).read_text() or 0):
            return None
        return claims["sub"]

    def token(self, form):
        """https://oauth2.googleapis.com/token"""
        if form.get("grant_type") == BEARER:
            return self.assertion(form.get("assertion", ""))
        if form.get("grant_type") != "refresh_token":
            return no_token("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        if self.settings.get("clients", {}).get(form.get("client_id")) != form.get("client_secret"):
            return no_token("invalid_client", "The OAuth client was not found.", 401)
        user = self.settings.get("refresh", {}).get(form.get("refresh_token"))
        if user is None:
            return no_token("invalid_grant", "Token has been expired or revoked.")
        # google-auth wants every scope that it asked for.
        return self.granted(user, scope=form.get("scope", SCOPE))

    def assertion(self, assertion):
        """The assertion of a service account, verified by PyJWT."""
        try:
            issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
        except jwt.InvalidTokenError:
            return no_token("invalid_grant", "Bad Request")
        key = self.settings.get("accounts", {}).get(issuer)
        if key is None or issuer in self.settings.get("deleted", []):
            return no_token("invalid_grant", "Invalid grant: account not found")
        try:
            options = {"require": ["iss", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False}
            claims = jwt.decode(assertion, key, algorithms=["RS256"], audience=AUDIENCE, options=options)
        except jwt.InvalidSignatureError:
            return no_token("invalid_grant", "Invalid JWT Signature.")
        except jwt.InvalidTokenError as error:
            return no_token("invalid_grant", f"Invalid JWT: {error}")
        now = time.time() + self.settings.get("skew", 0)
        if not (claims["iat"] - 300 <= now <= claims["exp"] <= claims["iat"] + 3600):
            return no_token(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
                "iat and exp values in the JWT claim.",
            )
        if SCOPE not in claims.get("scope", "").split():
            return no_token("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return self.granted(issuer)

    def exchange(self, form):
        """https://sts.googleapis.com/v1/token"""
        user = self.settings.get("subjects", {}).get(form.get("subject_token"))
        if form.get("grant_type") != EXCHANGE or not form.get("audience", "").startswith("//iam.googleapis.com/"):
            return no_token("invalid_request", 'Invalid value for "audience".')
        if user is None:
            return no_token("invalid_grant", "The given credential is rejected by the attribute condition.")
        return self.granted(user, issued_token_type="urn:ietf:params:oauth:token-type:access_token")

    def entra(self, request):
        """Microsoft Entra ID's token server."""
        token = self.settings.get("entra", {}).get(request.body.decode())
        if token is None:
            return no_token("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        return Answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def metadata(self, request):
        """The metadata server of Google Cloud."""
        if request.headers.get("metadata-flavor") != "Google":
            return Answer(403, b"Missing Metadata-Flavor:Google header.")
        account = self.settings.get("metadata")
        if account is None:
            return Answer(404, b"Not Found")
        answer = self.granted(account)
        answer.headers["metadata-flavor"] = "Google"
        return answer

    def impersonated(self, request, user):
        """https://iamcredentials.googleapis.com/…:generateAccessToken"""
        account = re.fullmatch(r"/v1/projects/-/serviceAccounts/(.+):generateAccessToken", request.path)[1]
        if user not in self.settings.get("impersonate", {}).get(account, []):
            return refused(
                403,
                "forbidden",
                "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
                "PERMISSION_DENIED",
            )
        token = self.granted(account).json()["access_token"]
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return Answer(200, {"accessToken": token, "expireTime": end})

    # BigQuery.

    def bigquery(self, request, user):
        jobs = re.fullmatch(r"/bigquery/v2/projects/([^/]+)/(jobs|queries)", request.path)
        if request.method != "POST" or not jobs:
            return None
        project = jobs[1]
        if user not in self.settings.get("jobs", [user]):
            return refused(
                403,
                "accessDenied",
                f"Access Denied: Project {project}: User does not have bigquery.jobs.create permission in project "
                f"{project}.",
                "PERMISSION_DENIED",
            )
        if project == "nowhere":
            return refused(404, "notFound", f"Not found: Project {project}", "NOT_FOUND")
        body = request.json() or {}
        if body.get("configuration", {}).get("dryRun") is not True:
            return None
        reference = body.get("jobReference", {})
        if reference.get("location") == "nowhere":
            return refused(
                400, "invalid", "Invalid value for location: nowhere is not a valid value", "INVALID_ARGUMENT"
            )
        return Answer(
            200,
            {
                "kind": "bigquery#job",
                "configuration": {"jobType": "QUERY", **body["configuration"]},
                "jobReference": {"projectId": project, "location": reference.get("location", "US")},
                "statistics": {"totalBytesProcessed": "0", "query": {"statementType": "SELECT"}},
                "status": {"state": "DONE"},
                "user_email": user,
                "principal_subject": f"user:{user}",
            },
        )

    def noted(self, request):
        """Whether a job was a dry run, and of what; for whose quota."""
        body = request.json() or {}
        noted = {"user": getattr(request, "user", None), "quota": request.headers.get("x-goog-user-project")}
        if isinstance(body, dict) and "configuration" in body:
            configuration = body["configuration"]
            noted["dry_run"] = configuration.get("dryRun", False)
            noted["query"] = configuration.get("query", {}).get("query")
        return {name: value for name, value in noted.items() if value is not None}


if __name__ == "__main__":
    Google.main()
