"""Ends a node that takes longer than it may, and all of them where the run is interrupted.

The clock of a node begins with its first statement; what it waits for in the engine's queue, retries of the adapter and
the pauses between its statements count. Once it is over, what runs is cancelled until it has ended, and no further
statement of the node is let through: a cancellation that comes between two statements would be lost.
"""

import ctypes
import threading
import time

import floe_engines

# How long the engine may take to end what was cancelled before its connection is closed, and after that. Seconds.
GRACE = 10.0
LAST = 5.0
# What Python runs is told again after so many seconds.
AGAIN = 0.2

TIMEOUT = "timeout"
INTERRUPT = "interrupt"


class Node:
    """A node that has sent its first statement."""

    def __init__(self, unique_id, limit):
        self.unique_id = unique_id
        self.limit = limit
        self.started = time.monotonic()
        # Statements under way by thread, with their connection: one calls another, and batches of a model run side by side.
        self.under_way = {}
        # The threads that run Python of the user's.
        self.in_python = set()
        self.reason = None
        self.over = None
        self.cancel_sent = False
        self.confirmed = False
        self.is_closed = False
        self.is_stuck = False
        self.problem = None
        self.query_id = None
        # What DuckDB may be executing on besides the connection.
        self.cursors = []
        self.ended = threading.Event()

    @property
    def connections(self):
        return [connection for _, connection in list(self.under_way.values()) if connection is not None]

    @property
    def deadline(self):
        return None if self.limit is None or self.reason else self.started + self.limit

    def words(self):
        if self.reason == INTERRUPT:
            return "cancelled: the run was interrupted"
        return f"timed out: took longer than timeout_seconds: {self.limit:g}"

    def told(self):
        """For the report, where its time ran out."""
        if self.reason != TIMEOUT:
            return None
        return {
            "timeout_seconds": self.limit,
            "seconds": round(time.monotonic() - self.started, 3),
            "cancel_sent": self.cancel_sent,
            "engine_confirmed": self.confirmed,
            "query_id": self.query_id,
            "problem": None if self.confirmed else self.problem,
        }


