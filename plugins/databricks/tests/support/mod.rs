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
use floe_plugin_databricks::Databricks;
use serde_json::{Value, json};

pub fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("databricks", "databricks").with_connection(settings.as_object().cloned().unwrap())
}

pub fn profile_request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "sales", "dev", "target/floe/dbt")
}

pub fn secret(name: &str) -> String {
    format!("{{{{ env_var('DBT_ENV_SECRET_FLOE_DATABRICKS_{name}') }}}}")
}

/// The settings of a compute that logs in by a token, with others over them.
pub fn settings(over: &Value) -> Value {
    merged(
        &json!({
            "host": "dbc-1a2b.cloud.databricks.com", "http_path": "/sql/1.0/warehouses/1a2b3c", "catalog": "lake",
            "schema": "sales", "token": secret("TOKEN"),
        }),
        over,
    )
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
pub fn seeing_nothing() -> Databricks {
    Databricks::seeing(|_| None)
}

pub fn check_config(plugin: &Databricks, config: ComputeConfig, project: &Path, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(config, "dev", project.to_str().unwrap(), deadline_ms, "01J-test");
    plugin.validate_connection(&request).unwrap()
}
