"""Drives dbt in its own process, through its own API, for floe.

A request comes as JSON on standard input; what happens goes as JSON lines to the file that it names. The request and
the lines are described beside their types in mod.rs.
"""

import json
import os
import re
import resource
import shutil
import sys
import threading

# The environment holds secrets.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.dont_write_bytecode = True
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")

# Where the whole of dbt's selection comes together (dbt-core 1.8 to 1.11).
SELECTOR = ("dbt.graph.selector", "NodeSelector", "get_selected")
MOST_WARNINGS = 100
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


class Run:
    """Invocations, one after another."""

    def __init__(self, request, report):
        self.request = request
        self.report = report
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
            self.report.tell("node_started", id=data.node_info.unique_id)
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
        message = plain(message) if message else None
        self.report.tell("node", id=unique_id, status=str(status).lower(), seconds=seconds, message=message)

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
                return 130
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
    try:
        cli(args=args, prog_name="dbt")
    except SystemExit as end:
        return 1 if was_refused else end.code
    return 0


def main():
    request = json.load(sys.stdin)
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
    return Run(request, report).run()


if __name__ == "__main__":
    sys.exit(main())
