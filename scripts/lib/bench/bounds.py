"""The two times that the requirements bound: loading computes (SC-003), and the errors of a compile (SC-004)."""

import shutil

import product
from measure import environment, summary, timed

# Bounds, in milliseconds.
LOADED = 5_000
ERRORS = 2_000
STAND_INS = ["spark", "snowflake", "bigquery"]
TRANSFORMS = 10_000


def measure(options):
    plugins = options.work / "plugins"
    plugins.mkdir()
    for name in STAND_INS:
        shutil.copy(options.fixtures / f"lib{name}{options.plugin.suffix}", plugins)
    plain = environment(FLOE_PLUGIN_PATH=str(plugins))
    several = make(options.work / "several", 10, ["duckdb", "{name: duckdb_large, plugin: duckdb}", *STAND_INS])
    # Every fourth transform chooses `duckdb_large`, which nobody approves here.
    wrong = make(options.work / "wrong", TRANSFORMS, ["duckdb"])
    rows = {
        "compile with 5 computes": (["compile"], several, 0, LOADED),
        "check 5 computes": (["health"], several, 0, LOADED),
        f"errors in {TRANSFORMS:,} transforms": (["compile"], wrong, 1, ERRORS),
    }
    result, late = {}, []
    for name, (arguments, folder, status, bound) in rows.items():
        command = [options.floe, *arguments]
        row = summary([timed(command, folder, plain, status)[0] for _ in range(max(5, options.runs // 4))])
        result[name] = row | {"bound_ms": bound}
        if row["slowest_ms"] > bound:
            late.append(f"{name} took {row['slowest_ms']} ms")
    return result, late


def make(folder, transforms, approved):
    """A product whose manifest approves these computes, the first by default."""
    spec, (manifest,) = product.make(folder, transforms)
    head = product.HEADER.format(kind="Manifest", name="platform")
    product.write(manifest, f"{head}compute:\n  approved: [{', '.join(approved)}]\n  default: {approved[0]}\n")
    return spec.parent


def show(result):
    print("What the requirements bound; milliseconds\n")
    print(f"{'':32}{'median':>10}{'slowest':>10}{'bound':>10}")
    for name, row in result.items():
        print(f"{name:32}{row['median_ms']:10.1f}{row['slowest_ms']:10.1f}{row['bound_ms']:10}")
