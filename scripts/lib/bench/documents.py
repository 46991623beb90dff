"""Reading and resolving 10,000 transforms below a chain of manifests, beside the parser's bare pass over the bytes."""

import json
import subprocess
import sys

import product
from measure import median, summary

TRANSFORMS = 10_000
AIM = 3


def measure(options):
    spec, manifests = product.make(options.work / "documents", TRANSFORMS, options.manifests)
    command = [options.documents_bench, spec, str(options.runs), *manifests]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"error: the documents benchmark ended with {done.returncode}\n{done.stdout}{done.stderr}")
    figures = json.loads(done.stdout)
    rows = {"events alone": "events_ms", "documents read": "documents_ms", "read and resolved": "resolve_ms"}
    base = median(figures["events_ms"])
    result = {
        "transforms": TRANSFORMS,
        "manifests": len(manifests),
        "bytes": figures["bytes"],
        "events": figures["events"],
        "whole": {name: summary(figures[key]) for name, key in rows.items()},
    }
    for row in result["whole"].values():
        row["ratio"] = round(row["median_ms"] / base, 2)
    return result, []


def show(result):
    size = f"{result['bytes'] / 1e6:.2f} MB, {result['events']} events"
    chain = "one manifest" if result["manifests"] == 1 else f"{result['manifests']} manifests"
    print(f"{result['transforms']:,} transforms below {chain} ({size}), in one process; milliseconds")
    print(f"aim: {AIM} x events\n")
    print(f"{'':32}{'median':>10}{'fastest':>10}{'slowest':>10}{'x events':>16}")
    for name, row in result["whole"].items():
        figures = "".join(f"{row[key]:10.2f}" for key in ["median_ms", "fastest_ms", "slowest_ms"])
        print(f"{name:32}{figures}{row['ratio']:16.2f}")
