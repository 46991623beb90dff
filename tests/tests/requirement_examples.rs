//! The YAML examples of the requirement documents, as they stand there (tests/data/requirements). What an example leaves out
//! is put around it; nothing in it is changed. Spark, Snowflake and BigQuery are stand-ins, DuckDB is the plugin.

use std::fs;

use floe_tests::Project;
use floe_tests::redact::redact;
use serde_json::{Value, json};

const REGISTRY: &str = include_str!("../data/requirements/req-021-registry.yaml");
const PER_TRANSFORM: &str = include_str!("../data/requirements/req-022-per-transform.yaml");
const ANTI_PATTERN: &str = include_str!("../data/requirements/req-024-anti-pattern.yaml");
const APPROVED: &str = include_str!("../data/requirements/us-3-approved.txt");

/// A dbt project with the folders that the examples select.
fn project(manifest: &str) -> Project {
    Project::new()
        .with_fixtures(&["spark", "snowflake"])
        .with("models/seeds/countries.sql", "select 'de' as code\n")
        .with("manifest.yaml", &manifest_of(manifest))
}

/// A whole manifest around a part of one.
fn manifest_of(part: &str) -> String {
    format!("apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\n{part}")
}

/// A whole spec around a part of one.
fn spec_of(part: &str) -> String {
    format!(
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
         platform: {{manifest: manifest.yaml}}\n{part}"
    )
}

/// `compute.approved: …` and `compute.default: …`, as the user stories write them.
fn dotted(text: &str) -> String {
    let keys: Vec<_> = text.lines().map(|line| line.strip_prefix("compute.").expect("a key of `compute`")).collect();
    format!("compute:\n  {}\n", keys.join("\n  "))
}

fn artifacts(project: &Project) -> Value {
    let path = project.path("target/floe/compiled_artifacts.json");
    serde_json::from_str(&fs::read_to_string(path).expect("artifacts")).expect("JSON")
}

/// What each transform selects, its compute, and where that came from.
fn choices(artifacts: &Value) -> Vec<[&str; 3]> {
    let transforms = artifacts["transforms"].as_array().expect("transforms");
    let words = |one| ["selects", "compute", "compute_from"].map(|key| word(one, key));
    transforms.iter().map(words).collect()
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// `floe compile` succeeds and has nothing to say beside it.
fn compiles(project: &Project) -> Value {
    let run = project.floe(&["compile", "--format", "json"]).expect(0);
    assert_eq!(run.json()["diagnostics"], json!([]), "{}", run.stdout);
    artifacts(project)
}

#[test]
fn the_registry_of_req_021() {
    let project = project(REGISTRY);
    let artifacts = compiles(&project);
    let registry = &artifacts["compute_registry"];
    assert_eq!(registry["default"], "duckdb");
    assert_eq!(registry["computes"]["duckdb"]["threads"], 8);
    let computes: Vec<_> = registry["computes"].as_object().expect("computes").keys().collect();
    assert_eq!(computes, ["duckdb", "spark"]);
    // Each approved one was loaded: its plugin is there with its digest, and it wrote its profile.
    for plugin in ["duckdb", "spark"] {
        assert!(artifacts["plugins"][plugin]["sha256"].is_string(), "{artifacts:#}");
    }
    let profile = fs::read_to_string(project.path("target/floe/profiles/dev/spark/profiles.yml")).expect("a profile");
    assert!(profile.contains(r#"cluster: "spark.svc""#), "{profile}");
}

#[test]
fn a_default_outside_of_the_registry_of_req_021_is_refused() {
    let project = project(&REGISTRY.replace("default: duckdb", "default: snowflake"));
    insta::assert_snapshot!(redact(&project, &project.floe(&["compile"]).expect(1).transcript()));
}

#[test]
fn the_selection_per_transform_of_req_022() {
    let project = project(REGISTRY).with("floe.yaml", &spec_of(PER_TRANSFORM));
    assert_eq!(
        choices(&compiles(&project)),
        [
            ["models/staging", "spark", "transform"],
            ["models/marts", "duckdb", "transform"],
            ["models/seeds", "duckdb", "default"],
        ]
    );
}

#[test]
fn the_same_compute_in_every_environment() {
    let environments = "environments: [{name: dev}, {name: staging}, {name: prod}]\n";
    let project = project(REGISTRY).with("floe.yaml", &spec_of(&format!("{PER_TRANSFORM}{environments}")));
    let whole = choices(&compiles(&project)).len();
    let all = artifacts(&project)["transforms"].clone();
    assert_eq!(whole, 3);
    for environment in ["dev", "staging", "prod"] {
        let _ = project.floe(&["compile", "--env", environment]).expect(0);
        assert_eq!(artifacts(&project)["transforms"], all, "{environment}");
    }
}

#[test]
fn a_compute_outside_of_the_registry_is_refused_when_compiling() {
    let spec = spec_of(&PER_TRANSFORM.replace("compute: spark ", "compute: snowflake "));
    let project = project(REGISTRY).with("floe.yaml", &spec);
    insta::assert_snapshot!(redact(&project, &project.floe(&["compile"]).expect(1).transcript()));
    assert!(!project.path("target").exists(), "nothing was written");
}

#[test]
fn the_anti_pattern_of_req_024_is_refused_and_the_reason_told() {
    let approved = "compute: {approved: [duckdb, snowflake], default: duckdb}\n";
    let project = project(approved).with("floe.yaml", &spec_of(ANTI_PATTERN));
    let run = project.floe(&["compile"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
    // Both environments, at their lines in the file.
    for line in ["floe.yaml:8:", "floe.yaml:11:"] {
        assert!(run.stderr.contains(line), "{line} in {}", run.stderr);
    }
    assert!(run.stderr.contains("drift"), "{}", run.stderr);
}

#[test]
fn the_approved_computes_of_user_story_3() {
    let spec = spec_of("transforms:\n  - path: models/staging/\n    compute: spark\n  - path: models/marts/\n");
    let project = project(&dotted(APPROVED)).with("floe.yaml", &spec);
    let artifacts = compiles(&project);
    let plugins: Vec<_> = artifacts["plugins"].as_object().expect("plugins").keys().collect();
    assert_eq!(plugins, ["duckdb", "snowflake", "spark"], "all three are found and loaded");
    assert_eq!(
        choices(&artifacts),
        [["models/staging", "spark", "transform"], ["models/marts", "duckdb", "default"]],
        "scenarios 4.1, 3.2 and 4.2"
    );
    // Discovered, loaded, and validated.
    let health = project.floe(&["health", "--format", "json"]).expect(0).json();
    let status: Vec<_> = health["computes"].as_array().expect("computes").iter().map(|one| &one["status"]).collect();
    assert_eq!(status, ["healthy", "healthy", "healthy"], "{health:#}");
}
