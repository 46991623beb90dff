//! A model that needs more memory than DuckDB's `memory_limit` is a failed model with DuckDB's own error, not a killed
//! process, and the other models go on.

use floe_tests::Project;

/// Groups more distinct long texts than fit into the limit.
const HUNGRY: &str = "{{ config(materialized='table') }}\n\
    select md5(i::varchar) || repeat('x', 200) as k, list(md5((i * 7)::varchar) || repeat('y', 200)) as l\n\
    from range(3000000) t(i) group by 1\n";

#[test]
fn a_model_over_the_limit_fails_and_the_other_passes() {
    let project = Project::new().with("models/marts/hungry.sql", HUNGRY).approving(
        "duckdb",
        &["{name: duckdb, config: {path: shop.duckdb, threads: 1, settings: {memory_limit: 100MB, temp_directory: ''}}}"],
    );
    let _ = project.floe(&["compile"]).expect(0);
    let run = project.dbt("dev", "duckdb", &["build"]).expect(1);
    assert!(run.stdout.contains("Out of Memory Error"), "{}", run.stdout);
    assert!(run.stdout.contains("Done. PASS=2 WARN=0 ERROR=1 SKIP=0"), "{}", run.stdout);
    // The database is whole: what passed is there, and the next run goes on with it.
    let _ = project.dbt("dev", "duckdb", &["build", "--exclude", "hungry"]).expect(0);
}

#[test]
fn the_same_model_passes_without_the_limit() {
    let project = Project::new()
        .with("models/marts/hungry.sql", &HUNGRY.replace("3000000", "30000"))
        .approving("duckdb", &["{name: duckdb, config: {path: shop.duckdb, threads: 1}}"]);
    let _ = project.floe(&["compile"]).expect(0);
    let _ = project.dbt("dev", "duckdb", &["build"]).expect(0);
}
