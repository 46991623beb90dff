//! The two times that the requirements bound: SC-003 and SC-004. They are far above what it takes; `scripts/bench` says
//! how far.

use std::fmt::Write as _;
use std::time::Duration;

use floe_tests::Project;

const LOADED: Duration = Duration::from_secs(5);
const ERRORS: Duration = Duration::from_secs(2);

#[test]
fn four_computes_are_validated_and_loaded_within_five_seconds() {
    let project = Project::new()
        .with_fixtures(&["spark", "snowflake", "bigquery"])
        .approving("duckdb", &["duckdb", "spark", "snowflake", "bigquery"]);
    let compiled = project.floe(&["compile", "--format", "json"]).expect(0);
    assert_eq!(compiled.json()["computes"].as_array().map(Vec::len), Some(4));
    assert!(compiled.took < LOADED, "compiled in {:?}", compiled.took);
    let checked = project.floe(&["health", "--format", "json"]).expect(0);
    let health = checked.json();
    let computes = health["computes"].as_array().expect("computes");
    assert!(computes.len() == 4 && computes.iter().all(|compute| compute["status"] == "healthy"), "{health:#}");
    assert!(checked.took < LOADED, "checked in {:?}", checked.took);
}

#[test]
fn errors_in_ten_thousand_transforms_are_shown_within_two_seconds() {
    let project = Project::new().approving("duckdb", &["duckdb"]);
    let mut spec = "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
                    platform: {manifest: manifest.yaml}\ntransforms:\n"
        .to_owned();
    for number in 0..10_000 {
        let compute = if number == 9_999 { "spark" } else { "duckdb" };
        writeln!(spec, "  - {{path: models/marts/m{number:04}.sql, compute: {compute}}}").expect("a text grows");
        project.write(&format!("models/marts/m{number:04}.sql"), "select 1 as id\n");
    }
    project.write("floe.yaml", &spec);
    let run = project.floe(&["compile", "--format", "json"]).expect(1);
    let diagnostics = run.diagnostics();
    assert_eq!(diagnostics.len(), 1, "{}", run.stdout);
    assert_eq!((&diagnostics[0]["code"], &diagnostics[0]["spans"][0]["line"]), (&"F0411".into(), &10_005.into()));
    assert!(run.took < ERRORS, "told after {:?}", run.took);
}
