//! What the integration tests share: computes, checks, results as a reader sees them.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "test support, of which each program uses a part"
)]

use floe_plugin_api::{CheckRequest, ComputeConfig, ComputePlugin, ConnectionResult, ProfileRequest};
use floe_plugin_spark::Spark;
use serde_json::{Value, json};

pub fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("spark", "spark").with_connection(settings.as_object().cloned().unwrap())
}

pub fn profile_request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "sales", "dev", "target/floe/dbt")
}

pub fn check(settings: &Value) -> ConnectionResult {
    check_within(settings, 10_000)
}

pub fn check_within(settings: &Value, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/nowhere", deadline_ms, "01J-test");
    Spark.validate_connection(&request).unwrap()
}

/// Settings with others over them.
pub fn with(base: &Value, over: &Value) -> Value {
    let mut all = base.clone();
    for (name, value) in over.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
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
    for port in ports {
        text = text.replace(&port.to_string(), "<port>");
    }
    serde_json::from_str(&text).unwrap()
}
