"""Every engine of floe in one manifest: `floe compile` from a cold start, and `floe health` with real servers."""

import json
import os
import shutil
import subprocess

import product
from measure import environment, summary, timed

# The bound of a compile, in milliseconds.
COMPILED = 100
# What a check of an engine that never answers may take, in seconds.
PATIENCE = 5


def measure(options):
    servers = subprocess.Popen([options.engines], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        said = json.loads(servers.stdout.readline())
        return measured(options, said)
    finally:
        servers.stdin.close()
        servers.wait()


def measured(options, said):
    plain = environment(**said["variables"])
    computes = said["computes"]
    folder = make(options.work / "engines", computes)
    dist = options.floe.parent.parent
    files = [file for part in ["bin", "plugins", "lib"] for file in (dist / part).iterdir() if file.is_file()]
    result, late = {}, []

    def compiled(cold):
        shutil.rmtree(folder / "target", ignore_errors=True)
        if cold:
            for file in files:
                forget(file)
        return timed([options.floe, "compile"], folder, plain)[0]

    for name, cold in {"compile": False, "compile, programs not in memory": True}.items():
        compiled(cold)
        result[name] = summary([compiled(cold) for _ in range(options.runs)])
    # How fast a disk is says nothing of floe.
    result["compile"]["bound_ms"] = COMPILED
    if result["compile"]["median_ms"] > COMPILED:
        late.append(f"compile of {len(computes)} engines took {result['compile']['median_ms']} ms")

    turns = max(5, options.runs // 4)
    checks = [timed([options.floe, "health", "--format", "json"], folder, plain) for _ in range(turns)]
    verify(checks, {})
    result["health, all answer"] = summary([spent for spent, _ in checks])
    for name, hanging in said["hanging"].items():
        hanging["config"]["connect_timeout_seconds"] = PATIENCE
        others = [hanging if compute["name"] == name else compute for compute in computes]
        folder = make(options.work / f"without-{name}", others)
        # The slowest of them says enough: it is the patience that is measured.
        checks = [timed([options.floe, "health", "--format", "json"], folder, plain, 1)]
        verify(checks, {name: "unhealthy"})
        result[f"health, {name} never answers"] = summary([spent for spent, _ in checks])
        if checks[0][0] > (PATIENCE + 2) * 1000:
            late.append(f"health with {name} black-holed took {checks[0][0]:.0} ms")
    return {"computes": len(computes), "rows": result}, late


def make(folder, computes):
    """A product of ten models whose manifest approves these computes, the first by default."""
    product.write_dbt_project(folder, 10)
    approved = "".join(f"      - {json.dumps(compute)}\n" for compute in computes)
    chosen = f"plugins:\n  compute:\n    approved:\n{approved}    default: {computes[0]['name']}\n"
    product.write(folder / "manifest.yaml", product.HEADER.format(kind="Manifest", name="platform") + chosen)
    product.write(folder / "floe.yaml", product.spec_text(10, "manifest.yaml", product.named))
    return folder


def forget(file):
    """Has the system drop its copy of a file."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def verify(checks, expected):
    """Every compute is reported, and healthy where nothing else is expected."""
    for _, done in checks:
        for compute in json.loads(done.stdout)["computes"]:
            name, status = compute["compute"], compute["status"]
            if status != expected.get(name, "healthy"):
                raise SystemExit(f"error: {name} is {status}\n{json.dumps(compute, indent=2)}")


def show(result):
    print(f"{result['computes']} engines in one manifest; milliseconds\n")
    print(f"{'':40}{'median':>10}{'slowest':>10}{'bound':>10}")
    for name, row in result["rows"].items():
        print(f"{name:40}{row['median_ms']:10.1f}{row['slowest_ms']:10.1f}{row.get('bound_ms', ''):>10}")
