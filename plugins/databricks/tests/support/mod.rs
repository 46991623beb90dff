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
use floe_tests::servers::databricks as servers;
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

pub const TOKEN: &str = "dapi0123456789abcdef";
pub const CLIENT: &str = "5f0d1c2b-9a7e-4d3c-8b6a-0e1f2d3c4b5a";
pub const SECRET: &str = "dose0123456789abcdef";
pub const AZURE_SECRET: &str = "abc8Q~0123456789abcdef";

/// A workspace that knows a user with a token, a service principal and an application of Microsoft Entra ID; with other
/// settings of the gate over that.
pub fn workspace(over: &Value) -> servers::Databricks {
    let known = json!({
        "tokens": {TOKEN: "ada@example.com"}, "clients": {CLIENT: SECRET}, "azure": {"a2u4": AZURE_SECRET},
        "clusters": {"0801-brew": "RUNNING", "0802-off": "TERMINATED", "0803-soon": "PENDING", "0804-odd": "UNKNOWN"},
    });
    servers::Databricks::start(&merged(&known, over))
}

/// The settings of a compute on a workspace without TLS, that logs in by a token, with others over them.
pub fn here(workspace: &servers::Databricks, over: &Value) -> Value {
    let base = format!("http://127.0.0.1:{}", workspace.port());
    let own = json!({
        "host": base, "token": TOKEN, "catalog": servers::CATALOG, "schema": servers::SCHEMA,
        "http_path": format!("/sql/1.0/warehouses/{}", servers::RUNNING),
        "connection_parameters": {"_connection_uri": format!("{base}/sql/1.0/warehouses/x")},
    });
    merged(&own, over)
}

/// What has a compute log in as the service principal.
pub fn by_secret(over: &Value) -> Value {
    merged(&json!({"token": null, "auth_type": "oauth", "client_id": CLIENT, "client_secret": SECRET}), over)
}

pub fn check(plugin: &Databricks, settings: &Value) -> ConnectionResult {
    check_config(plugin, compute(settings), Path::new("/"), 10_000)
}

/// A result as a reader of a health report sees it, without what differs between runs, and without secrets.
pub fn shown(result: &ConnectionResult, ports: &[u16]) -> Value {
    let value = floe_tests::results::shown(result, ports);
    let text = value.to_string();
    for secret in [TOKEN, SECRET, AZURE_SECRET, "hunter2"] {
        assert!(!text.contains(secret), "a secret is shown: {text}");
    }
    value
}

/// A refusal or warning alone: status, reason, message, help; then the warnings.
pub fn told(result: &ConnectionResult, ports: &[u16]) -> Value {
    let shown = shown(result, ports);
    let of = |value: &Value| [&value["reason"], &value["message"], &value["help"]].map(Clone::clone);
    let warnings: Vec<_> = shown["warnings"].as_array().into_iter().flatten().map(of).collect();
    json!([shown["status"], of(&shown), warnings])
}

/// What a workspace was asked, as it concerns the reader; fails where that could start or change anything.
pub fn asked(workspace: &servers::Databricks) -> Vec<String> {
    let asked = workspace.asked();
    for request in &asked {
        let grants = request.method == "POST" && request.path.ends_with("/token");
        let reads =
            request.method == "GET" && !request.path.contains("/statements") && !request.path.starts_with("/sql/");
        assert!(grants || reads, "a check asked {request}");
    }
    asked.iter().map(|request| format!("{request} {}", request.noted)).collect()
}
