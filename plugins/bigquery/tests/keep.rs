//! Checks that keep their connection, against an emulator behind a gate that plays Google's token servers.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult};
use floe_plugin_bigquery::BigQuery;
use floe_tests::keep::{over_http, steps};
use floe_tests::servers::bigquery::{BigQuery as Google, TOKEN};
use floe_tests::servers::relay::Relay;
use serde_json::{Value, json};
use support::{compute, merged, seeing_nothing, settings};

fn check(plugin: &BigQuery, settings: &Value, keep: bool, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/", deadline_ms, "01J-test").with_keep_connection(keep);
    plugin.validate_connection(&request).unwrap()
}

#[test]
fn one_connection_and_one_token_serve_every_check() {
    let known = json!({
        "tokens": {TOKEN: "ada@nimbus.example"}, "clients": {"floe": "s3cret"}, "refresh": {"1//refresh": "ada@nimbus.example"},
    });
    let google = Google::start(&known);
    let plugin = seeing_nothing();
    let mut relay = Relay::to(google.port());
    let at = json!({"method": "oauth-secrets", "api_endpoint": format!("http://127.0.0.1:{}", relay.port)});
    let by_token = settings(&merged(&at, &json!({"token": TOKEN})));
    over_http(&mut relay, 1, |keep, deadline_ms| check(&plugin, &by_token, keep, deadline_ms));

    let by_refresh = settings(&merged(
        &at,
        &json!({
            "refresh_token": "1//refresh", "client_id": "floe", "client_secret": "s3cret",
            "token_uri": format!("{}/token", google.url()),
        }),
    ));
    check(&plugin, &by_token, true, 10_000);
    let result = check(&plugin, &by_refresh, true, 10_000);
    assert!(steps(&result).contains(&"connect") && !result.reconnected, "another login has another connection");
    for _ in 0..3 {
        let result = check(&plugin, &by_refresh, true, 10_000);
        assert_eq!(steps(&result), ["login", "authorise"], "{result:#?}");
    }
    assert_eq!(google.asked().iter().filter(|asked| asked.path.ends_with("/token")).count(), 1);
    check(&plugin, &by_refresh, false, 10_000);
    relay.wait_until_open(0);
}
