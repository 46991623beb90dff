//! What cannot give right results is refused before anything runs: dbt's graph is enough, no engine is asked.

use super::{floe, plain, project, spec};

#[test]
fn parents_that_another_compute_cannot_read() {
    let project = project("refused")
        .with("models/views/seen.sql", "{{ config(materialized='view') }} select 1 as id\n")
        .with("models/views/inlined.sql", "{{ config(materialized='ephemeral') }} select 1 as id\n")
        .with("models/memory/gone.sql", "select 1 as id\n")
        .with("models/file/apart.sql", "select 1 as id\n")
        .with("models/spark/a.sql", "select * from {{ ref('seen') }}\n")
        .with("models/spark/b.sql", "-- reads what is inlined\nselect *\nfrom {{ ref('inlined') }}\n")
        .with("models/spark/c.sql", "select * from {{ ref('gone') }}\n")
        .with("models/spark/d.sql", "select * from {{ ref('apart') }}\n")
        .with(
            "models/schema.yml",
            "models:\n  - name: apart\n    columns: [{name: id, data_tests: [{relationships: {arguments: {to: ref('gone'), field: id}}}]}]\n",
        );
    let manifest = std::fs::read_to_string(project.path("manifest.yaml")).expect("the manifest");
    let more = "      - {name: memory, plugin: duckdb, config: {path: ':memory:'}}\n      - {name: file, plugin: duckdb, config: {path: apart.duckdb}}\n    default";
    project.write("manifest.yaml", &manifest.replacen("    default", more, 1));
    spec(
        &project,
        &[
            "{path: models/views, compute: duckdb}",
            "{path: models/memory, compute: memory}",
            "{path: models/file, compute: file}",
            "{path: models/spark, compute: spark}",
        ],
    );
    let project = project.with_environments(&[("memory", "duckdb"), ("file", "duckdb")]);
    let refused = floe(&project, &["run"]).expect(1);
    insta::assert_snapshot!(plain(&project, &refused));
    assert!(!project.path(".floe/runs").exists(), "something was run");
}
