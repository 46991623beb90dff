//! Running across computes: a real Spark and a real DuckDB on one Iceberg catalog, driven by floe, read by PyIceberg.

mod environments;
mod failures;
mod flow;
mod kinds;
mod moved;
mod refused;
mod two_files;

use std::path::Path;
use std::sync::OnceLock;

use floe_tests::outcomes::{plain, results, rows_of_file};
use floe_tests::servers::iceberg::{self, CLIENT_ID, CLIENT_SECRET, Catalog};
use floe_tests::servers::spark;
use floe_tests::{Project, Run};
use serde_json::Value;

/// The variable of the manifest with the catalog's secret.
const VARIABLE: &str = "LAKE_SECRET";

/// The extensions of DuckDB, as an offline site has them.
fn extensions() -> &'static Path {
    static MADE: OnceLock<tempfile::TempDir> = OnceLock::new();
    MADE.get_or_init(|| iceberg::extensions(&iceberg::environment(""))).path()
}

/// A manifest with a DuckDB and a Spark that both build in a schema of the catalog `lake`. More settings of each may follow.
fn manifest(schema: &str, duckdb: &str, spark_schema: &str, spark: &str) -> String {
    format!(
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme, version: 1.0.0}}\nplugins:\n  compute:\n    \
         approved:\n      - name: duckdb\n        {duckdb}\n        config:\n          database: lake\n          schema: {schema}\n          \
         threads: 1\n          config_options: {{extension_directory: {}}}\n      - name: spark\n        {spark}\n        config: \
         {{method: thrift, host: 127.0.0.1, port: {}, user: dbt, schema: {spark_schema}, threads: 2}}\n    \
         default: duckdb\n  catalog:\n    type: rest\n    name: lake\n    config:\n      uri: {}\n      \
         warehouse: warehouse\n      oauth2: {{client_id: {CLIENT_ID}, client_secret: {{secret: {{source: env, name: {VARIABLE}}}}}}}\n",
        extensions().display(),
        spark::iceberg::shared().port,
        Catalog::shared().uri(),
    )
}

/// A project without models, on both engines, in a schema of its own.
fn project(schema: &str) -> Project {
    let project = Project::new()
        .with_environments(&[("duckdb", "duckdb"), ("spark", "spark")])
        .with("manifest.yaml", &manifest(schema, "", &format!("lake.{schema}"), ""))
        .with(
            "dbt_project.yml",
            "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table, +file_format: iceberg}}\n\
             seeds: {shop: {+file_format: iceberg}}\nsnapshots: {shop: {+file_format: iceberg}}\n",
        );
    std::fs::remove_dir_all(project.path("models")).expect("it was there");
    project
}

/// Writes a spec whose transforms are lines of YAML.
fn spec(project: &Project, transforms: &[&str]) {
    let transforms = transforms.join("\n  - ");
    project.write(
        "floe.yaml",
        &format!(
            "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {{name: shop, version: 1.0.0}}\n\
             platform: {{manifest: manifest.yaml}}\ntransforms:\n  - {transforms}\n"
        ),
    );
}

/// Lets Spark build through its session catalog and read DuckDB's tables by a prefix, and DuckDB read Spark's in the catalog.
fn with_session(project: Project, schema: &str) -> Project {
    let reads = ("reads: {spark: {catalog: lake}}", "reads: {duckdb: {schema_prefix: lake.}}");
    project.with("manifest.yaml", &manifest(schema, reads.0, schema, reads.1))
}

/// Runs floe with the catalog's secret, which is shown nowhere.
fn floe(project: &Project, arguments: &[&str]) -> Run {
    floe_as(project, "ann", arguments)
}

/// The same, for one of several people.
fn floe_as(project: &Project, who: &str, arguments: &[&str]) -> Run {
    let mut command = project.command(arguments);
    command.env("WHO", who);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env_remove("FLOE_PLUGIN_PATH").env(VARIABLE, CLIENT_SECRET);
    let run = Run::of(&mut command);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains(CLIENT_SECRET), "the secret is shown:\n{}", run.transcript());
    }
    run
}

/// The rows of a table, as PyIceberg reads them.
fn rows(table: &str) -> Vec<Value> {
    Catalog::shared().read(&[table])[table]["rows"].as_array().expect("rows").clone()
}
