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
use floe_plugin_snowflake::Snowflake;
use serde_json::{Value, json};

pub fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("snow", "snowflake").with_connection(settings.as_object().cloned().unwrap())
}

pub fn profile_request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "sales", "dev", "target/floe/dbt")
}

/// The settings of a compute that logs in by password, with others over them; null takes one away.
pub fn settings(over: &Value) -> Value {
    let mut settings = json!({
        "account": "acme-shop", "user": "dbt", "password": "{{ env_var('DBT_ENV_SECRET_P') }}", "role": "transformer",
        "warehouse": "etl", "database": "lake", "schema": "sales",
    });
    lay(&mut settings, over);
    settings
}

pub fn lay(settings: &mut Value, over: &Value) {
    for (key, value) in over.as_object().unwrap() {
        if value.is_null() {
            settings.as_object_mut().unwrap().shift_remove(key);
        } else {
            settings[key] = value.clone();
        }
    }
}

/// A plugin that sees no variable of this machine.
pub fn seeing_nothing() -> Snowflake {
    Snowflake::seeing(|_| None)
}

pub fn check_by(plugin: &Snowflake, settings: &Value, project: &Path, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", project.to_str().unwrap(), deadline_ms, "01J-test");
    plugin.validate_connection(&request).unwrap()
}

pub fn check(settings: &Value) -> ConnectionResult {
    check_by(&seeing_nothing(), settings, Path::new("/"), 10_000)
}

/// A result as a reader of a health report sees it, without what differs between runs.
pub fn shown(result: &ConnectionResult, ports: &[u16]) -> Value {
    let mut value = serde_json::to_value(result).unwrap();
    for key in ["latency_ms", "reconnected", "connection_kept"] {
        value.as_object_mut().unwrap().shift_remove(key);
    }
    for step in value["steps"].as_array_mut().into_iter().flatten() {
        let ok = if step["ok"] == json!(true) { "ok" } else { "failed" };
        *step = json!(format!("{}: {ok}", step["name"].as_str().unwrap()));
    }
    let mut text = value.to_string();
    for (position, port) in ports.iter().enumerate() {
        text = text.replace(&format!("port {port}"), &format!("port [{position}]"));
        text = text.replace(&format!(":{port}"), &format!(":[{position}]"));
    }
    serde_json::from_str(&text).unwrap()
}
