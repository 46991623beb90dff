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
    format!("{{{{ env_var('DBT_ENV_SECRET_FLOE_TRINO_{name}') }}}}")
}

/// The settings of each method, as the host sends them: secrets are dbt expressions.
fn methods() -> Vec<(&'static str, Value)> {
    let with = |over: Value| settings(8443, &over);
    let kerberos = json!({
        "principal": "dbt@EXAMPLE.COM", "krb5_config": "krb5.conf", "service_name": "trino", "force_preemptive": true,
        "hostname_override": "trino.internal", "sanitize_mutual_error_response": false, "delegate": true,
    });
    let ticket = |method: &str, over: Value| {
        let mut all = kerberos.clone();
        all["method"] = json!(method);
        all.as_object_mut().unwrap().extend(over.as_object().cloned().unwrap());
        with(all)
    };
    vec![
        ("none", with(json!({}))),
        ("none_https", with(json!({"http_scheme": "https", "cert": "certs/ca.pem"}))),
        ("ldap", with(json!({"method": "ldap", "password": secret("PASSWORD"), "impersonation_user": "sales"}))),
        ("jwt", with(json!({"method": "jwt", "user": null, "jwt_token": secret("JWT_TOKEN")}))),
        (
            "certificate",
            with(
                json!({"method": "certificate", "client_certificate": "tls/dbt.pem", "client_private_key": "tls/dbt.key"}),
            ),
        ),
        ("kerberos", ticket("kerberos", json!({"keytab": "dbt.keytab", "mutual_authentication": true}))),
        ("gssapi", ticket("gssapi", json!({"mutual_authentication": "REQUIRED"}))),
        ("oauth", with(json!({"method": "oauth"}))),
        ("oauth_console", with(json!({"method": "oauth_console", "user": null}))),
    ]
}

/// What does not depend on the method, all of it.
fn everything() -> Value {
    settings(
        8443,
        &json!({
            "http_scheme": "https", "roles": {"system": "analyst", "hive": "NONE"}, "cert": false,
            "suppress_cert_warning": true,
            "http_headers": {"X-Trino-Client-Info": "nightly", "CF-Access-Token": secret("CF")},
            "session_properties": {"query_max_execution_time": "1h", "task_concurrency": 8, "spill_enabled": true},
            "client_tags": ["dbt", "nightly"], "prepared_statements_enabled": false, "retries": 5,
            "timezone": "Europe/Berlin", "starburst_url": "https://acme.galaxy.starburst.io",
            "starburst_client_id": "floe", "starburst_secret_key": secret("STARBURST_SECRET_KEY"),
            "starburst_metadata_failure_strategy": "fail_fast", "starburst_max_column_batch_size": 50,
        }),
    )
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
    for settings in methods().into_iter().map(|(_, settings)| settings).chain([everything()]) {
        let errors: Vec<String> = validator.iter_errors(&settings).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    for wrong in [
        json!({"host": null}),
        json!({"database": null}),
        json!({"schema": null}),
        json!({"port": null}),
        json!({"port": 0}),
        json!({"port": 65_536}),
        json!({"catalog": "lake"}),
        json!({"method": "basic"}),
        json!({"http_scheme": "ftp"}),
        json!({"cert": ""}),
        json!({"cert": 1}),
        json!({"mutual_authentication": "required"}),
        json!({"retries": 0}),
        json!({"client_tags": "dbt"}),
        json!({"roles": {"system": 1}}),
        json!({"session_properties": {"deep": {"er": 1}}}),
        json!({"http_headers": {"X-A": 1}}),
        json!({"starburst_metadata_failure_strategy": "never"}),
    ] {
        assert!(!validator.is_valid(&settings(8080, &wrong)), "{wrong}");
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
    assert_eq!(of("x-floe-role"), ["session_properties: \"timeout\"", "retries: \"retry\""]);
    assert_eq!(of("x-floe-secret"), ["password: true", "jwt_token: true", "starburst_secret_key: true"]);
    assert_eq!(of("x-floe-path").len(), 5);
}

#[test]
fn profiles_of_the_methods() {
    for (name, settings) in methods() {
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

#[test]
fn limits_become_what_the_adapter_has() {
    let config = compute(&everything()).with_timeout_seconds(900_u32).with_connect_timeout_seconds(10_u32);
    let response = seeing_nothing().generate_dbt_profile(&profile_request(config)).unwrap();
    assert_eq!(
        response.output["session_properties"]["query_max_run_time"],
        "{{ env_var('FLOE_NODE_TIMEOUT_SECONDS', '900') | int }}s"
    );
    insta::assert_json_snapshot!(json!({"timeout": response.timeout, "warnings": response.warnings}));
}

#[test]
fn expressions_of_dbt_pass_through() {
    let over = json!({
        "host": "{{ env_var('H') }}", "port": "{{ env_var('P') | int }}", "cert": "{{ env_var('CA') }}",
        "retries": "{{ env_var('R') | int }}", "prepared_statements_enabled": "{{ env_var('PS') | as_bool }}",
        "starburst_metadata_failure_strategy": "{{ env_var('S') }}", "client_tags": ["{{ var('a', 'b,c') }}"],
    });
    let output = &profile(&settings(8080, &over))["output"];
    for (key, value) in over.as_object().unwrap() {
        assert_eq!(&output[key], value);
    }
}

#[test]
fn packages() {
    let packages: Vec<Value> = methods()
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
            let request = ResourcesRequest::new(compute(&settings(8080, &json!({}))), size);
            json!([size, seeing_nothing().get_resource_requirements(&request).unwrap()])
        })
        .collect();
    insta::assert_json_snapshot!(pods);
}
