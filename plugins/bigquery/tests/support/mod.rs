//! What the integration tests share: computes, checks.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "test support, of which each program uses a part"
)]

use std::path::Path;

use floe_plugin_api::{CheckRequest, ComputeConfig, ComputePlugin, ConnectionResult, ProfileRequest};
use floe_plugin_bigquery::BigQuery;
use serde_json::{Value, json};

pub fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("bigquery", "bigquery").with_connection(settings.as_object().cloned().unwrap())
}

pub fn profile_request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "sales", "dev", "target/floe/dbt")
}

pub fn secret(name: &str) -> String {
    format!("{{{{ env_var('DBT_ENV_SECRET_FLOE_BIGQUERY_{name}') }}}}")
}

/// The settings of a compute that takes what the machine has, with others over them.
pub fn settings(over: &Value) -> Value {
    merged(&json!({"method": "oauth", "project": "nimbus", "dataset": "marts"}), over)
}

pub fn merged(settings: &Value, over: &Value) -> Value {
    let mut settings = settings.clone();
    for (key, value) in over.as_object().unwrap() {
        if value.is_null() {
            settings.as_object_mut().unwrap().shift_remove(key);
        } else {
            settings[key] = value.clone();
        }
    }
    settings
}

/// A plugin that sees no variable of this machine.
pub fn seeing_nothing() -> BigQuery {
    BigQuery::seeing(|_| None)
}

/// A plugin that sees these variables and no others.
pub fn seeing(variables: &[(&str, String)]) -> BigQuery {
    let held: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    BigQuery::seeing(move |asked| held.iter().find(|(name, _)| name == asked).map(|(_, value)| value.clone()))
}

pub fn check(plugin: &BigQuery, settings: &Value, project: &Path) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", project.to_str().unwrap(), 10_000, "01J-test");
    plugin.validate_connection(&request).unwrap()
}
