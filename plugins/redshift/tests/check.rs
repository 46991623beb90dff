//! The live check against a real PostgreSQL behind a real pgbouncer.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_redshift::PROBE_STATEMENTS;
use floe_tests::results::shown;
use floe_tests::servers::faults::{Manner, SSH_BANNER, server};
use floe_tests::servers::postgres::{Endpoint, PASSWORD, STRANGER, USER, WATCHED, shared};
use serde_json::{Value, json};
use support::check_within;

const WRONG: &str = "n0t-the-pa55word";

fn settings(port: u16, changes: &Value) -> Value {
    let mut settings = json!({
        "host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD, "database": "shop", "schema": "marts",
        "sslmode": "disable",
    });
    for (key, value) in changes.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

fn look(port: u16, changes: &Value) -> Value {
    let result = check_within(&settings(port, changes), 10_000);
    let all = serde_json::to_string(&result).unwrap();
    assert!(!all.contains(PASSWORD) && !all.contains(WRONG), "{all}");
    shown(&result, &[port])
}

#[test]
fn a_user_that_may_build() {
    let endpoint = Endpoint::plain();
    let missing = look(endpoint.port, &json!({}));
    shared().sql("shop", &format!("CREATE SCHEMA IF NOT EXISTS there AUTHORIZATION {USER}"));
    let there = look(endpoint.port, &json!({"schema": "there", "role": "analysts"}));
    insta::assert_json_snapshot!([missing, there]);
    assert_eq!(
        shared().sql("shop", "SELECT count(*) FROM pg_namespace WHERE nspname = 'marts'"),
        "0",
        "nothing is made"
    );
}

#[test]
fn what_keeps_a_user_out() {
    let endpoint = Endpoint::plain();
    let told: Vec<_> = [
        json!({"password": WRONG}),
        json!({"user": "nobody", "password": WRONG}),
        json!({"database": "nowhere"}),
        json!({"database": "closed"}),
        json!({"schema": "vault"}),
        json!({"user": STRANGER}),
        json!({"role": "kings"}),
        json!({"user": STRANGER, "role": "analysts"}),
    ]
    .iter()
    .map(|changes| look(endpoint.port, changes))
    .collect();
    insta::assert_json_snapshot!("through_a_proxy", told);
    let told: Vec<_> = [
        json!({"password": WRONG}),
        json!({"user": "nobody", "password": WRONG}),
        json!({"database": "nowhere"}),
        json!({"database": "closed"}),
    ]
    .iter()
    .map(|changes| look(shared().port, changes))
    .collect();
    insta::assert_json_snapshot!("by_the_server_itself", told);
}

#[test]
fn a_server_without_tls() {
    insta::assert_json_snapshot!(look(shared().port, &json!({"sslmode": "prefer"})));
}

#[test]
fn what_is_no_database() {
    let told: Vec<_> = [
        (Manner::Says(SSH_BANNER), "disable"),
        (Manner::Says(SSH_BANNER), "prefer"),
        (Manner::Answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "disable"),
        (Manner::Answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "prefer"),
        (Manner::HangsUp, "disable"),
        (Manner::HangsUp, "prefer"),
    ]
    .iter()
    .map(|(manner, sslmode)| {
        let told = look(server(*manner), &json!({"sslmode": sslmode}));
        json!([format!("{manner:?}").split('(').next(), sslmode, told["reason"], told["message"], told["help"]])
    })
    .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn a_silent_server() {
    let port = server(Manner::Silent);
    let told = ["disable", "prefer"].map(|sslmode| {
        let begun = std::time::Instant::now();
        let result = check_within(&settings(port, &json!({"sslmode": sslmode})), 600);
        assert!(begun.elapsed() < std::time::Duration::from_secs(3), "the deadline holds");
        shown(&result, &[port])
    });
    insta::assert_json_snapshot!(told);
}

/// What cannot be checked without AWS is never healthy.
#[test]
fn methods_of_aws() {
    let endpoint = Endpoint::plain();
    let port = endpoint.port;
    let base = json!({"host": "localhost", "port": port, "database": "shop", "schema": "marts"});
    let with = |changes: Value| {
        let mut settings = base.clone();
        for (key, value) in changes.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let result = check_within(&settings, 10_000);
        (result.status, result.reason.clone(), result.warnings.first().map(|w| w.reason.clone()), result.message)
    };
    // The endpoint has no TLS, and these methods insist on it.
    for method in [
        json!({"method": "iam", "user": "dbt", "cluster_id": "sales"}),
        json!({"method": "iam_role", "cluster_id": "sales"}),
        json!({"method": "browser_identity_center", "idc_region": "eu-central-1", "issuer_url": "https://id.example"}),
    ] {
        let (_, reason, _, message) = with(method);
        assert_eq!(reason.as_deref(), Some("tls_not_spoken"), "{message}");
    }
}

/// The statements of a user that are not the proxy's own housekeeping.
fn statements(user: &str) -> Vec<String> {
    let mut statements = shared().statements(user);
    statements.retain(|statement| statement != "DISCARD ALL" && !statement.starts_with("SET "));
    statements
}

#[test]
fn serverless_is_not_woken() {
    let endpoint = Endpoint::plain();
    let serverless = json!({"is_serverless": true, "user": WATCHED[0]});
    insta::assert_json_snapshot!(look(endpoint.port, &serverless));
    assert_eq!(statements(WATCHED[0]), [""; 0], "no statement was sent");
}

/// FR-004a, as the server's own log has it.
#[test]
fn the_server_sees_the_listed_statements_alone() {
    look(shared().port, &json!({"user": WATCHED[1]}));
    let listed = [PROBE_STATEMENTS[1].to_owned(), PROBE_STATEMENTS[2].replace("<schema>", "$1")];
    assert_eq!(statements(WATCHED[1]), listed);
}
