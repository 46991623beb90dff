//! Profiles: what is written, and what is refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{
    ComputePlugin as _, ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ResourcesRequest, WorkloadSize,
};
use floe_plugin_redshift::Redshift;
use serde_json::{Value, json};
use support::{compute, profile_request};

fn settings(changes: &Value) -> Value {
    let mut settings = json!({"host": "sales.example", "database": "shop", "schema": "marts"});
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

/// Every method that works.
fn methods() -> [Value; 8] {
    let secret = "{{ env_var('DBT_ENV_SECRET_FLOE_WH_PASSWORD') }}";
    [
        json!({"user": "dbt", "password": secret}),
        json!({
            "method": "database", "user": "dbt", "password": secret, "port": "{{ env_var('PORT') | int }}",
            "sslmode": "verify-full", "role": "analysts", "query_group": "nightly", "retries": 3, "retry_all": true,
            "tcp_keepalive_idle": 60, "tcp_keepalive_interval": 10, "tcp_keepalive_count": 3, "autocommit": false,
            "ra3_node": true, "datasharing": true, "connect_timeout": 3600, "allow_concurrent_drops": true,
            "drop_without_cascade": true, "region": "eu-central-1",
        }),
        json!({
            "method": "iam", "user": "dbt", "cluster_id": "sales", "iam_profile": "data", "autocreate": true,
            "db_groups": ["analysts"],
        }),
        json!({
            "method": "iam", "user": "dbt", "is_serverless": true, "serverless_work_group": "sales",
            "serverless_acct_id": "0123", "access_key_id": secret, "secret_access_key": secret,
        }),
        json!({"method": "iam_role", "cluster_id": "sales", "iam_profile": "data"}),
        json!({"method": "iam_role", "host": "sales.0123.eu-central-1.redshift-serverless.amazonaws.com"}),
        json!({
            "method": "browser_identity_center", "idc_region": "eu-central-1", "issuer_url": "https://id.example",
            "idp_listen_port": 7891, "idp_response_timeout": 30, "idc_client_display_name": "floe",
        }),
        json!({
            "method": "oauth_token_identity_center",
            "token_endpoint": {
                "type": "okta", "request_url": "https://id.example/token", "request_data": secret,
                "idp_auth_credentials": secret,
            },
        }),
    ]
}

#[test]
fn every_method_has_its_profile() {
    let profiles: Vec<_> = methods()
        .iter()
        .map(|changes| Redshift.generate_dbt_profile(&profile_request(&settings(changes))).unwrap())
        .map(|response| json!({"output": response.output, "timeout": response.timeout, "storage": response.storage}))
        .collect();
    insta::assert_json_snapshot!(profiles);
}

#[test]
fn limits_that_the_adapter_does_not_hold_are_told() {
    let mut request = profile_request(&settings(&methods()[0]));
    request.config.timeout_seconds = Some(900);
    request.config.connect_timeout_seconds = Some(5);
    let response = Redshift.generate_dbt_profile(&request).unwrap();
    insta::assert_json_snapshot!(response.warnings);
    assert!(!response.output.contains_key("connect_timeout"), "it would end long queries");
}

#[test]
fn combinations_that_cannot_work() {
    let login = json!({"user": "dbt", "password": "x"});
    let with = |changes: Value| {
        let mut all = login.clone();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    let cases = [
        json!({}),
        json!({"user": "dbt"}),
        with(json!({"host": "sales.example:5439/shop"})),
        with(json!({"dbname": "shop"})),
        with(json!({"cluster_id": "sales"})),
        with(json!({"iam_profile": "data"})),
        with(json!({"role": "a; drop table b"})),
        with(json!({"tcp_keepalive": false, "tcp_keepalive_idle": 60})),
        json!({"method": "iam", "cluster_id": "sales"}),
        json!({"method": "iam", "user": "dbt"}),
        json!({"method": "iam", "user": "dbt", "password": "x", "cluster_id": "sales"}),
        json!({"method": "iam", "user": "dbt", "cluster_id": "sales", "sslmode": "disable"}),
        json!({"method": "iam", "user": "dbt", "cluster_id": "sales", "access_key_id": "x"}),
        json!({
            "method": "iam", "user": "dbt", "cluster_id": "sales", "iam_profile": "data", "access_key_id": "x",
            "secret_access_key": "x",
        }),
        json!({"method": "iam_role", "user": "dbt", "cluster_id": "sales"}),
        json!({"method": "iam_role", "cluster_id": "sales", "autocreate": true}),
        json!({"method": "browser_identity_center", "idc_region": "eu-central-1"}),
        json!({"method": "oauth_token_identity_center"}),
        json!({
            "method": "oauth_token_identity_center",
            "token_endpoint": {"type": "okta", "request_url": "https://id.example", "request_data": "x"},
        }),
    ];
    let told: Vec<_> = cases
        .iter()
        .map(|changes| {
            let request = profile_request(&settings(changes));
            let error = Redshift.generate_dbt_profile(&request).expect_err(&changes.to_string());
            json!([error.reason, error.message, error.help])
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn a_role_is_any_name_that_sql_takes() {
    for role in ["analysts", "_a$1", "\"Night Shift\"", "{{ env_var('ROLE') }}"] {
        let changes = json!({"user": "dbt", "password": "x", "role": role});
        assert!(Redshift.generate_dbt_profile(&profile_request(&settings(&changes))).is_ok(), "{role}");
    }
}

#[test]
fn the_schema_says_which_keys_are_secret_and_which_carry_limits() {
    let schema = Redshift.config_schema(&ConfigSchemaRequest::new()).unwrap().schema;
    insta::assert_json_snapshot!(schema);
}

#[test]
fn metadata_packages_and_pods() {
    let config = compute(&settings(&methods()[0]));
    let metadata = Redshift.metadata(&MetadataRequest::new()).unwrap();
    let packages = Redshift.get_required_dbt_packages(&DbtPackagesRequest::new(config.clone())).unwrap();
    for package in &packages.packages {
        let parsed: Result<pep508_rs::Requirement, _> = package.as_str().parse();
        assert!(parsed.is_ok(), "{package}");
    }
    let pods = WorkloadSize::ALL
        .map(|size| Redshift.get_resource_requirements(&ResourcesRequest::new(config.clone(), size)).unwrap());
    insta::assert_json_snapshot!(json!({"metadata": metadata, "packages": packages, "pods": pods}));
}
