//! Databricks through the binary, with stock dbt-databricks: a workspace put together from brickhouse, a real Spark and a
//! gate that verifies every token by PyJWT, reached by https at hosts as Databricks names them.

use std::path::{Path, PathBuf};
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::servers::databricks::{self, Databricks, Road};
use floe_tests::{Project, Run, dbt, python, workspace};
use serde_json::{Value, json};

const HOST: &str = "dbc-1a2b3c4d-5e6f.cloud.databricks.com";
const ON_AZURE: &str = "adb-1234567890123456.7.azuredatabricks.net";
const MICROSOFT: &str = "login.microsoftonline.com";
const TOKEN: &str = "dapi0123456789abcdef";
const CLIENT: &str = "5f0d1c2b-9a7e-4d3c-8b6a-0e1f2d3c4b5a";
const SECRET: &str = "dose0123456789abcdef";
const AZURE_SECRET: &str = "abc8Q~0123456789abcdef";
const WRONG: &str = "dosen0t-the-secret";

fn dbt_databricks() -> PathBuf {
    python::environment("databricks", &workspace::root().join("scripts/requirements/databricks.txt")).join("bin/dbt")
}

/// What the gate knows.
fn known() -> Value {
    json!({
        "scheme": "https", "tokens": {TOKEN: "ada@example.com"}, "clients": {CLIENT: SECRET},
        "azure": {CLIENT: AZURE_SECRET}, "clusters": {"0801-brew": "RUNNING"},
    })
}

/// A product on one workspace, with settings in YAML.
fn on(host: &str, login: &str, more: &str) -> Project {
    let path = format!("/sql/1.0/warehouses/{}", databricks::brickhouse().running);
    let path = if more.contains("http_path") { String::new() } else { format!("http_path: {path}, ") };
    let config = format!("{{host: {host}, {path}catalog: lake, schema: marts, {login}{more}}}");
    let project = Project::new().approving("databricks", &[&format!("{{name: databricks, config: {config}}}")]);
    let _ = project.floe(&["compile"]).expect(0);
    project
}

fn secret(key: &str) -> String {
    format!("{key}: {{secret: {{source: env, name: DATABRICKS_SECRET}}}}")
}

/// Runs by a road to the workspace, with secrets in the environment, and shows that they appear nowhere.
fn run(command: &mut Command, road: &Road, variables: &[(&str, &str)]) -> Run {
    // What this machine itself says is none of the test's.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env("HTTPS_PROXY", road.proxy()).env("SSL_CERT_FILE", &road.trusted).env("REQUESTS_CA_BUNDLE", &road.trusted);
    let run = Run::of(command.envs(variables.iter().copied()));
    for secret in [TOKEN, SECRET, AZURE_SECRET, WRONG] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "a secret is shown:\n{}", run.transcript());
    }
    run
}

fn health(project: &Project, road: &Road, value: &str) -> Value {
    let variables = [("DATABRICKS_SECRET", value)];
    run(&mut project.command(&["health", "--format", "json"]), road, &variables).json()["computes"][0].clone()
}

/// What a person sees.
fn seen(project: &Project, road: &Road, value: &str) -> String {
    redact(project, &run(&mut project.command(&["health"]), road, &[("DATABRICKS_SECRET", value)]).transcript())
}

fn debug(project: &Project, road: &Road, key: &str, value: &str) -> Run {
    let profiles = project.path("target/floe/profiles/dev/databricks");
    let name = format!("DBT_ENV_SECRET_FLOE_DATABRICKS_{key}");
    let mut command = dbt::command(&dbt_databricks(), &project.product(), &profiles, &["debug"]);
    run(&mut command, road, &[(name.as_str(), value)])
}

fn passes(run: &Run) {
    assert!(run.code() == Some(0) && run.stdout.contains("All checks passed!"), "{}", run.transcript());
}

#[test]
fn a_token() {
    let workspace = Databricks::with_spark(&known());
    let road = Road::to(&workspace, &[HOST]);
    let project = on(HOST, &secret("token"), "");
    let debug = debug(&project, &road, "TOKEN", TOKEN);
    for asked in workspace.asked() { println!("{asked} {}", asked.noted); }
    println!("{:?}", road.tunnels());
    passes(&debug);
    let found = health(&project, &road, TOKEN);
    assert_eq!(found["status"], "healthy", "{found:#}");
}
