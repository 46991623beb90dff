//! A Python environment with what `floe compile` wrote for a compute, and nothing else, runs dbt on its profile.

use std::fs;

use floe_tests::{Project, Run, dbt, python};

#[test]
fn what_was_compiled_is_enough_for_dbt() {
    let project = Project::new().approving("duckdb", &["{name: duckdb, config: {path: shop.duckdb}}"]);
    let _ = project.floe(&["compile"]).expect(0);
    let requirements = project.path("target/floe/requirements/duckdb.txt");
    let asked = fs::read_to_string(&requirements).expect("the requirements");
    let program = python::environment("compiled-duckdb", &requirements).join("bin/dbt");
    let profiles = project.path("target/floe/profiles/dev/duckdb");
    let run = |arguments: &[&str]| Run::of(&mut dbt::command(&program, &project.product(), &profiles, arguments));

    let debug = run(&["debug"]).expect(0);
    assert!(debug.stdout.contains("All checks passed!"), "{}", debug.stdout);
    // Within the bounds that were written: dbt-core>=1.11,<1.12.
    assert!(asked.contains("dbt-core>=1.11,<1.12"), "{asked}");
    assert!(debug.stdout.contains("dbt version: 1.11."), "{}", debug.stdout);
    let build = run(&["build"]).expect(0);
    assert!(build.stdout.contains("PASS=2 WARN=0 ERROR=0"), "{}", build.stdout);
}
