//! The profile, the schema, the packages and the pods.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{
    ComputePlugin, ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize,
};
use serde_json::{Value, json};
use support::{compute, profile_request, seeing_nothing, settings};

fn profile(settings: &Value) -> Value {
    let response = seeing_nothing().generate_dbt_profile(&profile_request(compute(settings))).unwrap();
    serde_json::to_value(response).unwrap()
}

fn secret(name: &str) -> String {
    format!("{{{{ env_var('DBT_ENV_SECRET_FLOE_SNOW_{name}') }}}}")
}

/// The settings of each way to log in, as the host sends them: secrets are dbt expressions.
fn logins() -> Vec<(&'static str, Value)> {
    let with = |over: Value| settings(&over);
    let without = |over: Value| {
        let mut all = json!({"password": null});
        support::lay(&mut all, &over);
        all["password"] = Value::Null;
        settings(&all)
    };
    let token = secret("TOKEN");
    vec![
        ("password", with(json!({}))),
        ("password_said", with(json!({"authenticator": "snowflake"}))),
        ("mfa", with(json!({"authenticator": "username_password_mfa"}))),
        (
            "key_file",
            without(json!({"private_key_path": "keys/dbt.p8", "private_key_passphrase": secret("PASSPHRASE")})),
        ),
        ("key", without(json!({"private_key": secret("KEY"), "authenticator": "snowflake_jwt"}))),
        ("oauth", without(json!({"authenticator": "oauth", "user": null, "token": token}))),
        (
            "oauth_refresh",
            without(json!({"authenticator": "oauth", "token": token, "oauth_client_id": "id",
                           "oauth_client_secret": secret("CLIENT")})),
        ),
        ("jwt", without(json!({"authenticator": "jwt", "user": null, "token": token}))),
        ("access_token", without(json!({"authenticator": "programmatic_access_token", "token": token}))),
        (
            "workload_oidc",
            without(json!({"authenticator": "workload_identity", "user": null, "workload_identity_provider": "OIDC",
                           "token": token})),
        ),
        (
            "workload_azure",
            without(json!({"authenticator": "workload_identity", "user": null, "workload_identity_provider": "azure",
                           "workload_identity_entra_resource": "api://floe",
                           "platform_detection_timeout_seconds": 0.2})),
        ),
        ("external_browser", without(json!({"authenticator": "externalbrowser"}))),
        ("oauth_browser", without(json!({"authenticator": "oauth_authorization_code"}))),
        ("okta", with(json!({"authenticator": "https://acme.okta.com"}))),
    ]
}

/// What does not depend on the login, all of it.
fn everything() -> Value {
    settings(&json!({
        "account": "acme-shop.privatelink", "query_tag": "nightly", "client_session_keep_alive": true,
        "host": "snow.internal", "port": 8443, "protocol": "https", "proxy_host": "proxy.internal", "proxy_port": 3128,
        "connect_retries": 3, "connect_timeout": 5, "retry_on_database_errors": true, "retry_all": false,
        "insecure_mode": false, "reuse_connections": false, "s3_stage_vpce_dns_name": "vpce.internal",
        "platform_detection_timeout_seconds": 0,
    }))
}

#[test]
fn metadata() {
    insta::assert_json_snapshot!(seeing_nothing().metadata(&MetadataRequest::new()).unwrap());
}

#[test]
fn schema() {
    insta::assert_json_snapshot!(seeing_nothing().config_schema(&ConfigSchemaRequest::new()).unwrap().schema);
}

