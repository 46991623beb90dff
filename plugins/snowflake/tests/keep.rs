//! Checks that keep their session, against fakesnow behind a gate that judges logins.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult};
use floe_plugin_snowflake::Snowflake;
use floe_tests::keep::{over_http, state, steps};
use floe_tests::servers::relay::Relay;
use floe_tests::servers::snowflake::{self as server, Snowflake as Account};
use serde_json::{Value, json};
use support::{compute, lay, seeing_nothing, settings};

fn of(port: u16, over: &Value) -> Value {
    let mut all = settings(&json!({
        "account": server::ACCOUNT, "password": server::PASSWORD, "host": "127.0.0.1", "port": port, "protocol": "http",
    }));
    lay(&mut all, over);
    all
}

fn check(plugin: &Snowflake, settings: &Value, keep: bool, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/", deadline_ms, "01J-test").with_keep_connection(keep);
    plugin.validate_connection(&request).unwrap()
}

fn logins(account: &Account) -> usize {
    account.asked().iter().filter(|asked| asked.path.contains("login-request")).count()
}

fn goodbyes(account: &Account) -> usize {
    account.asked().iter().filter(|asked| asked.path == "/session" && asked.query.contains("delete=true")).count()
}

#[test]
fn one_login_serves_every_check() {
    let account = Account::start();
    let mut relay = Relay::to(account.port());
    let plugin = seeing_nothing();
    let settings = of(relay.port, &json!({}));
    // The schema is made by the first login that names it, as fakesnow does.
    check(&plugin, &settings, false, 10_000);
    let (mut relay, before) = (Relay::to(account.port()), {
        relay.refuse();
        logins(&account)
    });
    let settings = of(relay.port, &json!({}));
    over_http(&mut relay, 1, |keep, deadline_ms| check(&plugin, &settings, keep, deadline_ms));
    // At first, where the connection hung, after the server was away, and the last that keeps nothing: a connection that
    // ends takes no session along.
    assert_eq!(logins(&account) - before, 4);
    let first = check(&plugin, &settings, true, 10_000);
    let next = check(&plugin, &settings, true, 10_000);
    assert_eq!((steps(&next), &next.details), (vec!["warehouse", "database", "schema"], &first.details));
    let (said, opened) = (goodbyes(&account), logins(&account));
    check(&plugin, &settings, false, 10_000);
    assert_eq!((goodbyes(&account) - said, logins(&account) - opened), (2, 1), "the kept one, and the last one");
    relay.wait_until_open(0);
}

#[test]
fn a_session_that_is_over_is_opened_anew() {
    let account = Account::start();
    let plugin = seeing_nothing();
    let settings = of(account.port(), &json!({}));
    check(&plugin, &settings, true, 10_000);
    assert_eq!(logins(&account), 1);
    account.change(|state| state["ended"] = json!(1));
    let result = check(&plugin, &settings, true, 10_000);
    assert_eq!((state(&result), logins(&account)), ((true, true, true), 2), "{result:#?}");
    assert_eq!(steps(&result), ["kept", "resolve", "connect", "login", "warehouse", "database", "schema"]);
    let result = check(&plugin, &settings, true, 10_000);
    assert_eq!((state(&result), logins(&account)), ((true, false, true), 2));
    account.change(|state| {
        state["ended"] = json!(2);
        state["users"]["DBT"]["password"] = json!("another");
    });
    let result = check(&plugin, &settings, true, 10_000);
    assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("credential")), "{result:#?}");
    let other = of(account.port(), &json!({"password": "another"}));
    assert_eq!(state(&check(&plugin, &other, true, 10_000)), (true, false, true));
    check(&plugin, &other, false, 10_000);
}

#[test]
fn another_credential_logs_in_anew_and_says_goodbye_to_the_former() {
    let account = Account::start();
    let relay = Relay::to(account.port());
    let plugin = seeing_nothing();
    check(&plugin, &of(relay.port, &json!({})), true, 10_000);
    let wrong = check(&plugin, &of(relay.port, &json!({"password": "n0t-it"})), true, 10_000);
    assert_eq!((state(&wrong), wrong.reason.as_deref()), ((false, false, false), Some("credential")));
    assert_eq!(goodbyes(&account), 1);
    relay.wait_until_open(0);
    // The key in a file counts by what the file holds.
    let project = tempfile::tempdir().unwrap();
    let key = project.path().join("key.p8");
    let by_key = of(
        relay.port,
        &json!({
            "password": null, "authenticator": null, "private_key_path": key.to_str().unwrap(),
        }),
    );
    std::fs::write(&key, account.keys().text("dbt.p8")).unwrap();
    let opened = logins(&account);
    for _ in 0..2 {
        let result = check(&plugin, &by_key, true, 10_000);
        assert_eq!(state(&result), (true, false, true), "{result:#?}");
    }
    assert_eq!(logins(&account), opened + 1);
    std::fs::write(&key, account.keys().text("other.p8")).unwrap();
    let result = check(&plugin, &by_key, true, 10_000);
    assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("credential")), "{result:#?}");
    assert_eq!(goodbyes(&account), 2);
    relay.wait_until_open(0);
}

/// What Snowflake says of what a role may see is no fault of the session.
#[test]
fn a_session_that_sees_no_database_is_kept() {
    let account = Account::start();
    let plugin = seeing_nothing();
    let settings = of(account.port(), &json!({"database": "nowhere"}));
    for _ in 0..2 {
        let result = check(&plugin, &settings, true, 10_000);
        assert_eq!((state(&result), result.reason.as_deref()), ((false, false, true), Some("no_such_database")));
    }
    assert_eq!(logins(&account), 1);
    check(&plugin, &settings, false, 10_000);
}
