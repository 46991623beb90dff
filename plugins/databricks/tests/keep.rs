//! Checks that keep their connection, against an emulator behind a gate that judges tokens.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult};
use floe_plugin_databricks::Databricks;
use floe_tests::keep::{over_http, state, steps};
use floe_tests::servers::relay::Relay;
use serde_json::{Value, json};
use support::{by_secret, compute, here, merged, seeing_nothing, workspace};

fn through(settings: &Value, relay: &Relay) -> Value {
    let base = format!("http://127.0.0.1:{}", relay.port);
    merged(
        settings,
        &json!({"host": base, "connection_parameters": {"_connection_uri": format!("{base}/sql/1.0/warehouses/x")}}),
    )
}

fn check(plugin: &Databricks, settings: &Value, keep: bool, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/", deadline_ms, "01J-test").with_keep_connection(keep);
    plugin.validate_connection(&request).unwrap()
}

#[test]
fn one_connection_serves_every_check() {
    let workspace = workspace(&json!({}));
    let plugin = seeing_nothing();
    let mut relay = Relay::to(workspace.port());
    let settings = through(&here(&workspace, &json!({})), &relay);
    over_http(&mut relay, 1, |keep, deadline_ms| check(&plugin, &settings, keep, deadline_ms));
    let result = check(&plugin, &settings, true, 10_000);
    let wrong = merged(&settings, &json!({"token": "dapi-hunter2"}));
    assert!(result.connection_kept);
    let result = check(&plugin, &wrong, true, 10_000);
    assert_eq!((result.reason.as_deref(), state(&result)), (Some("credential"), (false, false, false)), "{result:#?}");
    relay.wait_until_open(0);
    let result = check(&plugin, &settings, true, 10_000);
    assert!(steps(&result).contains(&"connect"), "another token has another connection");
    check(&plugin, &settings, false, 10_000);
    relay.wait_until_open(0);
}

/// With a secret there is a second connection, on which nothing is asked, and a token that lives through the checks.
#[test]
fn a_token_that_was_granted_serves_every_check_and_is_replaced_where_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let revoked = folder.path().join("revoked");
    std::fs::write(&revoked, "0").unwrap();
    let workspace = workspace(&json!({"revoked": revoked}));
    let plugin = seeing_nothing();
    let mut relay = Relay::to(workspace.port());
    let settings = through(&here(&workspace, &by_secret(&json!({}))), &relay);
    let grants = || {
        let asked = workspace.asked();
        asked.iter().filter(|asked| asked.method == "POST" && asked.path.ends_with("/token")).count()
    };
    over_http(&mut relay, 2, |keep, deadline_ms| check(&plugin, &settings, keep, deadline_ms));
    assert_eq!(grants(), 1);
    check(&plugin, &settings, true, 10_000);
    std::fs::write(&revoked, "1").unwrap();
    let result = check(&plugin, &settings, true, 10_000);
    assert_eq!((state(&result), grants()), ((true, false, true), 2), "{result:#?}");
    check(&plugin, &settings, false, 10_000);
    relay.wait_until_open(0);
}