#[test]
fn the_schema_takes_what_the_profile_takes_and_nothing_else() {
    let schema = seeing_nothing().config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for settings in logins().into_iter().map(|(_, settings)| settings).chain([everything()]) {
        let errors: Vec<String> = validator.iter_errors(&settings).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    for wrong in [
        json!({"account": null}),
        json!({"account": ""}),
        json!({"database": null}),
        json!({"schema": null}),
        json!({"port": 0}),
        json!({"port": 65_536}),
        json!({"region": "eu-central-1"}),
        json!({"method": "password"}),
        json!({"authenticator": ""}),
        json!({"client_session_keep_alive": "yes"}),
        json!({"connect_retries": -1}),
        json!({"platform_detection_timeout_seconds": -0.5}),
        json!({"proxy_user": "floe"}),
        json!({"timeout_seconds": 900}),
    ] {
        assert!(!validator.is_valid(&settings(&wrong)), "{wrong}");
    }
}

/// Every key has a description that an editor can show, and the keys of a role say so.
#[test]
fn every_key_is_described() {
    let schema = seeing_nothing().config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    let properties = schema["properties"].as_object().unwrap();
    let bare: Vec<&String> = properties
        .iter()
        .filter(|(_, property)| property["description"].as_str().is_none_or(str::is_empty))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(bare, Vec::<&String>::new());
    let of = |keyword: &str| {
        let marked = properties.iter().filter(|(_, property)| property.get(keyword).is_some());
        marked.map(|(name, property)| format!("{name}: {}", property[keyword])).collect::<Vec<_>>()
    };
    insta::assert_json_snapshot!(["x-floe-role", "x-floe-secret", "x-floe-path", "x-floe-unit"].map(of));
}

#[test]
fn profiles_of_the_logins() {
    for (name, settings) in logins() {
        insta::assert_json_snapshot!(format!("profile_of_{name}"), profile(&settings));
    }
}

#[test]
fn profile_of_everything() {
    insta::assert_json_snapshot!(profile(&everything()));
}

#[test]
fn the_same_settings_give_the_same_profile_byte_for_byte() {
    assert_eq!(profile(&everything()).to_string(), profile(&everything()).to_string());
}

/// dbt-snowflake has no key for either limit.
#[test]
fn limits_that_the_adapter_does_not_have_are_told() {
    let config = compute(&settings(&json!({}))).with_timeout_seconds(900_u32).with_connect_timeout_seconds(10_u32);
    let response = seeing_nothing().generate_dbt_profile(&profile_request(config)).unwrap();
    assert_eq!(response.output.get("connect_timeout"), None);
    insta::assert_json_snapshot!(json!({"timeout": response.timeout, "warnings": response.warnings}));
}

#[test]
fn what_works_and_is_seldom_meant_is_told() {
    let told: Vec<Value> = [
        json!({"account": "acme.shop"}),
        json!({"protocol": "http"}),
        json!({"protocol": "http", "host": "127.0.0.1"}),
        json!({"client_session_keep_alive": true, "reuse_connections": true}),
    ]
    .iter()
    .map(|over| json!([over, profile(&settings(over))["warnings"]]))
    .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn expressions_of_dbt_pass_through() {
    let over = json!({
        "account": "{{ env_var('A') }}", "host": "{{ env_var('H') }}", "port": "{{ env_var('P') | int }}",
        "proxy_host": "{{ env_var('PH') }}", "proxy_port": "{{ env_var('PP') | int }}",
        "retry_all": "{{ env_var('R') | as_bool }}", "connect_retries": "{{ env_var('C') | int }}",
        "platform_detection_timeout_seconds": "{{ env_var('S') | as_number }}",
    });
    let output = &profile(&settings(&over))["output"];
    for (key, value) in over.as_object().unwrap() {
        assert_eq!(&output[key], value);
    }
}

#[test]
fn packages() {
    let request = DbtPackagesRequest::new(compute(&settings(&json!({}))));
    let packages = serde_json::to_value(seeing_nothing().get_required_dbt_packages(&request).unwrap()).unwrap();
    for text in packages["packages"].as_array().unwrap() {
        let requirement: pep508_rs::Requirement = text.as_str().unwrap().parse().unwrap();
        assert!(requirement.version_or_url.is_some());
    }
    insta::assert_json_snapshot!(packages);
}

#[test]
fn pods() {
    let pods: Vec<Value> = WorkloadSize::ALL
        .into_iter()
        .map(|size| {
            let request = ResourcesRequest::new(compute(&settings(&json!({}))), size);
            json!([size, seeing_nothing().get_resource_requirements(&request).unwrap()])
        })
        .collect();
    insta::assert_json_snapshot!(pods);
}
