"""The harness of scripts/bench: runs things in turn, so that a busy moment hits all of them, and prints medians."""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

# With these variables floe logs, on stderr, one JSON object a phase: {"phase": "parse", "ms": 1.25, …}.
SPLIT_ARGUMENTS = ["compile"]
SPLIT_ENVIRONMENT = {"FLOE_LOG": "floe=debug", "FLOE_LOG_FORMAT": "json"}
# The phases, in their order, and how the table calls them.
PHASES = {
    "parse": "parse",
    "inspect": "inspect",
    "hash": "hash the plugin",
    "worker": "worker: start and load",
    "plugins": "worker: calls and end",
    "write": "write",
}
# Phases that are part of another; with one plugin they follow each other.
WITHIN = {"hash": "plugins", "worker": "plugins"}
REST = "start and exit"

WARM_UP = 2


def absolute(path):
    return pathlib.Path(path).absolute()


def environment(**extra):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOE_", "LD_", "DYLD_"))}
    return kept | extra


def timed(command, folder, env):
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    spent = (time.perf_counter() - started) * 1000
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return spent, done


def split_of(spent, done):
    """Milliseconds of each phase; the rest is what the process took beside them."""
    found = {}
    for text in done.stderr.splitlines():
        try:
            entry = json.loads(text)
        except ValueError:
            continue
        if isinstance(entry, dict) and "phase" in entry and "ms" in entry:
            for phase, change in ((entry["phase"], 1), (WITHIN.get(entry["phase"]), -1)):
                if phase is not None:
                    name = PHASES.get(phase, phase)
                    found[name] = found.get(name, 0.0) + change * float(entry["ms"])
    return {REST: spent - sum(found.values())} | found


def measure(options, product):
    compile_command = [options.floe, "compile"]
    clean, traced = environment(), environment(**SPLIT_ENVIRONMENT)
    series = {"floe --version": [], "floe compile": [], "bare dlopen, whole process": [], "bare dlopen": []}
    stages = {}
    for turn in range(WARM_UP + options.runs):
        row = {
            "floe --version": timed([options.floe, "--version"], product, clean)[0],
            "floe compile": timed(compile_command, product, clean)[0],
        }
        row["bare dlopen, whole process"], done = timed([options.bare_dlopen, options.plugin], product, clean)
        row["bare dlopen"] = float(done.stdout) / 1000
        split = split_of(*timed([options.floe, *SPLIT_ARGUMENTS], product, traced))
        if turn >= WARM_UP:
            for name, value in row.items():
                series[name].append(value)
            for name, value in split.items():
                stages.setdefault(name, []).append(value)
    return series, stages


def summary(values):
    ordered = sorted(values)
    return {
        "median_ms": round(statistics.median(ordered), 3),
        "fastest_ms": round(ordered[0], 3),
        "slowest_ms": round(ordered[-1], 3),
    }


def show(result):
    print(f"{result['runs']} runs each, in turn; milliseconds\n")
    print(f"{'':32}{'median':>10}{'fastest':>10}{'slowest':>10}{'x bare dlopen':>16}")
    for name, row in result["whole"].items():
        print(line(name, row))
    print("\nwhat floe compile spends it on (measured with its log switched on)\n")
    for name, row in result["stages"].items():
        print(line("  " + name, row))


def line(name, row):
    figures = "".join(f"{row[key]:10.2f}" for key in ["median_ms", "fastest_ms", "slowest_ms"])
    return f"{name:32}{figures}{row['ratio']:16.2f}"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    for name in ["--floe", "--plugin", "--bare-dlopen", "--product", "--work"]:
        parser.add_argument(name, required=True, type=absolute, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.runs < 10:
        parser.error("--runs: at least 10, for a median that says something")

    # A copy: the artifacts that someone works with stay as they are.
    product = options.work / "product"
    shutil.copytree(options.product, product, ignore=shutil.ignore_patterns("target", "logs", ".floe", "*.duckdb*"))
    series, stages = measure(options, product)

    base = statistics.median(series["bare dlopen"])
    result = {
        "runs": options.runs,
        "whole": {name: summary(values) for name, values in series.items()},
        "stages": {name: summary(values) for name, values in stages.items()},
    }
    for row in [*result["whole"].values(), *result["stages"].values()]:
        row["ratio"] = round(row["median_ms"] / base, 2)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    missing = [phase for phase, name in PHASES.items() if name not in stages]
    if missing:
        sys.exit(f"error: floe logged no time for {', '.join(missing)}: see PHASES in scripts/lib/bench.py")


if __name__ == "__main__":
    main()
