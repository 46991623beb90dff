"""`floe compile` of a small product, from start to exit, with its split, beside a bare dlopen of the same plugin."""

import shutil

from measure import LOG, PHASES, environment, median, split_of, summary, timed

WARM_UP = 2


def measure(options):
    # A copy: the artifacts that someone works with stay as they are.
    product = options.work / "small"
    shutil.copytree(options.product, product, ignore=shutil.ignore_patterns("target", "logs", ".floe", "*.duckdb*"))
    compile_command = [options.floe, "compile"]
    clean, traced = environment(), environment(**LOG)
    series = {"floe --version": [], "floe compile": [], "bare dlopen, whole process": [], "bare dlopen": []}
    stages = {}
    for turn in range(WARM_UP + options.runs):
        row = {
            "floe --version": timed([options.floe, "--version"], product, clean)[0],
            "floe compile": timed(compile_command, product, clean)[0],
        }
        row["bare dlopen, whole process"], done = timed([options.bare_dlopen, options.plugin], product, clean)
        row["bare dlopen"] = float(done.stdout) / 1000
        split = split_of(*timed(compile_command, product, traced))
        if turn >= WARM_UP:
            for name, value in row.items():
                series[name].append(value)
            for name, value in split.items():
                stages.setdefault(name, []).append(value)
    base = median(series["bare dlopen"])
    result = {
        "whole": {name: summary(values) for name, values in series.items()},
        "stages": {name: summary(values) for name, values in stages.items()},
    }
    for row in [*result["whole"].values(), *result["stages"].values()]:
        row["ratio"] = round(row["median_ms"] / base, 2)
    missing = [phase for phase, name in PHASES.items() if name not in stages]
    return result, [f"floe logged no time for {phase}: see PHASES in scripts/lib/bench/measure.py" for phase in missing]


def show(result):
    print("A small product (examples/coffee-orders); milliseconds\n")
    print(f"{'':32}{'median':>10}{'fastest':>10}{'slowest':>10}{'x bare dlopen':>16}")
    for name, row in result["whole"].items():
        print(line(name, row))
    print("\nwhat floe compile spends it on (measured with its log switched on)\n")
    for name, row in result["stages"].items():
        print(line("  " + name, row))


def line(name, row):
    figures = "".join(f"{row[key]:10.2f}" for key in ["median_ms", "fastest_ms", "slowest_ms"])
    return f"{name:32}{figures}{row['ratio']:16.2f}"
