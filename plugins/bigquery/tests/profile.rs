//! The profile, the schema, the packages and the pods.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{
    ComputePlugin, ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize,
};
use serde_json::{Value, json};
use support::{compute, profile_request, secret, seeing_nothing, settings};

fn profile(over: &Value) -> Value {
    let response = seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(over)))).unwrap();
    serde_json::to_value(response).unwrap()
}

/// The settings of each method, as the host sends them: secrets are dbt expressions.
fn methods() -> Vec<(&'static str, Value)> {
    let uri = "https://oauth2.googleapis.com/token";
    vec![
        ("oauth", json!({"impersonate_service_account": "dbt@nimbus.iam.gserviceaccount.com"})),
        ("token", json!({"method": "oauth-secrets", "token": secret("TOKEN")})),
        (
            "refresh_token",
            json!({
                "method": "oauth-secrets", "refresh_token": secret("REFRESH"), "client_id": "floe.apps.googleusercontent.com",
                "client_secret": secret("CLIENT"), "token_uri": uri,
            }),
        ),
        ("service_account", json!({"method": "service-account", "keyfile": "keys/dbt.json"})),
        (
            "service_account_json",
            json!({"method": "service-account-json", "keyfile_json": {
                "type": "service_account", "project_id": "nimbus", "private_key_id": "k1", "private_key": secret("KEY"),
                "client_email": "dbt@nimbus.iam.gserviceaccount.com", "client_id": "1", "token_uri": uri,
                "auth_uri": "https://accounts.google.com/o/oauth2/auth", "universe_domain": "googleapis.com",
                "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
                "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/dbt",
            }}),
        ),
        (
            "federation",
            json!({
                "method": "external-oauth-wif", "workload_pool_provider_path": "//iam.googleapis.com/projects/1/x",
                "token_endpoint": {
                    "type": "entra", "request_url": "https://login.microsoftonline.com/t/oauth2/v2.0/token",
                    "request_data": secret("FORM"),
                },
                "service_account_impersonation_url":
                    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/dbt@nimbus:generateAccessToken",
            }),
        ),
    ]
}

/// What does not depend on the method, all of it.
fn everything() -> Value {
    json!({
        "project": null, "dataset": null, "database": "nimbus", "schema": "marts", "execution_project": "nimbus-runs",
        "quota_project": "nimbus-quota", "location": "EU", "api_endpoint": "https://bigquery-floe.p.googleapis.com",
        "priority": "batch", "maximum_bytes_billed": 1_000_000_000, "reservation": "projects/a/locations/EU/reservations/r",
        "scopes": ["https://www.googleapis.com/auth/bigquery"], "job_retry_deadline_seconds": 600, "job_retries": 3,
        "job_creation_timeout_seconds": 30, "job_link_info_level_log": true, "compute_region": "europe-west3",
        "gcs_bucket": "floe", "submission_method": "serverless",
        "dataproc_batch": {"runtime_config": {"version": "2.2"}},
    })
}

#[test]
fn metadata() {
    insta::assert_json_snapshot!(seeing_nothing().metadata(&MetadataRequest::new()).unwrap());
}

#[test]
fn profiles() {
    for (name, over) in methods() {
        insta::assert_json_snapshot!(format!("profile_of_{name}"), profile(&over));
    }
    insta::assert_json_snapshot!("profile_of_everything", profile(&everything()));
}

#[test]
fn floes_own_limits() {
    let config = compute(&settings(&json!({})))
        .with_threads(12)
        .with_timeout_seconds(900_u32)
        .with_connect_timeout_seconds(5_u32);
    let response = seeing_nothing().generate_dbt_profile(&profile_request(config)).unwrap();
    assert_eq!(
        response.output["job_execution_timeout_seconds"],
        "{{ env_var('FLOE_NODE_TIMEOUT_SECONDS', '900') | int }}"
    );
    insta::assert_json_snapshot!(response);
}

#[test]
fn the_schema_takes_all_of_it_and_describes_it() {
    let schema = seeing_nothing().config_schema(&ConfigSchemaRequest::new()).unwrap();
    let schema = serde_json::to_value(schema).unwrap();
    let schema = schema.get("schema").cloned().unwrap_or(schema);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for (name, over) in methods().into_iter().chain([("everything", everything())]) {
        let settings = settings(&over);
        let found: Vec<_> = validator.iter_errors(&settings).map(|error| error.to_string()).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
    // floe's own, which a user sets as `timeout_seconds`.
    assert!(!validator.is_valid(&settings(&json!({"job_execution_timeout_seconds": 1}))));
    assert!(!validator.is_valid(&settings(&json!({"timeout_seconds": 1}))));
}

#[test]
fn packages_are_requirements() {
    let packages =
        seeing_nothing().get_required_dbt_packages(&DbtPackagesRequest::new(compute(&settings(&json!({}))))).unwrap();
    for package in &packages.packages {
        let _: pep508_rs::Requirement<pep508_rs::VerbatimUrl> = package.to_string().parse().unwrap();
    }
    insta::assert_json_snapshot!(packages);
}

#[test]
fn pods() {
    let pods = [WorkloadSize::Small, WorkloadSize::Medium, WorkloadSize::Large].map(|size| {
        seeing_nothing()
            .get_resource_requirements(&ResourcesRequest::new(compute(&settings(&json!({}))), size))
            .unwrap()
    });
    insta::assert_json_snapshot!(pods);
}