class Limits:
    """The clocks of all nodes."""

    def __init__(self, seconds, default, on_stuck):
        self.seconds = seconds
        self.default = default
        self.on_stuck = on_stuck
        self.nodes = {}
        self.stopping = False
        self.engine = None
        self.adapter = None
        self.changed = threading.Condition()
        self.error = None

    def install(self):
        """Watches every adapter that dbt makes from now on."""
        from dbt.adapters.factory import AdapterContainer
        from dbt_common.exceptions import DbtRuntimeError

        class Ended(DbtRuntimeError):
            """A node was ended by floe."""

        self.error = Ended
        original = AdapterContainer.register_adapter

        def register_adapter(container, config, *args, **kwargs):
            original(container, config, *args, **kwargs)
            self.watch(container.adapters[config.credentials.type])

        AdapterContainer.register_adapter = register_adapter
        threading.Thread(target=self.run, daemon=True, name="floe-limits").start()

    def watch(self, adapter):
        self.adapter = adapter
        self.engine = floe_engines.of(adapter, self.node_of_thread)
        for holder, name in [
            (adapter.connections, "add_query"),
            (adapter.connections, "execute"),
            (adapter.connections, "raw_execute"),
            (adapter, "submit_python_job"),
        ]:
            original = getattr(holder, name, None)
            if original is not None:
                setattr(holder, name, self.held(original, name == "submit_python_job"))

    def held(self, original, is_python):
        def statement(*args, **kwargs):
            node = self.enter(is_python)
            if node is None:
                return original(*args, **kwargs)
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                self.failed(node, error)
                raise
            finally:
                self.leave(node, is_python)

        return statement

    def enter(self, is_python):
        from dbt_common.events.contextvars import get_node_info

        unique_id = get_node_info().get("unique_id")
        if not unique_id:
            return None
        with self.changed:
            node = self.nodes.get(unique_id)
            if node is None:
                default = self.default if unique_id.startswith("operation.") else None
                node = Node(unique_id, self.seconds.get(unique_id, default))
                self.nodes[unique_id] = node
                self.changed.notify()
            if node.deadline is not None and time.monotonic() >= node.deadline:
                self.begin_end(node, TIMEOUT)
            elif self.stopping and node.reason is None:
                self.begin_end(node, INTERRUPT)
            if node.reason:
                # What would run next has not begun.
                node.confirmed = True
                raise self.error(node.words())
            thread = threading.get_ident()
            depth, _ = node.under_way.get(thread, (0, None))
            node.under_way[thread] = (depth + 1, self.adapter.connections.get_if_exists())
            if is_python:
                node.in_python.add(thread)
        return node

    def failed(self, node, error):
        """Raises in floe's words what the engine says of a statement that floe has cancelled."""
        with self.changed:
            if node.reason is None or isinstance(error, self.error):
                return
            _, connection = node.under_way[threading.get_ident()]
            node.query_id = self.query_id(node, connection) or node.query_id
            node.confirmed = node.cancel_sent and not node.is_closed
        raise self.error(node.words()) from error

    def leave(self, node, is_python):
        thread = threading.get_ident()
        with self.changed:
            depth, connection = node.under_way[thread]
            if is_python:
                node.in_python.discard(thread)
                # What was told to the thread and has not reached it must not reach what comes next.
                raise_in(thread, None)
            if depth == 1 and node.reason is None:
                node.query_id = self.query_id(node, connection) or node.query_id
            if depth == 1:
                del node.under_way[thread]
            else:
                node.under_way[thread] = (depth - 1, connection)

    def query_id(self, node, connection):
        try:
            return self.engine.query_id(node, connection)
        except Exception:  # no reason to fail
            return None

    def node_of_thread(self):
        thread = threading.get_ident()
        with self.changed:
            return next((node for node in self.nodes.values() if thread in node.under_way), None)

    def note_query(self, unique_id, query_id):
        """What the engine called a statement of a node."""
        with self.changed:
            node = self.nodes.get(unique_id)
            if node is not None:
                node.query_id = query_id

    def finished(self, unique_id):
        """dbt is done with a node: what is to be told of it."""
        with self.changed:
            node = self.nodes.pop(unique_id, None)
        if node is not None:
            node.ended.set()
        return node

    def interrupt(self):
        """Cancels everything."""
        with self.changed:
            self.stopping = True
            for node in self.nodes.values():
                if node.reason is None:
                    self.begin_end(node, INTERRUPT)

    def run(self):
        while True:
            with self.changed:
                now = time.monotonic()
                open_ = [node for node in self.nodes.values() if node.deadline is not None]
                for node in open_:
                    # Between two statements there is nothing to cancel: the next one is not let through.
                    if node.deadline <= now and node.under_way:
                        self.begin_end(node, TIMEOUT)
                later = [node.deadline - now for node in open_ if node.deadline is not None and node.deadline > now]
                self.changed.wait(min(later) if later else (0.02 if open_ else None))

    def begin_end(self, node, reason):
        node.reason = reason
        node.over = time.monotonic()
        threading.Thread(target=self.end, args=[node], daemon=True, name="floe-cancel").start()

    def end(self, node):
        begun = time.monotonic()
        told_python = 0.0
        while not node.ended.is_set():
            now = time.monotonic()
            if not node.under_way:
                begun = now
            elif now - begun > GRACE + LAST:
                node.is_stuck = True
                self.on_stuck(node)
                return
            else:
                close = now - begun > GRACE and not node.is_closed
                node.is_closed |= close
                for connection in node.connections:
                    try:
                        (self.engine.close if close else self.engine.cancel)(node, connection)
                    except Exception as error:  # the next try may do
                        node.problem = str(error)
                with self.changed:
                    if now - begun > AGAIN and now - told_python > AGAIN:
                        told_python = now
                        for thread in node.in_python:
                            raise_in(thread, self.error)
            node.ended.wait(self.engine.every)


def raise_in(thread, error):
    """Raises an error in Python code that another thread runs; `None` takes it back."""
    what = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
