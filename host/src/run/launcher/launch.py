"""Drives dbt in its own process, through its own API, for floe.

A request comes as JSON on standard input; what happens goes as JSON lines to the file that it names. The request and
the lines are described beside their types in mod.rs.
"""

import fcntl
import json
import os
import re
import resource
import shutil
import sys
import signal
import threading
import time

import floe_limits

# The environment holds secrets.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.dont_write_bytecode = True
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
# Helper files that hold a limit under plain dbt leave it to this.
os.environ["FLOE_HOLDS_TIMEOUTS"] = "true"

# Where the whole of dbt's selection comes together (dbt-core 1.8 to 1.11).
SELECTOR = ("dbt.graph.selector", "NodeSelector", "get_selected")
MOST_WARNINGS = 100
# Seconds that dbt has to end once it was told to.
ENDS_WITHIN = 20.0
# A node that does not end keeps dbt; the others may go on. Seconds without any other.
ALONE = 1.0
INTERRUPTED = 130
STUCK = 75
ANSI = re.compile(r"\x1b\[[0-9;]*m")
# `-sNAME` is one word too.
EXPLICIT = re.compile(r"--(select|models?|selector)(=|$)|-[sm]")


class Report:
    """The file of events; dbt calls from many threads."""

    def __init__(self, path):
        self.file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")
        self.lock = threading.Lock()

    def tell(self, event, **fields):
        with self.lock:
            self.file.write(json.dumps({"event": event, **fields}, default=str) + "\n")
            self.file.flush()


def plain(text):
    return ANSI.sub("", str(text)).strip()


def patch_selection(decide):
    """Lets `decide(selector, chosen)` have the last word on what dbt selects; `chosen()` is dbt's own answer."""
    module, name, method = SELECTOR
    selector = getattr(__import__(module, fromlist=[name]), name)
    original = getattr(selector, method)

    def get_selected(self, *args, **kwargs):
        return decide(self, lambda: original(self, *args, **kwargs))

    setattr(selector, method, get_selected)


def copy_partial_parse(source, target_path):
    if not source or not os.path.exists(source):
        return
    target = os.path.join(target_path, "partial_parse.msgpack")
    if not os.path.exists(target):
        os.makedirs(target_path, mode=0o700, exist_ok=True)
        # Under another name first: half a file would be one.
        shutil.copyfile(source, target + ".new")
        os.replace(target + ".new", target)


def value_of(args, flag):
    return args[args.index(flag) + 1] if flag in args else None


def limits_of(request, on_stuck):
    limits = floe_limits.Limits(request.get("timeouts") or {}, request.get("default_timeout"), on_stuck)
    limits.install()
    return limits


def listen(pipe, limits):
    """Ends dbt where floe says so, or is no more: its end of the pipe is closed then."""

    def wait():
        os.read(pipe, 1)
        limits.interrupt()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(ENDS_WITHIN)
        os._exit(INTERRUPTED)

    threading.Thread(target=wait, daemon=True, name="floe-listen").start()


