"""Serves dask-sql's Presto protocol on loopback alone: the stock command line opens a dashboard on all addresses."""

import sys

import dask_sql
from dask.distributed import Client

if __name__ == "__main__":
    context = dask_sql.Context()
    loopback = "127.0.0.1:0"
    client = Client(processes=False, dashboard_address=loopback, worker_dashboard_address=loopback)
    dask_sql.run_server(context, client=client, host="127.0.0.1", port=int(sys.argv[1]))
