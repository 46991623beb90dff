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
use floe_plugin_trino::Trino;
use serde_json::{Value, json};

pub fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("trino", "trino").with_connection(settings.as_object().cloned().unwrap())
}

pub fn profile_request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "sales", "dev", "target/floe/dbt")
}

/// The settings of a compute on a port of this machine, with others over them.
pub fn settings(port: u16, over: &Value) -> Value {
    let mut settings = json!({"host": "127.0.0.1", "port": port, "user": "dbt", "database": "lake", "schema": "sales"});
    for (key, value) in over.as_object().unwrap() {
        if value.is_null() {
            settings.as_object_mut().unwrap().shift_remove(key);
        } else {
            settings[key] = value.clone();
        }
    }
    settings
}

pub fn check_config(config: ComputeConfig, project: &Path, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(config, "dev", project.to_str().unwrap(), deadline_ms, "01J-test");
    seeing_nothing().validate_connection(&request).unwrap()
}

/// A plugin that sees no variable of this machine.
pub fn seeing_nothing() -> Trino {
    Trino::seeing(|_| None)
}

pub fn check(settings: &Value) -> ConnectionResult {
    check_config(compute(settings), Path::new("/"), 10_000)
}
