"""Runs statements in a DuckDB, one by one.

Standard input: {"extensions": folder or null, "statements": [...]}.
Prints JSON: for each, how many statements DuckDB's own parser sees in it, and what came of it.
"""

import json
import sys

import duckdb

asked = json.load(sys.stdin)
config = {"autoinstall_known_extensions": "false"}
if asked.get("extensions"):
    config["extension_directory"] = asked["extensions"]
connection = duckdb.connect(config=config)
found = []
for statement in asked["statements"]:
    try:
        parsed = [str(part.type).split(".")[-1] for part in duckdb.extract_statements(statement)]
    except duckdb.Error as error:
        parsed = [f"{type(error).__name__}: {error}"]
    try:
        rows = connection.execute(statement).fetchall()
        outcome = {"rows": [[str(value) for value in row] for row in rows]}
    except duckdb.Error as error:
        outcome = {"error": f"{type(error).__name__}: {error}"}
    found.append({"parsed": parsed, **outcome})
print(json.dumps(found))
