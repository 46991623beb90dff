//! Settings that contradict each other, as compile tells them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{ComputePlugin, ErrorKind};
use serde_json::{Value, json};
use support::{compute, profile_request, seeing_nothing, settings};

const SECRET: &str = "{{ env_var('S') }}";

fn refused(over: &Value) -> Value {
    let error = seeing_nothing().generate_dbt_profile(&profile_request(compute(&settings(over)))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration, "{over}");
    json!([over, error.reason, error.message, error.help])
}

fn all(overs: &[Value]) -> Vec<Value> {
    overs.iter().map(refused).collect()
}

#[test]
fn accounts_that_are_none() {
    insta::assert_json_snapshot!(all(&[
        json!({"account": "acme-shop.snowflakecomputing.com"}),
        json!({"account": "https://xy12345.eu-central-1.aws.snowflakecomputing.com/console/login"}),
        json!({"account": "https://app.snowflake.com/acme/shop/#/homepage"}),
        json!({"account": "https://acme.example"}),
        json!({"account": "acme/shop"}),
        json!({"account": "acme shop"}),
        json!({"account": "acme-shop."}),
    ]));
}

#[test]
fn logins_that_are_not_known() {
    insta::assert_json_snapshot!(all(&[
        json!({"authenticator": "{{ env_var('A') }}"}),
        json!({"authenticator": "OAuth"}),
        json!({"authenticator": "password"}),
        json!({"authenticator": "oauth_client_credentials"}),
        json!({"authenticator": "pat_with_external_session"}),
    ]));
}

#[test]
fn logins_that_lack_something() {
    insta::assert_json_snapshot!(all(&[
        json!({"password": null}),
        json!({"user": null}),
        json!({"authenticator": "username_password_mfa", "password": null}),
        json!({"authenticator": "snowflake_jwt", "password": null}),
        json!({"private_key_path": "k.p8", "password": null, "user": null}),
        json!({"authenticator": "oauth", "password": null}),
        json!({"authenticator": "oauth", "password": null, "token": SECRET, "oauth_client_id": "id"}),
        json!({"authenticator": "oauth", "password": null, "token": SECRET, "oauth_client_secret": SECRET}),
        json!({"authenticator": "oauth", "password": null, "oauth_client_id": "id", "oauth_client_secret": SECRET}),
        json!({"authenticator": "jwt", "password": null}),
        json!({"authenticator": "programmatic_access_token", "password": null}),
        json!({"authenticator": "workload_identity", "password": null}),
        json!({"authenticator": "workload_identity", "password": null, "workload_identity_provider": "OIDC"}),
        json!({"authenticator": "externalbrowser", "password": null, "user": null}),
        json!({"authenticator": "https://acme.okta.com", "password": null}),
    ]));
}

/// dbt or the connector would pass each of these over, or log in otherwise than is written.
#[test]
fn keys_of_another_login() {
    let workload = |provider: &str, over: Value| {
        let mut all =
            json!({"authenticator": "workload_identity", "password": null, "workload_identity_provider": provider});
        all.as_object_mut().unwrap().extend(over.as_object().cloned().unwrap());
        all
    };
    insta::assert_json_snapshot!(all(&[
        json!({"private_key": SECRET, "private_key_path": "k.p8"}),
        json!({"private_key": SECRET}),
        json!({"private_key_path": "k.p8", "password": null, "authenticator": "oauth", "token": SECRET}),
        json!({"private_key_passphrase": SECRET}),
        json!({"authenticator": "oauth", "token": SECRET}),
        json!({"token": SECRET}),
        json!({"oauth_client_id": "id", "oauth_client_secret": SECRET}),
        json!({"authenticator": "jwt", "password": null, "token": SECRET, "oauth_client_secret": SECRET}),
        json!({"authenticator": "externalbrowser"}),
        json!({"authenticator": "oauth_authorization_code"}),
        json!({"authenticator": "programmatic_access_token", "token": SECRET}),
        json!({"workload_identity_provider": "AWS"}),
        json!({"workload_identity_entra_resource": "api://floe"}),
        workload("AMAZON", json!({})),
        workload("{{ env_var('W') }}", json!({})),
        workload("AWS", json!({"token": SECRET})),
        workload("GCP", json!({"workload_identity_entra_resource": "api://floe"})),
        workload("OIDC", json!({"token": SECRET, "workload_identity_entra_resource": "api://floe"})),
    ]));
}

#[test]
fn ways_that_are_none() {
    insta::assert_json_snapshot!(all(&[
        json!({"host": "https://snow.internal"}),
        json!({"host": "snow.internal:8443"}),
        json!({"port": "many"}),
        json!({"port": "70000"}),
        json!({"protocol": "HTTPS"}),
        json!({"protocol": "{{ env_var('P') }}"}),
        json!({"proxy_host": "proxy.internal"}),
        json!({"proxy_port": 3128}),
        json!({"proxy_host": "http://proxy.internal", "proxy_port": 3128}),
        json!({"proxy_host": "proxy.internal", "proxy_port": "0"}),
        json!({"connect_retries": "often"}),
        json!({"connect_timeout": "long"}),
    ]));
}

#[test]
fn what_may_be_a_secret_is_not_shown() {
    let told = json!(all(&[
        json!({"proxy_host": "floe:hunter2@proxy.internal", "proxy_port": 3128}),
        json!({"password": "hunter2\n"}),
        json!({"authenticator": "oauth", "password": null, "token": "hunter2\n"}),
    ]));
    let errors: Vec<Value> = told.as_array().unwrap().iter().map(|told| json!(told.as_array().unwrap()[1..])).collect();
    assert!(!json!(errors).to_string().contains("hunter2"));
    insta::assert_json_snapshot!(errors);
}
