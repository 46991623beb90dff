"""Makes products of any size: a dbt project with its models, a spec, and a chain of manifests above it.

python product.py FOLDER TRANSFORMS [MANIFESTS]
"""

import pathlib
import sys

HEADER = "apiVersion: floe.dev/v1\nkind: {kind}\nmetadata: {{name: {name}, version: 1.0.0, owner: data@acme.example}}\n"
# Two computes on one engine: a choice for each transform, and one worker.
COMPUTES = {
    "duckdb": "{name: duckdb, config: {path: lake.duckdb, threads: 4}}",
    "duckdb_large": "{name: duckdb_large, plugin: duckdb, config: {path: lake.duckdb, threads: 16}}",
}
# So many models lie in one folder.
AREA = 100


def area(number):
    return f"area_{number // AREA:03}"


def model(number):
    return f"model_{number:05}"


def make(folder, transforms, manifests=1):
    """Writes the product into a folder and returns the path of the spec and those of the manifests, the root first."""
    folder = pathlib.Path(folder)
    chain = write_chain(folder, manifests)
    product = folder / "product"
    write_dbt_project(product, transforms)
    spec = product / "floe.yaml"
    write(spec, spec_text(transforms, f"../{chain[-1].relative_to(folder)}", transform))
    return spec, chain


def make_for_prototype(folder, transforms):
    """The same for the Python prototype, which knows models by name alone and one tier of manifests."""
    folder = pathlib.Path(folder)
    write_dbt_project(folder, transforms)
    manifest = folder / "manifest.yaml"
    plugins = "plugins:\n  compute: {type: duckdb, config: {path: lake.duckdb}}\n  orchestrator: {type: dagster}\n"
    write(manifest, HEADER.format(kind="Manifest", name="platform") + plugins)
    spec = folder / "floe.yaml"
    write(spec, spec_text(transforms, manifest.name, named))
    return spec, manifest


def write_chain(folder, manifests):
    """An enterprise, domains below each other, and a domain that the product names; one alone has no scope."""
    chain = []
    computes = [f"      - {entry}\n" for entry in COMPUTES.values()]
    for level in range(manifests):
        path = folder / ("manifest.yaml" if level == 0 else f"domain_{level}/manifest.yaml")
        text = HEADER.format(kind="Manifest", name="platform" if level == 0 else f"domain-{level}")
        if manifests > 1:
            text += "scope: enterprise\n" if level == 0 else "scope: domain\n"
        if level > 0:
            parent = "../manifest.yaml" if level == 1 else f"../domain_{level - 1}/manifest.yaml"
            text += f"parent_manifest: {parent}\n"
        # Every level sets something of its own.
        narrowed = f"      - {{name: duckdb, config: {{threads: {4 + level}}}}}\n      - duckdb_large\n"
        approved = "".join(computes) if level == 0 else narrowed
        text += f"plugins:\n  compute:\n    approved:\n{approved}    default: duckdb\n"
        write(path, text)
        chain.append(path)
    return chain


def write_dbt_project(folder, models):
    write(folder / "dbt_project.yml", "name: lake\nversion: 1.0.0\nprofile: lake\nmodel-paths: [models]\n")
    for number in range(models):
        previous = f"select * from {{{{ ref('{model(number - 1)}') }}}}" if number % AREA else "select 1 as id"
        write(folder / "models" / area(number) / f"{model(number)}.sql", previous + "\n")


def spec_text(transforms, manifest, entry):
    head = HEADER.format(kind="FloeSpec", name="lake") + f"platform: {{manifest: {manifest}}}\ntransforms:\n"
    return head + "".join(entry(number) for number in range(transforms))


def transform(number):
    """By path and by name in turn, with a compute and on the default, as people write them."""
    if number % 2 == 0:
        compute = f"    compute: {list(COMPUTES)[number // 2 % 2]}\n"
        return f"  - type: dbt\n    path: models/{area(number)}/{model(number)}.sql\n{compute}"
    return named(number)


def named(number):
    after = f"    dependsOn: [{model(number - 1)}]\n" if number % AREA else ""
    return f"  - name: {model(number)}\n    tags: [nightly, {area(number)}]\n{after}"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    print(*make(sys.argv[1], *map(int, sys.argv[2:4])))
