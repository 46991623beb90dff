//! F03xx: the spec.

super::codes! {
    SELECTOR = "F0301", "A transform must select one thing",
    "A transform selects by exactly one of `path` (a folder or file of the dbt project), `name` (a model) and `package` \
     (the models of a dbt package).\n\n```yaml\ntransforms:\n  - {path: models/staging/, compute: spark}\n  \
     - {name: mart_sales}\n  - {package: elementary, compute: duckdb}\n```\n\nKeep one of the three keys.";
    PATH = "F0302", "Not a path of the dbt project",
    "`path` counts from the folder of the spec, which is the dbt project's, and must stay inside of it: relative, with \
     `/`, without `..`.\n\n```yaml\ntransforms:\n  - {path: models/staging/}\n```\n\nWrite the path as dbt shows it.";
}
