"""A reverse proxy on loopback that judges each request before a server that judges none, and writes down what it saw.

A script derives from Gate, and calls Gate.main: see the scripts beside this one. Its settings come as JSON in its one
argument: `backend` is the port of the server behind it, or null where it answers everything itself; `log` is the file
for one JSON object a request. On standard output it says `{"port": …}` once it listens.
"""

import http.client
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# Of one connection alone (RFC 9110, section 7.6.1), or set anew.
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server"}


class Request:
    """What a client asks. Names of headers are in small letters."""

    def __init__(self, method, target, headers, body):
        parts = urlsplit(target)
        self.method = method
        self.target = target
        self.path = parts.path
        self.query = parts.query
        self.headers = headers
        self.body = body

    def json(self):
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def form(self):
        """The body as a form: one value a name."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}

    def bearer(self):
        """The token of `Authorization: Bearer`, None without."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else None


class Answer:
    """What a client gets: JSON, or bytes as they are."""

    def __init__(self, status, body=b"", headers=None):
        self.status = status
        self.headers = dict(headers or {})
        if isinstance(body, bytes):
            self.body = body
        else:
            self.body = json.dumps(body).encode()
            self.headers.setdefault("content-type", "application/json")

    def json(self):
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Gate:
    """One gate. Derive from it what judges."""

    def __init__(self, settings):
        self.settings = settings
        self.lock = threading.Lock()

    def judge(self, request):
        """None lets a request pass to the server behind; an Answer is given in its place."""
        return None

    def amend(self, request, answer):
        """What the client gets of the server's answer."""
        return answer

    def noted(self, request):
        """What is written down beside method, path, query and status: never a secret."""
        return None

    def answer(self, request):
        """The answer to a request."""
        answer = self.judge(request)
        if answer is None:
            answer = self.amend(request, self.passed(request))
        seen = {"method": request.method, "path": request.path, "query": request.query, "status": answer.status}
        seen["noted"] = self.noted(request)
        with self.lock, open(self.settings["log"], "a", encoding="utf-8") as log:
            log.write(json.dumps(seen) + "\n")
        return answer

    def passed(self, request):
        """What the server behind says."""
        port = self.settings.get("backend")
        if port is None:
            return Answer(404, {"message": f"the gate knows no {request.method} {request.path}"})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            headers = {name: value for name, value in request.headers.items() if name not in OF_THE_CONNECTION}
            # The answer must be readable here.
            headers.pop("accept-encoding", None)
            connection.request(request.method, request.target, body=request.body or None, headers=headers)
            response = connection.getresponse()
            kept = {name.lower(): value for name, value in response.getheaders()}
            kept = {name: value for name, value in kept.items() if name not in OF_THE_CONNECTION}
            return Answer(response.status, response.read(), kept)
        finally:
            connection.close()

    @classmethod
    def main(cls):
        """Serves until the process is ended."""
        gate = cls(json.loads(sys.argv[1]))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                if headers.get("transfer-encoding", "").lower() == "chunked":
                    body = self.chunks()
                else:
                    body = self.rfile.read(length)
                answer = gate.answer(Request(self.command, self.path, headers, body))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            def chunks(self):
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = serve

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        print(json.dumps({"port": server.server_address[1]}), flush=True)
        server.serve_forever()
