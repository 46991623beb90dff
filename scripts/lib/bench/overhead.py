"""`floe run` beside the plain `dbt build` of the same product: 200 models, on one compute and on two."""

import product
from measure import environment, summary, timed

MODELS = 200
# dbt takes seconds.
RUNS = 3


def measure(options):
    floe, plain = str(options.floe), environment(DO_NOT_TRACK="1")
    result = {}
    for name, computes in [("one compute", ["duckdb"]), ("two computes", ["duckdb", "duckdb_large"])]:
        folder = make(options.work / name.replace(" ", "-"), len(computes))
        timed([floe, "env", "sync"], folder, plain)
        timed([floe, "compile"], folder, plain)
        builds = [dbt(folder, compute, len(computes)) for compute in computes]
        rows = {"dbt build": [], "floe run": []}
        # Once for the caches of both.
        for round_ in range(RUNS + 1):
            spent = sum(timed(build, folder, plain)[0] for build in builds)
            run = timed([floe, "run"], folder, plain)[0]
            if round_:
                rows["dbt build"].append(spent)
                rows["floe run"].append(run)
        result[name] = {name: summary(values) for name, values in rows.items()}
    return result, []


def dbt(folder, compute, computes):
    """dbt alone, on what the compute owns."""
    flag = "--select" if compute == "duckdb_large" else "--exclude"
    selection = [] if computes == 1 else [flag, "path:models/second"]
    program = str(folder / f".floe/python/{compute}/bin/dbt")
    return [program, "build", "--profiles-dir", f"target/floe/profiles/dev/{compute}", *selection]


def make(folder, computes):
    """Tables, each of which takes DuckDB a moment; where there are two computes, half of them on each."""
    spec, (manifest,) = product.make(folder, 0)
    place = spec.parent
    tables = "name: lake\nversion: 1.0.0\nprofile: lake\nmodel-paths: [models]\nmodels: {+materialized: table}\n"
    product.write(place / "dbt_project.yml", tables)
    for number in range(MODELS):
        half = "first" if number < MODELS // 2 else "second"
        rows = f"select range as id, range % 7 as kind, hash(range) as value from range({100_000 + number})"
        product.write(place / f"models/{half}/model_{number:03}.sql", f"{rows} order by value\n")
    claim = "transforms:\n  - {path: models/second, compute: duckdb_large}\n" if computes == 2 else ""
    head = product.HEADER.format(kind="FloeSpec", name="lake")
    product.write(spec, f"{head}platform: {{manifest: ../{manifest.name}}}\n{claim}")
    return place


def show(result):
    print(f"{MODELS} models; milliseconds\n")
    print(f"{'':32}{'median':>10}{'slowest':>10}{'to dbt build':>14}")
    for name, rows in result.items():
        plain = rows["dbt build"]["median_ms"]
        for what, row in rows.items():
            ratio = row["median_ms"] / plain
            print(f"{f'{name}: {what}':32}{row['median_ms']:10.0f}{row['slowest_ms']:10.0f}{ratio:14.3f}")
