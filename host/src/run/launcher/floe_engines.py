"""How a statement is cancelled, and what the engine calls it, for each dbt adapter."""

import contextlib
import time
import uuid


@contextlib.contextmanager
def sending(node):
    """What runs may have ended before the answer to its cancellation is here."""
    before, node.cancel_sent = node.cancel_sent, True
    try:
        yield
    except BaseException:
        node.cancel_sent = before
        raise


class Engine:
    """What every adapter offers: a `cancel` for the connection."""

    # Seconds between two tries: the first may come between two statements.
    every = 0.5

    def __init__(self, adapter, node_of_thread):
        self.adapter = adapter
        self.connections = adapter.connections
        self.node_of_thread = node_of_thread

    def handle(self, connection):
        """What is open of a connection; `None` while it is being opened. To ask dbt for it would open a second one."""
        from dbt.adapters.contracts.connection import LazyHandle

        handle = getattr(connection, "_handle", None)
        return None if isinstance(handle, LazyHandle) else handle

    def cancel(self, node, connection):
        """Cancels what runs, where anything does."""
        if self.handle(connection) is not None:
            # Some adapters send a statement of their own, on a connection of this thread.
            with self.adapter.connection_named("floe_cancel"), sending(node):
                self.connections.cancel(connection)

    def close(self, node, connection):
        handle = self.handle(connection)
        if handle is not None:
            handle.close()

    def query_id(self, node, connection):
        handle = self.handle(connection)
        for place in [handle, getattr(handle, "_cursor", None)]:
            for name in ["sfqid", "query_id", "active_command_id"]:
                found = getattr(place, name, None)
                if isinstance(found, str) and found:
                    return found
        return None


class DuckDb(Engine):
    """Interrupts the cursors on which the node executes; dbt-duckdb's `cancel` knows one of them."""

    every = 0.02

    def __init__(self, adapter, node_of_thread):
        super().__init__(adapter, node_of_thread)
        from dbt.adapters.duckdb.environments import Environment

        if getattr(Environment.initialize_cursor, "is_floe", False):
            return
        original = Environment.initialize_cursor.__func__

        def initialize_cursor(cls, creds, cursor, *args, **kwargs):
            node = node_of_thread()
            if node is not None:
                node.cursors.append(cursor)
            return original(cls, creds, cursor, *args, **kwargs)

        initialize_cursor.is_floe = True
        Environment.initialize_cursor = classmethod(initialize_cursor)

    def cancel(self, node, connection):
        handle = self.handle(connection)
        cursors = list(node.cursors) + ([handle.cursor()] if handle is not None else [])
        for cursor in cursors:
            with sending(node):
                cursor.interrupt()

    def close(self, node, connection):
        pass  # would wait for what runs

    def query_id(self, node, connection):
        return None


class Redshift(Engine):
    """Asks the server to cancel; ends the session where that is not enough."""

    tries = 4

    def __init__(self, adapter, node_of_thread):
        super().__init__(adapter, node_of_thread)
        self.tried = {}

    def backend(self, connection):
        pid = getattr(connection, "backend_pid", None)
        handle = self.handle(connection)
        if pid is None and hasattr(handle, "get_backend_pid"):
            pid = handle.get_backend_pid()
        return pid

    def cancel(self, node, connection):
        pid = self.backend(connection)
        if pid is None or self.handle(connection) is None:
            return
        key = (node.unique_id, pid)
        tried = self.tried.get(key, 0)
        self.tried[key] = tried + 1
        function = "pg_cancel_backend" if tried < self.tries else "pg_terminate_backend"
        with self.adapter.connection_named("floe_cancel"), sending(node):
            self.connections.add_query(f"select {function}({int(pid)})", auto_begin=False)

    def query_id(self, node, connection):
        pid = self.backend(connection)
        return None if pid is None else f"pid {pid}"


class Spark(Engine):
    """HiveServer2: its answer to how a statement is doing takes up to 5 s on the connection that asked, so another one cancels."""

    def __init__(self, adapter, node_of_thread):
        super().__init__(adapter, node_of_thread)
        from dbt.adapters.spark import connections

        if not isinstance(connections.time, Waking):
            connections.time = Waking(connections.time, node_of_thread)

    def operation(self, connection):
        return getattr(getattr(self.handle(connection), "_cursor", None), "_operationHandle", None)

    def cancel(self, node, connection):
        operation = self.operation(connection)
        if operation is None:
            super().cancel(node, connection)
            return
        from TCLIService.ttypes import TCancelOperationReq

        with self.adapter.connection_named("floe_cancel"):
            client = self.connections.get_thread_connection().handle.handle.client
            with sending(node):
                client.CancelOperation(TCancelOperationReq(operationHandle=operation))

    def query_id(self, node, connection):
        guid = getattr(getattr(self.operation(connection), "operationId", None), "guid", None)
        return str(uuid.UUID(bytes=guid)) if isinstance(guid, bytes) and len(guid) == 16 else None


class Waking:
    """Python's `time` for dbt-spark: a pause ends where its node is cancelled."""

    def __init__(self, module, node_of_thread):
        self.module = module
        self.node_of_thread = node_of_thread

    def __getattr__(self, name):
        return getattr(self.module, name)

    def sleep(self, seconds):
        node = self.node_of_thread()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if node is not None and node.cancel_sent:
                # The engine takes a moment.
                time.sleep(min(left, 0.05))
                return
            time.sleep(min(left, 0.05))


class BigQuery(Engine):
    """Cancels the job that a connection's thread has begun last."""

    def job(self, connection):
        threads = [thread for thread, own in list(self.connections.thread_connections.items()) if own is connection]
        jobs = getattr(self.connections, "jobs_by_thread", {})
        own = [jobs[thread] for thread in threads if jobs.get(thread)]
        return own[-1][-1] if own else None

    def cancel(self, node, connection):
        client, job = self.handle(connection), self.job(connection)
        if client is not None and job is not None:
            with sending(node):
                client.cancel_job(job)

    def query_id(self, node, connection):
        return self.job(connection)


ENGINES = {"duckdb": DuckDb, "redshift": Redshift, "postgres": Redshift, "spark": Spark, "bigquery": BigQuery}


def of(adapter, node_of_thread):
    return ENGINES.get(adapter.type(), Engine)(adapter, node_of_thread)