class Run:
    """Invocations, one after another."""

    def __init__(self, request, report):
        self.request = request
        self.report = report
        self.limits = limits_of(request, self.stuck)
        self.running = set()
        self.wanted = None
        self.told = set()
        self.warned = set()

    def decide(self, selector, chosen):
        if self.wanted is None:
            ids = set(chosen())
            self.report.tell("ids", ids=sorted(ids))
            return ids
        known = set(selector.full_graph.nodes())
        missing = sorted(self.wanted - known)
        if missing:
            self.report.tell("missing", ids=missing)
        # A build asks twice, with and without unit tests: these run right before their models.
        return selector.filter_selection(self.wanted & known)

    def callback(self, event):
        try:
            self.take(event)
        except Exception:  # an event of another dbt is no reason to fail
            pass

    def take(self, event):
        name, info, data = event.info.name, event.info, event.data
        if name == "NodeStart":
            self.running.add(data.node_info.unique_id)
            self.report.tell("node_started", id=data.node_info.unique_id)
        elif name == "SQLQueryStatus" and getattr(data, "query_id", None):
            self.limits.note_query(data.node_info.unique_id, data.query_id)
        elif name == "NodeFinished":
            result = data.run_result
            self.node(data.node_info.unique_id, data.node_info.node_status, result.execution_time, result.message)
        elif info.level == "warn" and len(self.warned) < MOST_WARNINGS:
            message = plain(info.msg)
            # Of a test that warns its result says more.
            if message not in self.warned and not name.startswith("Log"):
                self.warned.add(message)
                self.report.tell("warning", name=name, message=message)

    def node(self, unique_id, status, seconds, message):
        self.told.add(unique_id)
        self.running.discard(unique_id)
        node = self.limits.finished(unique_id)
        self.tell_node(unique_id, str(status).lower(), seconds, plain(message) if message else None, node)

    def tell_node(self, unique_id, status, seconds, message, node):
        told = {"seconds": seconds, "message": message}
        if node is not None:
            told["query_id"] = node.query_id
            if status != "success":
                told["ended_by"], told["timeout"] = node.reason, node.told()
        self.report.tell("node", id=unique_id, status=status, **told)

    def stuck(self, node):
        """A node that cannot be ended: what else runs may, then dbt is."""
        message = f"{node.words()}; it does not end, so dbt was ended"
        seconds = round(time.monotonic() - node.started, 3)
        self.tell_node(node.unique_id, "error", seconds, message, node)
        self.running.discard(node.unique_id)
        alone_since = None
        while alone_since is None or time.monotonic() - alone_since < ALONE:
            time.sleep(0.05)
            if self.running:
                alone_since = None
            elif alone_since is None:
                alone_since = time.monotonic()
        self.report.tell("end", name="build", ok=False, error=f"{node.unique_id} could not be ended, so dbt was")
        os._exit(STUCK)

    def results(self, result):
        """What no event told: nodes that dbt skipped."""
        for one in getattr(result, "results", None) or []:
            node = getattr(one, "node", None)
            unique_id = getattr(node, "unique_id", None)
            if unique_id and unique_id not in self.told:
                status = getattr(one.status, "value", one.status)
                self.node(unique_id, status, one.execution_time, one.message)

    def run(self):
        from dbt.cli.main import dbtRunner
        from dbt.version import __version__

        patch_selection(self.decide)
        for invocation in self.request["invocations"]:
            name, args = invocation["name"], invocation["args"]
            copy_partial_parse(self.request.get("partial_parse_from"), value_of(args, "--target-path"))
            self.wanted = None if invocation.get("select") is None else set(invocation["select"])
            self.told = set()
            self.report.tell("start", name=name, dbt=__version__)
            outcome = dbtRunner(callbacks=[self.callback]).invoke(args)
            if args[0] == "build":
                self.results(outcome.result)
            error = plain(outcome.exception) or type(outcome.exception).__name__ if outcome.exception else None
            self.report.tell("end", name=name, ok=bool(outcome.success), error=error)
            if isinstance(outcome.exception, KeyboardInterrupt):
                return INTERRUPTED
            if error:
                return 1
        return 0


def silence():
    sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def command(request, report):
    """One command of the user's own; what it prints is the user's."""
    from dbt.cli.main import cli

    args = request["invocations"][0]["args"]
    foreign = request.get("foreign") or {}
    explicit = any(EXPLICIT.match(argument) for argument in args)
    was_refused = []

    def decide(_selector, chosen):
        ids = set(chosen())
        others = {unique_id: foreign[unique_id] for unique_id in sorted(ids) if unique_id in foreign}
        refused = {unique_id: owner for unique_id, owner in others.items() if not unique_id.split(".")[0].endswith("test")}
        if explicit and refused:
            report.tell("refused", nodes=refused)
            was_refused.append(True)
            # floe says why; dbt would call it an error of its own.
            silence()
            raise RuntimeError("refused")
        if others:
            report.tell("left_out", nodes=others)
        return ids - set(others)

    if foreign:
        patch_selection(decide)
    copy_partial_parse(request.get("partial_parse_from"), request["target_path"])
    # dbt's words are the user's own here, and hold the limit.
    limits = limits_of(request, lambda _node: os._exit(STUCK))
    listen(request["pipe"], limits)

    def callback(event):
        if event.info.name == "NodeFinished":
            limits.finished(event.data.node_info.unique_id)

    try:
        cli(args=args, prog_name="dbt", obj={"callbacks": [callback]})
    except SystemExit as end:
        return 1 if was_refused else end.code
    return 0


def main():
    # Who starts floe in the background of a shell has it ignored, and dbt does not end then.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    request = json.loads(sys.stdin.buffer.readline())
    request["pipe"] = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    report = Report(request["report"])
    try:
        __import__(SELECTOR[0], fromlist=[SELECTOR[1]])
        getattr(getattr(sys.modules[SELECTOR[0]], SELECTOR[1]), SELECTOR[2])
    except (ImportError, AttributeError) as error:
        name = request["invocations"][0]["name"]
        report.tell("end", name=name, ok=False, error=f"this is no dbt that floe can drive (1.8 to 1.11): {error}")
        return 1
    if request["task"] == "command":
        return command(request, report)
    if request.get("lock"):
        # What a floe that was killed left behind is about to end.
        lock = os.open(request["lock"], os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    run = Run(request, report)
    listen(request["pipe"], run.limits)
    return run.run()


if __name__ == "__main__":
    try:
        status = main()
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)
