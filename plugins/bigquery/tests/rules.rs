//! What is refused before dbt sees it, in the words that a user reads.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::ComputePlugin;
use serde_json::{Value, json};
use support::{compute, profile_request, secret, seeing_nothing, settings};

/// The error of settings, with what was tried.
fn refused(over: &Value) -> Value {
    let error = seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(over)))).unwrap_err();
    json!({"settings": over, "reason": error.reason, "message": error.message, "help": error.help})
}

fn all(cases: &[Value]) -> Vec<Value> {
    cases.iter().map(refused).collect()
}

fn key(over: &Value) -> Value {
    let key = json!({
        "type": "service_account", "client_email": "dbt@nimbus.iam.gserviceaccount.com", "private_key": secret("KEY"),
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    json!({"method": "service-account-json", "keyfile_json": support::merged(&key, over)})
}

#[test]
fn methods_and_their_settings() {
    let (token, uri) = (secret("TOKEN"), "https://oauth2.googleapis.com/token");
    let wif = |over: &Value| {
        let endpoint = json!({"type": "entra", "request_url": "https://login.example/token", "request_data": token});
        let all = json!({"method": "external-oauth-wif", "workload_pool_provider_path": "//iam.googleapis.com/x", "token_endpoint": endpoint});
        support::merged(&all, over)
    };
    insta::assert_json_snapshot!(all(&[
        json!({"method": "{{ env_var('M') }}"}),
        json!({"token": token}),
        json!({"keyfile": "key.json"}),
        json!({"method": "oauth-secrets"}),
        json!({"method": "oauth-secrets", "refresh_token": token}),
        json!({"method": "oauth-secrets", "refresh_token": token, "client_id": "c", "client_secret": token}),
        json!({"method": "oauth-secrets", "token": token, "client_id": "c"}),
        json!({"method": "oauth-secrets", "refresh_token": token, "client_id": "c", "client_secret": token, "token_uri": "oauth2"}),
        json!({"method": "oauth-secrets", "token": token, "keyfile": "key.json"}),
        json!({"method": "service-account"}),
        json!({"method": "service-account", "keyfile": "key.json", "token_uri": uri}),
        json!({"method": "service-account-json"}),
        key(&json!({"type": "authorized_user"})),
        key(&json!({"token_uri": "oauth2.googleapis.com"})),
        json!({"method": "external-oauth-wif"}),
        wif(&json!({"token_endpoint": null})),
        wif(&json!({"token_endpoint": {"type": "okta", "request_url": "https://x.example", "request_data": token}})),
        wif(&json!({"token_endpoint": {"type": "entra", "request_url": "x.example", "request_data": token}})),
        wif(&json!({"service_account_impersonation_url": "https://iamcredentials.googleapis.com/"})),
    ]));
}

#[test]
fn places() {
    insta::assert_json_snapshot!(all(&[
        json!({"project": null}),
        json!({"dataset": null}),
        json!({"database": "nimbus"}),
        json!({"schema": "marts"}),
        json!({"dataset": "nimbus.marts"}),
        json!({"location": "EU\n"}),
        json!({"api_endpoint": "bigquery.example"}),
        json!({"api_endpoint": "https://bigquery.example/bigquery/v2"}),
        json!({"impersonate_service_account": "dbt"}),
        json!({"impersonate_service_account": "dbt@nimbus.iam.gserviceaccount.com/x"}),
    ]));
}

#[test]
fn python_models() {
    let python = |over: &Value| {
        support::merged(
            &json!({"submission_method": "serverless", "compute_region": "europe-west3", "gcs_bucket": "floe"}),
            over,
        )
    };
    insta::assert_json_snapshot!(all(&[
        json!({"submission_method": "{{ env_var('S') }}"}),
        json!({"gcs_bucket": "gs://floe/models"}),
        python(&json!({"compute_region": null})),
        python(&json!({"gcs_bucket": null})),
        python(&json!({"dataproc_cluster_name": "c"})),
        python(&json!({"submission_method": "cluster", "dataproc_batch": {"environment_config": {}}})),
        python(&json!({"dataproc_batch": {"runtime_config": {"properties": {"spark.secret.token": "hunter2"}}}})),
    ]));
}

/// Expressions are left to dbt where floe need not know them.
#[test]
fn expressions_pass() {
    for over in [
        json!({"project": "{{ env_var('P') }}", "dataset": "{{ env_var('D') }}"}),
        json!({"api_endpoint": "{{ env_var('E') }}", "maximum_bytes_billed": "{{ env_var('B') | int }}"}),
        json!({"impersonate_service_account": "{{ env_var('A') }}", "priority": "{{ env_var('P') }}"}),
    ] {
        let request = profile_request(compute(&settings(&over)));
        assert!(seeing_nothing().generate_dbt_profile(&request).is_ok(), "{over}");
    }
}
