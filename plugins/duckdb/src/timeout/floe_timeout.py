"""Holds `timeout_seconds` where plain dbt runs: dbt-duckdb has no query timeout. Written by floe; changes here are lost.

The clock of a model begins with its first statement. Once it is over, what runs is interrupted until it has ended, and no
further statement of the model is let through. A model may say otherwise: `meta: {floe: {timeout_seconds: 3600}}`.
`floe run` and `floe dbt` hold the limit themselves, with what transforms allow.
"""

import ctypes
import os
import threading
import time

from dbt.adapters.duckdb.environments import Environment
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper, LocalEnvironment
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.events.contextvars import get_node_info
from dbt_common.exceptions import DbtRuntimeError
from dbt_common.invocation import get_invocation_id

# Seconds between two interrupts: one that comes between two statements is lost.
EVERY = 0.02
# What Python runs is told after so many seconds, and again.
PYTHON = 0.2


class Plugin(BasePlugin):
    def initialize(self, plugin_config):
        if "FLOE_HOLDS_TIMEOUTS" not in os.environ:
            install(float(plugin_config["seconds"]))


class TimedOut(DbtRuntimeError):
    """A model took longer than it may."""


class Watch:
    """One statement, or one Python model, of a model with a limit."""

    def __init__(self, limit, started, interrupt, in_python=False):
        self.limit = limit
        self.left = started + limit - time.monotonic()
        self.interrupt = interrupt
        self.thread = threading.get_ident() if in_python else None
        self.lock = threading.Lock()
        self.done = threading.Event()
        self.over = self.left <= 0
        self.timer = threading.Timer(max(self.left, 0), self.end)
        self.timer.daemon = True

    def error(self):
        return TimedOut(f"timed out: took longer than timeout_seconds: {self.limit:g}")

    def __enter__(self):
        if self.over:
            raise self.error()
        self.timer.start()
        return self

    def __exit__(self, _kind, error, _trace):
        with self.lock:
            self.done.set()
            if self.thread is not None:
                raise_in(self.thread, None)
        self.timer.cancel()
        if error is not None and self.over:
            raise self.error() from error

    def end(self):
        self.over = True
        told = time.monotonic()
        while not self.done.is_set():
            self.interrupt()
            with self.lock:
                if self.thread is not None and not self.done.is_set() and time.monotonic() - told > PYTHON:
                    told = time.monotonic()
                    raise_in(self.thread, TimedOut)
            self.done.wait(EVERY)


def raise_in(thread, error):
    what = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)


def install(seconds):
    # Every connection of a process shares what is wrapped here; the newest limit holds.
    Clocks.default = seconds
    if Clocks.is_installed:
        return
    Clocks.is_installed = True
    execute, submit = DuckDBCursorWrapper.execute, LocalEnvironment.submit_python_job
    initialize_cursor = Environment.initialize_cursor.__func__

    def held_execute(self, *args, **kwargs):
        clock = Clocks.of_node()
        if clock is None:
            return execute(self, *args, **kwargs)
        with Watch(*clock, self._cursor.interrupt):
            return execute(self, *args, **kwargs)

    def held_submit(self, handle, *args, **kwargs):
        clock = Clocks.of_node()
        if clock is None:
            return submit(self, handle, *args, **kwargs)
        Clocks.cursors.own = cursors = [handle.cursor()]
        try:
            with Watch(*clock, lambda: [cursor.interrupt() for cursor in list(cursors)], in_python=True):
                return submit(self, handle, *args, **kwargs)
        finally:
            Clocks.cursors.own = None

    def noted_cursor(cls, creds, cursor, *args, **kwargs):
        own = getattr(Clocks.cursors, "own", None)
        if own is not None:
            own.append(cursor)
        return initialize_cursor(cls, creds, cursor, *args, **kwargs)

    DuckDBCursorWrapper.execute = held_execute
    LocalEnvironment.submit_python_job = held_submit
    Environment.initialize_cursor = classmethod(noted_cursor)


class Clocks:
    """When each node of an invocation sent its first statement."""

    default = None
    is_installed = False
    started = {}
    cursors = threading.local()

    @classmethod
    def of_node(cls):
        info = get_node_info()
        unique_id = info.get("unique_id")
        if not unique_id:
            return None
        own = ((info.get("meta") or {}).get("floe") or {}).get("timeout_seconds")
        limit = own if isinstance(own, (int, float)) and own > 0 else cls.default
        return limit, cls.started.setdefault((get_invocation_id(), unique_id), time.monotonic())
