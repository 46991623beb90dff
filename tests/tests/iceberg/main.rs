//! An Iceberg catalog under DuckDB: a real catalog with a real storage, stock dbt, and an independent reader.

mod build;
mod health;
mod refused;
mod statements;
mod vended;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use floe::diagnostics::Diagnostic;
use floe::plugins::{Launcher, PluginHost, SearchOptions};
use floe_plugin_api::Request;
use floe_tests::servers::iceberg::{self, CLIENT_ID, CLIENT_SECRET, Catalog};
use floe_tests::{Project, Run, dbt, dist};

/// The variable of the manifests here.
const VARIABLE: &str = "LAKE_SECRET";

/// What dbt reads in its place.
const OF_DBT: &str = "DBT_ENV_SECRET_FLOE__CATALOG_OAUTH2_CLIENT_SECRET";

/// dbt on DuckDB, with the extensions as packages.
fn environment() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| iceberg::environment(""))
}

/// Its extensions, as an offline site has them.
fn extensions() -> &'static Path {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    MADE.get_or_init(|| iceberg::extensions(environment())).path()
}

/// How the manifest logs in.
fn oauth2() -> String {
    format!("oauth2: {{client_id: {CLIENT_ID}, client_secret: {{secret: {{source: env, name: {VARIABLE}}}}}}}")
}

/// A manifest with one DuckDB that builds in a schema of the catalog `lake`.
fn manifest(uri: &str, schema: &str, login: &str) -> String {
    format!(
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\nplugins:\n  compute:\n    \
         approved:\n      - name: duckdb\n        config:\n          database: lake\n          schema: {schema}\n          \
         threads: 1\n          config_options: {{extension_directory: {}}}\n    default: duckdb\n  catalog:\n    \
         type: rest\n    name: lake\n    config:\n      uri: {uri}\n      warehouse: warehouse\n      {login}\n",
        extensions().display()
    )
}

/// A product on a catalog.
fn on(project: Project, catalog: &Catalog, schema: &str) -> Project {
    project.with("manifest.yaml", &manifest(&catalog.uri(), schema, &oauth2()))
}

/// Runs with the client's secret under its variables, where they have no value yet, and shows that neither it nor a token is shown.
fn run(command: &mut Command) -> Run {
    // What this machine itself says of proxies is none of the test's.
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    for name in [VARIABLE, OF_DBT] {
        if !command.get_envs().any(|(given, _)| given == name) {
            command.env(name, CLIENT_SECRET);
        }
    }
    let run = Run::of(command);
    for text in [&run.stdout, &run.stderr] {
        assert!(!holds_a_secret(text), "a secret is shown:\n{}", run.transcript());
    }
    run
}

/// The client's secret, or the beginning of a JSON Web Token: the catalog's tokens and the storage's session tokens are such.
fn holds_a_secret(text: &str) -> bool {
    text.contains(CLIENT_SECRET) || text.contains("eyJhbGci")
}

fn floe(project: &Project, arguments: &[&str]) -> Run {
    run(&mut project.command(arguments))
}

fn run_dbt(project: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let profiles = project.path("target/floe/profiles/dev/duckdb");
    let program = environment().join("bin/dbt");
    run(dbt::command(&program, &project.product(), &profiles, arguments).envs(variables.iter().copied()))
}

/// Asks the DuckDB plugin that is shipped, across the ABI.
fn ask<R: Request>(request: &R) -> Result<R::Response, Diagnostic> {
    let options = SearchOptions { plugins_dir: Some(dist::dist().join("plugins")), ..SearchOptions::default() };
    let host = PluginHost::discover(&options, Launcher::new(dist::floe()));
    let plugin = host.find("duckdb").expect("it is shipped");
    let mut worker = host.start(plugin).expect("it starts");
    let answer = worker.call(request, Duration::from_secs(15));
    let said = worker.finish();
    assert!(said.is_empty(), "it ends with {said:?}");
    answer
}
