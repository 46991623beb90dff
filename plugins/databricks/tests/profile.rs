//! The profile, the schema, the packages and the pods.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{
    ComputePlugin, ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize,
};
use serde_json::{Value, json};
use support::{compute, merged, profile_request, secret, seeing_nothing, settings};

fn profile(settings: &Value) -> Value {
    let response = seeing_nothing().generate_dbt_profile(&profile_request(compute(settings))).unwrap();
    serde_json::to_value(response).unwrap()
}

/// The settings of each way to log in, as the host sends them: secrets are dbt expressions.
fn logins() -> Vec<(&'static str, Value)> {
    let without = |over: Value| settings(&merged(&json!({"token": null}), &over));
    let azure = "adb-1234567890123456.7.azuredatabricks.net";
    vec![
        ("token", settings(&json!({}))),
        (
            "secret",
            without(json!({"auth_type": "oauth", "client_id": "d0a5", "client_secret": secret("CLIENT_SECRET")})),
        ),
        (
            "azure",
            without(json!({
                "host": azure, "auth_type": "oauth", "azure_client_id": "a2u4",
                "azure_client_secret": secret("AZURE_CLIENT_SECRET"),
            })),
        ),
        ("env_oidc", without(json!({"auth_type": "env-oidc", "client_id": "d0a5"}))),
        (
            "file_oidc",
            without(json!({"auth_type": "file-oidc", "client_id": "d0a5", "oidc_token_filepath": "/run/secrets/oidc"})),
        ),
        ("browser", without(json!({"auth_type": "oauth"}))),
    ]
}

/// What does not depend on the login, all of it.
fn everything() -> Value {
    settings(&json!({
        "compute": {
            "big": {"http_path": "/sql/1.0/warehouses/4d5e6f"},
            "python": {"http_path": "sql/protocolv1/o/42/0801-brew"},
        },
        "session_properties": {"ansi_mode": true, "timezone": "UTC", "use_cached_result": false},
        "connection_parameters": {
            "_socket_timeout": 300, "use_cloud_fetch": false, "_tls_trusted_ca_file": "certs/ca.pem",
            "http_headers": {"X-Access-Token": secret("GATE")},
        },
        "query_tags": {"team": "sales", "cost_center": "42"},
        "connect_retries": 3, "connect_timeout": 60, "retry_all": true,
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
        json!({"host": null}),
        json!({"http_path": null}),
        json!({"schema": null}),
        json!({"catalog": ""}),
        json!({"warehouse": "1a2b3c"}),
        json!({"auth_type": "pat"}),
        json!({"oauth_redirect_url": "http://localhost:8020"}),
        json!({"compute": {"big": "/sql/1.0/warehouses/4d5e6f"}}),
        json!({"compute": {"big": {"path": "/sql/1.0/warehouses/4d5e6f"}}}),
        json!({"session_properties": {"deep": {"er": 1}}}),
        json!({"query_tags": {"team": 1}}),
        json!({"connect_retries": -1}),
        json!({"retry_all": "yes"}),
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
    assert_eq!(of("x-floe-secret"), ["token: true", "client_secret: true", "azure_client_secret: true"]);
    assert_eq!(of("x-floe-path"), ["oidc_token_filepath: true"]);
    insta::assert_json_snapshot!(of("x-floe-role"));
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
    assert_eq!(profile(&everything()).to_string(), profile(&everything()).to_string());
}

/// A warehouse holds `timeout_seconds`, a cluster does not, and dbt has no limit for opening a session.
#[test]
fn limits_become_what_the_adapter_has() {
    let cluster = json!({"http_path": "sql/protocolv1/o/42/0801-brew"});
    let told = [json!({}), cluster, everything()].map(|over| {
        let config = compute(&settings(&over)).with_timeout_seconds(900_u32).with_connect_timeout_seconds(10_u32);
        let response = seeing_nothing().generate_dbt_profile(&profile_request(config)).unwrap();
        let properties = &response.output.get("session_properties");
        json!({"timeout": response.timeout, "session_properties": properties, "warnings": response.warnings})
    });
    insta::assert_json_snapshot!(told);
}

#[test]
fn trust_in_everyone_is_told() {
    insta::assert_json_snapshot!(
        profile(&settings(&json!({"connection_parameters": {"_tls_no_verify": true}})))["warnings"]
    );
}

#[test]
fn expressions_of_dbt_pass_through() {
    let over = json!({
        "host": "{{ env_var('H') }}", "http_path": "{{ env_var('P') }}", "schema": "{{ env_var('S', 'a.b') }}",
        "catalog": "{{ env_var('C') }}", "query_tags": "{{ env_var('T') }}", "retry_all": "{{ env_var('A') | as_bool }}",
        "connect_retries": "{{ env_var('R') | int }}", "compute": {"big": {"http_path": "{{ env_var('B') }}"}},
        "session_properties": {"statement_timeout": "{{ env_var('L') }}"},
        "connection_parameters": {"_connection_uri": "{{ env_var('U') }}"},
    });
    let output = &profile(&settings(&over))["output"];
    for (key, value) in over.as_object().unwrap() {
        assert_eq!(&output[key], value);
    }
}

#[test]
fn packages() {
    let packages: Vec<Value> = logins()
        .into_iter()
        .map(|(name, settings)| {
            let request = DbtPackagesRequest::new(compute(&settings));
            json!([name, seeing_nothing().get_required_dbt_packages(&request).unwrap()])
        })
        .collect();
    for text in packages.iter().flat_map(|answer| answer[1]["packages"].as_array().unwrap()) {
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
