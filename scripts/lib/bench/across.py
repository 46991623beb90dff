"""`floe plan` of 5,000 models beside the `dbt parse` that it needs, and one run of all of them."""

import shutil

import product
from measure import LOG, environment, split_of, summary, timed

MODELS = 5_000
# dbt takes seconds.
RUNS = 3


def measure(options):
    folder = make(options.work / "across")
    floe, plain = str(options.floe), environment(DO_NOT_TRACK="1")
    timed([floe, "env", "sync"], folder, plain)
    timed([floe, "compile"], folder, plain)
    dbt = str(folder / ".floe/python/duckdb/bin/dbt")
    parse = [dbt, "parse", "--no-partial-parse", "--profiles-dir", "target/floe/profiles/dev/duckdb"]
    rows = {"dbt parse": [], "floe plan, first": [], "floe plan, unchanged": []}
    stages = {}
    for _ in range(RUNS):
        rows["dbt parse"].append(timed(parse, folder, plain)[0])
        shutil.rmtree(folder / ".floe/dbt", ignore_errors=True)
        rows["floe plan, first"].append(timed([floe, "plan"], folder, plain)[0])
        rows["floe plan, unchanged"].append(timed([floe, "plan"], folder, plain)[0])
        for name, value in split_of(*timed([floe, "plan"], folder, environment(DO_NOT_TRACK="1", **LOG))).items():
            stages.setdefault(name, []).append(value)
    spent, done = timed([floe, "run"], folder, plain)
    result = {name: summary(values) for name, values in rows.items()}
    result["stages"] = {name: summary(values) for name, values in stages.items()}
    result["run"] = {"seconds": round(spent / 1000, 1), "said": done.stdout}
    return result, []


def make(folder):
    """Half of the areas on each of two computes, which build in one file; those of the second read the first's."""
    spec, (manifest,) = product.make(folder, MODELS)
    tables = "name: lake\nversion: 1.0.0\nprofile: lake\nmodel-paths: [models]\nmodels: {+materialized: table}\n"
    product.write(spec.parent / "dbt_project.yml", tables)
    half = MODELS // 2
    second = range(half, MODELS, product.AREA)
    paths = "".join(f"  - {{path: models/{product.area(first)}, compute: duckdb_large}}\n" for first in second)
    head = product.HEADER.format(kind="FloeSpec", name="lake")
    product.write(spec, f"{head}platform: {{manifest: ../{manifest.name}}}\ntransforms:\n{paths}")
    for first in second:
        parent = product.model(first - half + product.AREA - 1)
        path = spec.parent / "models" / product.area(first) / f"{product.model(first)}.sql"
        product.write(path, f"select * from {{{{ ref('{parent}') }}}}\n")
    return spec.parent


def show(result):
    print(f"{MODELS:,} models on two computes; milliseconds\n")
    print(f"{'':32}{'median':>10}{'slowest':>10}{'to dbt parse':>14}")
    parse = result["dbt parse"]["median_ms"]
    for name in ["dbt parse", "floe plan, first", "floe plan, unchanged"]:
        row = result[name]
        print(f"{name:32}{row['median_ms']:10.0f}{row['slowest_ms']:10.0f}{row['median_ms'] / parse:14.2f}")
    for name, row in result["stages"].items():
        print(f"  {name:30}{row['median_ms']:10.0f}")
    print(f"\nfloe run of all of it: {result['run']['seconds']} s\n{result['run']['said']}")
