"""Runs programs and keeps what they cost: time, the phases that floe logs, memory; and medians of it."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

# With these variables floe logs, on stderr, one JSON object a phase: {"phase": "parse", "ms": 1.25, …}.
LOG = {"FLOE_LOG": "floe=debug", "FLOE_LOG_FORMAT": "json"}
# The phases, in their order, and how the tables call them.
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


def environment(**extra):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOE_", "LD_", "DYLD_"))}
    return kept | extra


def timed(command, folder, env, status=0):
    """Milliseconds from start to exit, and what the program said."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    spent = (time.perf_counter() - started) * 1000
    expect(command, done, status)
    return spent, done


def expect(command, done, status):
    if done.returncode != status:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")


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


def peak_memory(command, folder, env):
    """Most memory of the program alone, in MB, read while it runs: what `wait4` says counts its workers in, and what
    this interpreter had before it became that program. Without /proc it is that nevertheless."""
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    status = pathlib.Path(f"/proc/{process.pid}/status")
    peak = 0.0
    while True:
        # In the order in which they change: the last look comes before the end is seen.
        seen = resident_peak(status, str(command[0]))
        peak = max(peak, seen)
        ended, code, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {process.returncode}")
    # Kilobytes on Linux, bytes on macOS.
    return peak or usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def resident_peak(status, program):
    """`VmHWM` of a process in MB; 0 where it cannot be read, or before it has become the program."""
    try:
        if os.readlink(status.parent / "exe") != os.path.realpath(program):
            return 0.0
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    except OSError:
        return 0.0
    return int(line.split()[1]) * 1024 / 1e6


def median(values):
    return statistics.median(values)


def summary(values):
    ordered = sorted(values)
    return {
        "median_ms": round(median(ordered), 3),
        "fastest_ms": round(ordered[0], 3),
        "slowest_ms": round(ordered[-1], 3),
    }
