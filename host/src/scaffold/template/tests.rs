//! What the plugin answers. `tests/compliance.rs` asks what floe asks of every plugin.

use std::net::TcpListener;

use floe_plugin_api::serde_json::{Value, json};
use floe_plugin_api::{
    CheckRequest, ComputeConfig, ComputePlugin, ConfigSchemaRequest, ConnectionResult,
    ConnectionStatus, DbtPackagesRequest, ProfileRequest, ResourcesRequest, TIMEOUT_NOT_ENFORCED,
    WorkloadSize,
};

use crate::{NAME, Plugin};

/// What floe puts in the place of the password.
const PASSWORD: &str = "{{ env_var('DBT_ENV_SECRET_FLOE_TEST_PASSWORD') }}";

fn compute(port: u16) -> ComputeConfig {
    let settings = json!({
        "host": "127.0.0.1",
        "port": port,
        "user": "dbt",
        "password": PASSWORD,
        "database": "shop",
        "schema": "marts",
    });
    let settings = settings.as_object().cloned().unwrap();
    ComputeConfig::new("test", NAME).with_connection(settings)
}

#[test]
fn the_profile_names_the_adapter_and_holds_no_secret() {
    let request = ProfileRequest::new(compute(1), "shop", "dev", "target/floe/dbt");
    let answer = Plugin.generate_dbt_profile(&request).unwrap();
    let expected = json!({
        "type": "@ADAPTER@",
        "threads": 4,
        "host": "127.0.0.1",
        "port": 1,
        "user": "dbt",
        "password": PASSWORD,
        "database": "shop",
        "schema": "marts",
    });
    assert_eq!(Value::Object(answer.output), expected);
    assert!(answer.warnings.is_empty());
}

#[test]
fn a_timeout_that_nothing_holds_is_told() {
    let limited = compute(1).with_timeout_seconds(60_u32);
    let request = ProfileRequest::new(limited, "shop", "dev", "target/floe/dbt");
    let answer = Plugin.generate_dbt_profile(&request).unwrap();
    assert_eq!(answer.warnings[0].reason, TIMEOUT_NOT_ENFORCED);
}

#[test]
fn settings_are_closed_and_the_password_is_a_secret() {
    let schema = Plugin
        .config_schema(&ConfigSchemaRequest::new())
        .unwrap()
        .schema;
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["password"]["x-floe-secret"], true);
}

#[test]
fn every_package_has_two_bounds() {
    let answer = Plugin
        .get_required_dbt_packages(&DbtPackagesRequest::new(compute(1)))
        .unwrap();
    assert!(
        answer
            .packages
            .iter()
            .all(|package| { package.as_str().contains(">=") && package.as_str().contains(",<") })
    );
}

#[test]
fn larger_work_gets_more_memory() {
    let memory = |size| {
        let request = ResourcesRequest::new(compute(1), size);
        Plugin
            .get_resource_requirements(&request)
            .unwrap()
            .memory_limit
    };
    let sizes = WorkloadSize::ALL.map(memory);
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]));
}

fn check(port: u16) -> ConnectionResult {
    let request = CheckRequest::new(compute(port), "dev", "/", 5_000, "test");
    Plugin.validate_connection(&request).unwrap()
}

#[test]
fn a_server_that_listens_is_reached() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let result = check(server.local_addr().unwrap().port());
    assert_eq!(
        result.status,
        ConnectionStatus::Degraded,
        "{}",
        result.message
    );
    assert_eq!(result.warnings[0].reason, "login_not_tried");
}

#[test]
fn a_port_without_a_server_is_told() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let result = check(port);
    assert_eq!(result.status, ConnectionStatus::Unhealthy);
    assert_eq!(result.reason.as_deref(), Some("refused"));
    assert!(result.help.is_some());
}
