"""The harness of scripts/bench: runs things in turn, so that a busy moment hits all of them, and prints medians."""

import argparse
import json
import pathlib
import sys

import across
import bounds
import documents
import engines
import overhead
import scale
import start

# In the order of the output.
PARTS = {
    "start": start,
    "documents": documents,
    "scale": scale,
    "bounds": bounds,
    "engines": engines,
    "across": across,
    "overhead": overhead,
}


def absolute(path):
    return pathlib.Path(path).absolute()


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--manifests", type=int, default=5)
    parser.add_argument("--prototype", type=absolute, help=argparse.SUPPRESS)
    for name in ["floe", "plugin", "bare-dlopen", "documents-bench", "fixtures", "engines", "product", "work"]:
        parser.add_argument(f"--{name}", required=True, type=absolute, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.runs < 10:
        parser.error("--runs: at least 10, for a median that says something")
    return options


def main():
    options = arguments()
    results, problems = {"runs": options.runs}, []
    for name, part in PARTS.items():
        if not options.only or name in options.only:
            results[name], found = part.measure(options)
            problems += found
            if not options.json:
                print(f"{options.runs} runs each, in turn. " if len(results) == 2 else "\n", end="")
                part.show(results[name])
    if options.json:
        print(json.dumps(results, indent=2))
    if problems:
        sys.exit("error: " + "\nerror: ".join(problems))


if __name__ == "__main__":
    main()
