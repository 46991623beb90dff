//! Settings that contradict each other, as compile and check tell them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::path::Path;

use floe_plugin_api::{ComputePlugin, ErrorKind};
use serde_json::{Value, json};
use support::{check_config, compute, profile_request, secret, seeing_nothing, settings};

/// Refused when compiling and, in the same words and before anything is asked, when checking.
fn refused(over: &Value) -> Value {
    let error = seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(over)))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{over}");
    let told = check_config(&seeing_nothing(), compute(&settings(over)), Path::new("/"), 1_000);
    assert_eq!((told.message, told.help, told.steps.len()), (error.message.clone(), error.help.clone(), 0), "{over}");
    json!([over, error.reason, error.message, error.help])
}

fn all(overs: &[Value]) -> Vec<Value> {
    overs.iter().map(refused).collect()
}

#[test]
fn logins_and_their_settings() {
    let (id, own) = ("d0a5", secret("CLIENT_SECRET"));
    insta::assert_json_snapshot!(all(&[
        json!({"token": null}),
        json!({"token": null, "client_id": id, "client_secret": own}),
        json!({"token": null, "oidc_token_filepath": "oidc"}),
        json!({"auth_type": "oauth"}),
        json!({"auth_type": "{{ env_var('A') }}"}),
        json!({"client_id": id}),
        json!({"azure_client_secret": own}),
        json!({"token": null, "auth_type": "oauth", "client_secret": own}),
        json!({"token": null, "auth_type": "oauth", "client_id": id, "client_secret": own, "azure_client_id": id}),
        json!({"token": null, "auth_type": "oauth", "client_id": id, "oidc_token_filepath": "oidc"}),
        json!({"token": null, "auth_type": "oauth", "azure_client_id": id}),
        json!({"token": null, "auth_type": "oauth", "azure_client_id": id, "azure_client_secret": own}),
        json!({"token": null, "auth_type": "env-oidc"}),
        json!({"token": null, "auth_type": "env-oidc", "client_id": id, "client_secret": own}),
        json!({"token": null, "auth_type": "env-oidc", "client_id": id, "oidc_token_filepath": "oidc"}),
        json!({"token": null, "auth_type": "file-oidc", "client_id": id}),
    ]));
}

#[test]
fn places() {
    insta::assert_json_snapshot!(all(&[
        json!({"host": "https://dbc-1a2b.cloud.databricks.com"}),
        json!({"host": "dbc-1a2b.cloud.databricks.com/"}),
        json!({"host": "dbc-1a2b.cloud.databricks.com:443"}),
        json!({"host": "http://127.0.0.1:8080/sql", "connection_parameters": {"_connection_uri": "http://127.0.0.1:8080"}}),
        json!({"host": "ftp://127.0.0.1", "connection_parameters": {"_connection_uri": "http://127.0.0.1:8080"}}),
        json!({"connection_parameters": {"_connection_uri": "127.0.0.1:8080"}}),
        json!({"connection_parameters": {"_connection_uri": 8080}}),
        json!({"http_path": "1a2b3c"}),
        json!({"http_path": "/sql/1.0/warehouses/"}),
        json!({"compute": {"big": {"http_path": "/sql/2.0/4d5e6f"}}}),
        json!({
            "http_path": "/sql/1.0/warehouses/1a2b3c?o=1",
            "compute": {"big": {"http_path": "/sql/1.0/warehouses/4d5e6f?o=2"}},
        }),
        json!({"database": "lake"}),
        json!({"catalog": " "}),
        json!({"schema": "lake.sales"}),
        json!({"session_properties": {"databricks.catalog": "lake"}}),
    ]));
}

#[test]
fn parameters_tags_and_numbers() {
    let long = "x:".repeat(50);
    let many: serde_json::Map<String, Value> = (0..17).map(|number| (format!("t{number}"), json!("x"))).collect();
    insta::assert_json_snapshot!(all(&[
        json!({"session_properties": {"statement_timeout": "1h"}}),
        json!({"session_properties": {"STATEMENT_TIMEOUT": 172_801}}),
        json!({"session_properties": {"QUERY_TAGS": "team:sales"}}),
        json!({"connection_parameters": {"http_path": "/sql/1.0/warehouses/other"}}),
        json!({"connection_parameters": {"access_token": secret("OTHER")}}),
        json!({"connection_parameters": {"http_headers": {"X-Number": 1}}}),
        json!({"connection_parameters": {"http_headers": "X: 1"}}),
        json!({"connection_parameters": {"http_headers": {"authorization": secret("OTHER")}}}),
        json!({"connection_parameters": {"use_kernel": true, "use_sea": true}}),
        json!({
            "token": null, "auth_type": "env-oidc", "client_id": "d0a5", "connection_parameters": {"use_kernel": true},
        }),
        json!({"query_tags": "team=sales"}),
        json!({"query_tags": {"@@dbt_model_name": "x"}}),
        json!({"query_tags": {"note": long}}),
        json!({"query_tags": many}),
        json!({"connect_retries": "many"}),
        json!({"catalog": "la\nke"}),
    ]));
}

#[test]
fn one_limit_is_set_once_and_within_two_days() {
    let limited = |over: &Value, seconds: u32| {
        let config = compute(&settings(over)).with_timeout_seconds(seconds);
        seeing_nothing().generate_dbt_profile(&profile_request(config))
    };
    let own = json!({"session_properties": {"Statement_Timeout": 60}});
    insta::assert_json_snapshot!([limited(&own, 900).unwrap_err(), limited(&json!({}), 172_801).unwrap_err()]);
    let longest = limited(&json!({}), 172_800).unwrap();
    assert_eq!(
        longest.output["session_properties"],
        json!({"statement_timeout": "{{ env_var('FLOE_NODE_TIMEOUT_SECONDS', '172800') | int }}"})
    );
    assert!(seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(&own)))).is_ok());
}

/// The host refuses literals where the schema says secret; this is about the maps that take any name.
#[test]
fn literal_secrets_in_open_maps_are_refused_and_not_shown() {
    let errors: Vec<Value> = [
        json!({"connection_parameters": {"http_headers": {"X-Api-Key": "hunter2"}}}),
        json!({"connection_parameters": {"_tls_client_cert_key_password": "hunter2"}}),
        json!({"session_properties": {"fs.azure.account.access_key": "hunter2"}}),
    ]
    .iter()
    .map(|over| {
        let error = seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(over)))).unwrap_err();
        json!([error.reason, error.message, error.help])
    })
    .collect();
    assert!(!json!(errors).to_string().contains("hunter2"));
    insta::assert_json_snapshot!(errors);
}

/// A token file that ends with a line break, the most common of slips, is told without the token.
#[test]
fn a_token_with_a_line_break_is_told_and_not_shown() {
    let told =
        check_config(&seeing_nothing(), compute(&settings(&json!({"token": "hunter2\n"}))), Path::new("/"), 1_000);
    assert!(!format!("{told:?}").contains("hunter2"));
    insta::assert_json_snapshot!(json!([told.kind, told.reason, told.message, told.help]));
}
