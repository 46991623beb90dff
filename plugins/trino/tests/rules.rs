//! Settings that contradict each other, as compile and check tell them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::Path;

use floe_plugin_api::{ComputePlugin, ErrorKind};
use serde_json::{Value, json};
use support::{check_config, compute, profile_request, seeing_nothing, settings};

fn refused(over: &Value) -> Value {
    let error = seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(8443, over)))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{over}");
    let told = check_config(compute(&settings(8443, over)), Path::new("/"), 1_000);
    assert_eq!((told.message, told.help, told.steps.len()), (error.message.clone(), error.help.clone(), 0), "{over}");
    json!([over, error.reason, error.message, error.help])
}

#[test]
fn methods_and_their_settings() {
    let password = "{{ env_var('P') }}";
    let errors: Vec<Value> = [
        json!({"method": "{{ env_var('M') }}"}),
        json!({"http_scheme": "{{ env_var('S') }}"}),
        json!({"user": null}),
        json!({"password": password}),
        json!({"method": "ldap"}),
        json!({"method": "ldap", "user": null, "password": password}),
        json!({"method": "ldap", "password": password, "http_scheme": "http"}),
        json!({"method": "ldap", "password": password, "jwt_token": password}),
        json!({"method": "jwt"}),
        json!({"method": "jwt", "jwt_token": password, "impersonation_user": "other"}),
        json!({"method": "certificate"}),
        json!({"method": "certificate", "client_certificate": "a.pem"}),
        json!({"method": "kerberos"}),
        json!({"method": "kerberos", "keytab": "k", "mutual_authentication": "REQUIRED"}),
        json!({"method": "gssapi", "keytab": "k"}),
        json!({"method": "gssapi", "mutual_authentication": true}),
        json!({"method": "gssapi", "service_name": "trino"}),
        json!({"method": "oauth", "principal": "dbt@EXAMPLE.COM"}),
        json!({"sanitize_mutual_error_response": true}),
        json!({"delegate": true}),
    ]
    .iter()
    .map(refused)
    .collect();
    insta::assert_json_snapshot!(errors);
}

#[test]
fn addresses_and_trust() {
    let errors: Vec<Value> = [
        json!({"host": "https://trino.example"}),
        json!({"host": "trino.example:8443"}),
        json!({"host": "::1"}),
        json!({"host": "trino.example/v1"}),
        json!({"port": "many"}),
        json!({"port": "70000"}),
        json!({"retries": "0"}),
        json!({"cert": "certs/ca.pem"}),
        json!({"starburst_client_id": "floe"}),
        json!({"starburst_url": "https://acme.galaxy.starburst.io", "starburst_client_id": "floe"}),
        json!({"starburst_url": "http://acme.galaxy.starburst.io"}),
    ]
    .iter()
    .map(refused)
    .collect();
    insta::assert_json_snapshot!(errors);
}

#[test]
fn headers_tags_roles_and_properties() {
    let errors: Vec<Value> = [
        json!({"http_headers": {"X-Trino-User": "other"}}),
        json!({"http_headers": {"x-trino-role": "system=ALL"}}),
        json!({"http_headers": {"X Bad": "1"}}),
        json!({"http_headers": {"X-Bad": "a\r\nX-Trino-User: admin"}}),
        json!({"method": "jwt", "jwt_token": "{{ env_var('T') }}", "http_headers": {"Authorization": "{{ env_var('A') }}"}}),
        json!({"client_tags": ["a,b"]}),
        json!({"client_tags": [""]}),
        json!({"roles": {"a=b": "admin"}}),
        json!({"roles": {"system": ""}}),
        json!({"session_properties": {"a=b": 1}}),
        json!({"user": "dbt\n"}),
    ]
    .iter()
    .map(refused)
    .collect();
    insta::assert_json_snapshot!(errors);
}

#[test]
fn one_limit_is_set_once() {
    let over = json!({"session_properties": {"query_max_run_time": "1h"}});
    let twice = compute(&settings(8080, &over)).with_timeout_seconds(900_u32);
    insta::assert_json_snapshot!(seeing_nothing().generate_dbt_profile(&profile_request(twice)).unwrap_err());
    assert!(seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(8080, &over)))).is_ok());
}

/// The host refuses literals where the schema says secret; this is about the maps that take any name.
#[test]
fn literal_secrets_in_open_maps_are_refused_and_not_shown() {
    let errors: Vec<Value> = [
        json!({"http_headers": {"Authorization": "Bearer hunter2"}}),
        json!({"http_headers": {"X-Api-Key": "hunter2"}}),
        json!({"session_properties": {"lake.access_token": "hunter2"}}),
    ]
    .iter()
    .map(|over| {
        let error =
            seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(8443, over)))).unwrap_err();
        json!([error.reason, error.message, error.help])
    })
    .collect();
    assert!(!json!(errors).to_string().contains("hunter2"));
    insta::assert_json_snapshot!(errors);
}

/// A token file that ends with a line break, the most common of slips, is told without the token.
#[test]
fn a_token_with_a_line_break_is_told_and_not_shown() {
    let over = json!({"method": "jwt", "jwt_token": "hunter2\n"});
    let told = check_config(compute(&settings(8443, &over)), Path::new("/"), 1_000);
    assert!(!format!("{told:?}").contains("hunter2"));
    insta::assert_json_snapshot!(json!([told.kind, told.reason, told.message, told.help]));
}
