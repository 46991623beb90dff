//! Requests as the host makes them, and results as a reader sees them.

#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests")]

use floe_plugin_api::{CheckRequest, ComputeConfig, ComputePlugin as _, ConnectionResult, ProfileRequest};
use floe_plugin_redshift::Redshift;
use serde_json::Value;

pub(crate) fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("wh", "redshift").with_connection(settings.as_object().unwrap().clone())
}

pub(crate) fn profile_request(settings: &Value) -> ProfileRequest {
    ProfileRequest::new(compute(settings), "sales", "dev", "target/floe/dbt")
}

pub(crate) fn check_within(settings: &Value, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/", deadline_ms, "01J-test");
    Redshift.validate_connection(&request).unwrap()
}
