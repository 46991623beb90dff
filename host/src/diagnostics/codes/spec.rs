//! F03xx: the spec.

super::codes! {
    SELECTOR = "F0301", "A transform must select one thing",
    "A transform selects by exactly one of `path` (a folder or file of the dbt project), `name` (a model) and `package` \
     (the models of a dbt package).\n\n```yaml\ntransforms:\n  - {path: models/staging/, compute: spark}\n  \
     - {name: mart_sales}\n  - {package: elementary, compute: duckdb}\n```\n\nKeep one of the three keys.";
    PATH = "F0302", "Not a path of the dbt project",
    "`path` counts from the folder of the spec, which is the dbt project's, and must stay inside of it: relative, with \
     `/`, without `..`.\n\n```yaml\ntransforms:\n  - {path: models/staging/}\n```\n\nWrite the path as dbt shows it.";
    NAME_UNKNOWN = "F0303", "A transform names a model that does not exist",
    "A transform's `name` is no model, seed, snapshot or function of the dbt project beside the spec, nor of its packages, so it \
     would select nothing. A name is that of the file without its extension, upper and lower case counting; a model \
     with versions has one name for all of them (`orders`), and one for each (`orders.v2`).\n\n```yaml\ntransforms:\n  - {name: \
     mart_sales}     # models/**/mart_sales.sql or .py\n```\n\nCorrect the name, or add the model.";
    PACKAGE_UNKNOWN = "F0304", "A transform names a package that does not exist",
    "A transform's `package` is neither in `packages.yml` or `dependencies.yml` of the dbt project nor installed, so it would \
     select nothing. A package is named as its own `dbt_project.yml` names it: `dbt_utils`, not \
     `dbt-labs/dbt_utils`.\n\n```yaml\ntransforms:\n  - {package: elementary, compute: duckdb}\n```\n\nCorrect the name, or \
     add the package and run `dbt deps`.";
    NOT_CHECKED = "F0305", "Not checked: packages are not installed",
    "A transform names something that may come from a dbt package, and not all packages that the project asks for are \
     installed, so floe cannot tell whether it exists. That is a warning: compiling does not need the packages. \
     Run `dbt deps`, and compile again to have it checked.";
    PATH_WITHOUT_MODELS = "F0306", "A path in which dbt looks for no models",
    "A transform's `path` exists, but dbt looks there neither for models nor for seeds, snapshots or functions, so it can never \
     select anything. Macros, analyses and tests run on no compute of their own: they belong to the models that use \
     them. What lies in a package is selected with `package`.\n\n```yaml\ntransforms:\n  - {path: macros/}             # selects \
     nothing\n  - {path: models/staging/}     # selects models\n```\n\nName a path below one of `model-paths`, `seed-paths`, \
     `snapshot-paths` and `function-paths` of `dbt_project.yml`.";
    SELECTS_NOTHING = "F0307", "A transform selects nothing",
    "What a transform names exists, and there is no model, seed, snapshot or function in it: an empty folder, a file that is \
     none of them, a package of macros alone. Remove the transform, or correct it. dbt passes over files that begin \
     with `.`, `#` or `~` and over what `.dbtignore` names, and does not follow a link to a folder.";
    CLAIMS_NOTHING = "F0308", "Other transforms claim all of it",
    "Everything that a transform selects is claimed by others, so its compute and its settings count for nothing. A name \
     beats a path, a deeper path a shallower one.\n\n```yaml\ntransforms:\n  - {path: models/marts/, compute: spark}   # holds \
     nothing but sales.sql\n  - {name: sales, compute: duckdb}\n```\n\nRemove one of them.";
    NAME_IN_SEVERAL = "F0309", "A name in several packages",
    "A transform's `name` is in more than one dbt package; dbt allows that. The transform claims all of them. To have them on \
     different computes, claim the project's own by its `path`, and those of a package by \
     `package`.\n\n```yaml\ntransforms:\n  - {path: models/staging/orders.sql, compute: spark}\n  - {package: shop_base, compute: \
     duckdb}\n```";
    DEPENDENCY_UNKNOWN = "F0310", "`dependsOn` names a model that does not exist",
    "An entry of `dependsOn` is no model, seed, snapshot or function of the dbt project or its packages. `dependsOn` holds names \
     of models, not paths, packages or other transforms: the transform then waits for these models.\n\n```yaml\ntransforms:\n  \
     - {path: models/marts/, dependsOn: [stg_orders]}\n```\n\nCorrect the name. Dependencies by `ref()` need no entry: dbt \
     knows them.";
    DEPENDENCY_CYCLE = "F0311", "Transforms that wait for each other",
    "By their `dependsOn`, transforms wait for each other in a circle, or one waits for a model that it claims itself, so \
     nothing could ever begin. Each step of the circle is marked.\n\n```yaml\ntransforms:\n  - {name: a, dependsOn: [b]}\n  \
     - {name: b, dependsOn: [a]}\n```\n\nRemove one of the entries. Within a transform, models are ordered by their `ref()`.";
}
