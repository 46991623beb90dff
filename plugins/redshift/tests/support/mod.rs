//! Requests as the host makes them, and results as a reader sees them.

#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests")]

use floe_plugin_api::{CheckRequest, ComputeConfig, ComputePlugin as _, ConnectionResult, ProfileRequest};
use floe_plugin_redshift::Redshift;
use serde_json::{Value, json};

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

/// A result without what differs between runs.
pub(crate) fn shown(result: &ConnectionResult, port: u16) -> Value {
    let steps: Vec<_> =
        result.steps.iter().map(|step| format!("{}: {}", step.name, if step.ok { "ok" } else { "failed" })).collect();
    let value = json!({
        "status": result.status, "kind": result.kind, "reason": result.reason, "message": result.message,
        "help": result.help, "warnings": result.warnings, "details": result.details, "steps": steps,
    });
    serde_json::from_str(&value.to_string().replace(&format!("port {port}"), "port [port]")).unwrap()
}
