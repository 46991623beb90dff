//! Checks that keep their connection, against dask-sql behind a proxy that checks credentials.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult};
use floe_plugin_trino::Trino;
use floe_tests::keep::{over_http, state, steps};
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::relay::Relay;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::servers::trino::{Credential, Dask, Gate, Recorded, Script, page, server_info};
use serde_json::{Value, json};
use support::{compute, seeing_nothing, settings};

fn check(plugin: &Trino, settings: &Value, keep: bool, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/", deadline_ms, "01J-test").with_keep_connection(keep);
    plugin.validate_connection(&request).unwrap()
}

#[test]
fn one_connection_serves_every_check() {
    let dask = Dask::start();
    let plugin = seeing_nothing();
    let at = |port: u16, over: &Value| {
        let mut all = settings(port, &json!({"database": "dask_sql", "schema": "root"}));
        all.as_object_mut().unwrap().extend(over.as_object().cloned().unwrap());
        all
    };
    // The server names its own address in its answers, so without a gate the relay cannot stand before it.
    let password = Credential::Password { user: "dbt".into(), password: "hunter2".into(), may_be: Vec::new() };
    let gate = Gate::start(password, dask.port(), "https");
    let authority = Authority::new();
    let proxy = TlsProxy::start(&authority.issue(Kind::Good), gate.port());
    let mut relay = Relay::to(proxy.port);
    let right = at(relay.port, &json!({"method": "ldap", "password": "hunter2", "cert": authority.file()}));
    over_http(&mut relay, 1, |keep, deadline_ms| check(&plugin, &right, keep, deadline_ms));

    check(&plugin, &right, true, 10_000);
    let mut wrong = right.clone();
    wrong["password"] = json!("n0t-it");
    let result = check(&plugin, &wrong, true, 10_000);
    // Each request carries the login; where it fails, nothing is kept.
    assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("credential")), "{result:#?}");
    relay.wait_until_open(0);
    let result = check(&plugin, &right, true, 10_000);
    assert!(steps(&result).contains(&"connect") && state(&result) == (true, false, true), "{result:#?}");
    check(&plugin, &right, false, 10_000);
    relay.wait_until_open(0);
}

/// A statement that waits longer than a kept connection may: it gets the rest of the time.
#[test]
fn a_statement_that_waits_for_its_turn_gets_the_time_of_the_check() {
    let mut slow = vec![page("QUEUED", &[], true); 40];
    slow.extend([page("RUNNING", &["dbt"], true), page("FINISHED", &[], false)]);
    let script = Script::new()
        .info(server_info("476", false))
        .statement("SELECT current_user", slow)
        .statement("SHOW SCHEMAS", vec![page("FINISHED", &["sales"], false)]);
    let server = Recorded::start(script);
    let plugin = seeing_nothing();
    let settings = settings(server.port(), &json!({}));
    // 40 pages with 20 ms between them take more than a third of 2 s.
    assert_eq!(state(&check(&plugin, &settings, true, 2_000)), (true, false, true));
    let result = check(&plugin, &settings, true, 2_000);
    assert_eq!(state(&result), (true, true, true), "{result:#?}");
    check(&plugin, &settings, false, 2_000);
}

/// Nothing grows: neither what is open nor the threads.
#[test]
fn many_checks_hold_as_much_as_one() {
    let script = Script::new()
        .info(server_info("476", false))
        .statement("SELECT current_user", vec![page("FINISHED", &["dbt"], false)])
        .statement("SHOW SCHEMAS", vec![page("FINISHED", &["sales"], false)]);
    let server = Recorded::start(script);
    let relay = Relay::to(server.port());
    let plugin = seeing_nothing();
    let settings = settings(relay.port, &json!({}));
    for _ in 0..500 {
        assert_eq!(state(&check(&plugin, &settings, true, 5_000)), (true, false, true));
    }
    assert_eq!((relay.opened(), relay.open()), (1, 1));
    check(&plugin, &settings, false, 5_000);
    relay.wait_until_open(0);
}
