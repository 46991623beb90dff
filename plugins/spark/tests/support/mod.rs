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
use serde_json::Value;

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
