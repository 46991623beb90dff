//! The settings of a plugin beside the fields of the adapter's own credentials: dbt would ignore a key that it does not
//! know, and a user would miss one that the plugin does not.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use floe_tests::servers::databricks;
use floe_tests::{Project, Run, python, workspace};
use serde_json::Value;

/// Prints the fields and aliases of a credentials class.
fn fields(requirements: &str, module: &str, class: &str) -> BTreeSet<String> {
    let environment =
        python::environment(requirements, &workspace::root().join(format!("scripts/requirements/{requirements}.txt")));
    fields_in(&environment, "pass", module, class)
}

/// The same in an environment, after a line of Python.
fn fields_in(environment: &Path, before: &str, module: &str, class: &str) -> BTreeSet<String> {
    let script = format!(
        "{before}; import dataclasses, json; from {module} import {class} as c; \
         print(json.dumps([f.name for f in dataclasses.fields(c)] + list(c._ALIASES)))"
    );
    let run = Run::of(Command::new(environment.join("bin/python")).args(["-c", &script])).expect(0);
    let names: Vec<String> = serde_json::from_str(&run.stdout).expect("a list of names");
    names.into_iter().filter(|name| !name.starts_with('_')).collect()
}

fn settings(plugin: &str) -> BTreeSet<String> {
    let run = Project::new().floe(&["schema", "plugin", plugin]).expect(0);
    let schema: Value = serde_json::from_str(&run.stdout).expect("a JSON Schema");
    schema["properties"].as_object().expect("properties").keys().cloned().collect()
}

fn compare(plugin: &str, adapter: &BTreeSet<String>, left_out: &[&str]) {
    let ours = settings(plugin);
    let unknown: Vec<_> = ours.difference(adapter).collect();
    assert!(unknown.is_empty(), "dbt does not read {unknown:?}");
    let missing: Vec<_> = adapter.difference(&ours).filter(|name| !left_out.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "the plugin does not take {missing:?}");
}

#[test]
fn redshift_takes_what_dbt_redshift_reads() {
    let adapter = fields("redshift", "dbt.adapters.redshift.connections", "RedshiftCredentials");
    // Another name of `password`.
    compare("redshift", &adapter, &["pass"]);
}

#[test]
fn spark_takes_what_dbt_spark_reads() {
    let adapter = fields("spark", "dbt.adapters.spark.connections", "SparkCredentials");
    // `database` must be the schema or absent; `query_timeout` is floe's `timeout_seconds`.
    compare("spark", &adapter, &["database", "query_timeout"]);
}

#[test]
fn databricks_takes_what_dbt_databricks_reads() {
    let (environment, latest) = (databricks::adapter(), databricks::with_federation());
    let adapter = fields_in(&environment, &latest, "dbt.adapters.databricks.connections", "DatabricksCredentials");
    // dbt-databricks 1.12 reads these and does nothing with them; `oauth_scopes` is for the driver's `use_kernel` alone.
    let idle = ["oauth_redirect_url", "oauth_scopes", "connect_max_idle"];
    // Aliases for macros, of no meaning in a profile.
    compare("databricks", &adapter, &[idle.as_slice(), &["target_catalog"]].concat());
}

#[test]
fn snowflake_takes_what_dbt_snowflake_reads() {
    let adapter = fields("snowflake", "dbt.adapters.snowflake.connections", "SnowflakeCredentials");
    compare("snowflake", &adapter, &[]);
}

#[test]
fn bigquery_takes_what_dbt_bigquery_reads() {
    let adapter = fields("bigquery", "dbt.adapters.bigquery.credentials", "BigQueryCredentials");
    // Old names of the same; floe's own `timeout_seconds` under two names; and names that a profile has no use for.
    let left_out = [
        "retries",
        "dataproc_region",
        "timeout_seconds",
        "job_execution_timeout_seconds",
        "target_project",
        "target_dataset",
    ];
    compare("bigquery", &adapter, &left_out);
}
