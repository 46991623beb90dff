//! Checks that keep their connection, against real Spark Thrift Servers behind a relay that counts and breaks.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult, ConnectionStatus};
use floe_plugin_spark::Spark;
use floe_tests::keep::over_http;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::databricks::Databricks;
use floe_tests::servers::relay::Relay;
use floe_tests::servers::spark::{FORBIDDEN, Mode, PASSWORD, server};
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::show;
use serde_json::{Value, json};
use support::{compute, with};

const ALL: [&str; 4] = ["resolve", "connect", "login", "authorise"];

/// What the plugin keeps is one for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at(port: u16) -> Value {
    json!({"method": "thrift", "host": "127.0.0.1", "port": port, "user": "dbt", "schema": "default"})
}

fn check(settings: &Value, keep: bool) -> ConnectionResult {
    within(settings, keep, 10_000)
}

fn within(settings: &Value, keep: bool, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/nowhere", deadline_ms, "01J-test");
    Spark.validate_connection(&request.with_keep_connection(keep)).unwrap()
}

fn steps(result: &ConnectionResult) -> Vec<&str> {
    result.steps.iter().map(|step| step.name.as_str()).collect()
}

/// Healthy or not, reconnected or not, kept or not.
fn state(result: &ConnectionResult) -> (bool, bool, bool) {
    (result.status == ConnectionStatus::Healthy, result.reconnected, result.connection_kept)
}

/// Three checks by one connection, and one that closes it.
fn kept_by(settings: &Value, relay: &Relay) {
    let before = relay.opened();
    let first = check(settings, true);
    assert_eq!((state(&first), steps(&first).last()), ((true, false, true), Some(&"authorise")), "{first:?}");
    for _ in 0..2 {
        let next = check(settings, true);
        assert_eq!((state(&next), steps(&next)), ((true, false, true), vec!["authorise"]), "{next:?}");
        assert_eq!((&next.message, &next.details, &next.warnings), (&first.message, &first.details, &first.warnings));
        show(&format!("spark: {:.1} ms with a login, {:.1} ms without", first.latency_ms, next.latency_ms));
    }
    assert_eq!((relay.opened(), relay.open()), (before + 1, 1));
    assert_eq!(state(&check(settings, false)), (true, false, false));
    assert_eq!(relay.opened(), before + 2);
    relay.wait_until_open(0);
}

#[test]
fn one_session_serves_every_check_by_each_way_to_log_in() {
    let _alone = alone();
    let plain = Relay::to(server(Mode::None).port);
    kept_by(&at(plain.port), &plain);
    kept_by(&with(&at(plain.port), &json!({"schema": "not_there"})), &plain);
    let password = Relay::to(server(Mode::Password).port);
    let over = json!({"auth": "CUSTOM", "password": PASSWORD});
    kept_by(&with(&at(password.port), &over), &password);
    let tls = TlsProxy::start(&Authority::new().issue(Kind::Good), server(Mode::Password).port);
    let tls = Relay::to(tls.port);
    let over = json!({"auth": "CUSTOM", "password": PASSWORD, "use_ssl": true});
    kept_by(&with(&at(tls.port), &over), &tls);
    let without = Relay::to(server(Mode::NoSasl).port);
    kept_by(&with(&at(without.port), &json!({"auth": "NOSASL"})), &without);
}

#[test]
fn a_connection_that_breaks_hangs_or_is_refused() {
    let _alone = alone();
    let mut relay = Relay::to(server(Mode::None).port);
    let settings = at(relay.port);
    assert_eq!(state(&check(&settings, true)), (true, false, true));
    relay.cut();
    let result = check(&settings, true);
    assert_eq!(state(&result), (true, true, true), "{result:?}");
    assert_eq!(steps(&result), [&["kept"][..], &ALL].concat());
    assert_eq!(state(&check(&settings, true)), (true, false, true));

    relay.freeze();
    let begun = Instant::now();
    let result = within(&settings, true, 3_000);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(state(&result), (true, true, true), "{result:?}");
    relay.wait_until_open(1);

    relay.refuse();
    let begun = Instant::now();
    for _ in 0..2 {
        let result = check(&settings, true);
        assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("refused")), "{result:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    relay.listen();
    let result = check(&settings, true);
    assert_eq!((state(&result), steps(&result)), ((true, false, true), ALL.to_vec()));
    check(&settings, false);
    relay.wait_until_open(0);
}

/// A goodbye to a server that says nothing any more takes no time that a check does not have.
#[test]
fn a_connection_that_hangs_is_left_in_time() {
    let _alone = alone();
    let relay = Relay::to(server(Mode::None).port);
    check(&at(relay.port), true);
    relay.freeze();
    let begun = Instant::now();
    let result = within(&at(relay.port), false, 5_000);
    assert_eq!(state(&result), (true, false, false), "{result:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    relay.wait_until_open(0);
}

#[test]
fn another_password_logs_in_anew() {
    let _alone = alone();
    let relay = Relay::to(server(Mode::Password).port);
    let right = with(&at(relay.port), &json!({"auth": "CUSTOM", "password": PASSWORD}));
    assert_eq!(state(&check(&right, true)), (true, false, true));
    let result = check(&with(&right, &json!({"password": "n0t-it"})), true);
    assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("credential")), "{result:?}");
    relay.wait_until_open(0);
    let result = check(&right, true);
    assert_eq!((state(&result), steps(&result)), ((true, false, true), ALL.to_vec()));
    let result = check(&with(&right, &json!({"user": "other"})), true);
    assert_eq!((state(&result), result.details.user.as_deref()), ((true, false, true), Some("other")), "{result:?}");
    relay.wait_until_open(1);
    check(&right, false);
    relay.wait_until_open(0);
}

/// What the server says of a schema is no fault of the session.
#[test]
fn a_session_that_may_not_see_the_schema_is_kept() {
    let _alone = alone();
    let relay = Relay::to(server(Mode::None).port);
    {
        use floe_plugin_spark::hive_server::{Sasl, Session};
        let stream = std::net::TcpStream::connect(("127.0.0.1", server(Mode::None).port)).unwrap();
        let mut session =
            Session::open(Box::new(Sasl::plain(Box::new(stream), "admin", "x").unwrap()), "admin", &[]).unwrap();
        session.execute(&format!("CREATE DATABASE IF NOT EXISTS {FORBIDDEN}")).unwrap();
        session.close().unwrap();
    }
    let settings = with(&at(relay.port), &json!({"schema": FORBIDDEN}));
    for _ in 0..3 {
        let result = check(&settings, true);
        assert_eq!(
            (state(&result), result.reason.as_deref()),
            ((false, false, true), Some("permission")),
            "{result:?}"
        );
    }
    assert_eq!(relay.opened(), 1);
    check(&settings, false);
    relay.wait_until_open(0);
}

/// A session that the server has ended, while the connection is there: `hive.server2.idle.session.timeout`.
#[test]
fn a_session_that_the_server_has_ended_is_told_by_what_it_says() {
    use floe_plugin_spark::hive_server::{Error, Sasl, Session};
    let stream = std::net::TcpStream::connect(("127.0.0.1", server(Mode::None).port)).unwrap();
    let channel = Box::new(Sasl::plain(Box::new(stream), "dbt", "x").unwrap());
    let mut session = Session::open(channel, "dbt", &[]).unwrap();
    let error = session.execute("SELECT no_such_function()").unwrap_err();
    assert!(matches!(error, Error::Server(_)) && !session.is_broken(), "{error:?}");
    session.end().unwrap();
    // Spark tells its version without a session.
    let error = session.execute("USE `default`").unwrap_err();
    assert!(matches!(error, Error::Server(_)) && session.is_broken(), "{error:?}");
}

/// Whether a session is kept or not, another method takes nothing of it.
#[test]
fn another_method_closes_it() {
    let _alone = alone();
    let relay = Relay::to(server(Mode::None).port);
    check(&at(relay.port), true);
    let result = check(&json!({"method": "session", "schema": "s"}), true);
    assert!(!result.connection_kept);
    relay.wait_until_open(0);
}

/// Databricks by HTTPS: the connection is kept, and no session. Whom a check trusts is told by a variable, so the checks run in
/// a process of their own.
#[test]
fn one_connection_to_databricks_serves_every_check() {
    const PORT: &str = "FLOE_TEST_DATABRICKS_PORT";
    let _alone = alone();
    if let Ok(port) = std::env::var(PORT) {
        let mut relay = Relay::to(port.parse().unwrap());
        let settings = json!({
            "method": "http", "host": "localhost", "port": relay.port, "cluster": "0801-brew", "token": "dapi-c0rrect",
            "schema": "default",
        });
        over_http(&mut relay, 1, |keep, deadline_ms| within(&settings, keep, deadline_ms));
        check(&settings, true);
        let result = check(&with(&settings, &json!({"token": "dapi-other"})), true);
        assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("credential")));
        relay.wait_until_open(0);
        return;
    }
    // It is off, so no session is opened; to ask for its state starts nothing.
    let workspace = Databricks::start(
        &json!({"tokens": {"dapi-c0rrect": "ada@example.com"}, "clusters": {"0801-brew": "TERMINATED"}}),
    );
    let authority = Authority::new();
    let tls = TlsProxy::start(&authority.issue(Kind::Good), workspace.port());
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .arg("one_connection_to_databricks_serves_every_check")
        .env(PORT, tls.port.to_string())
        .env("SSL_CERT_FILE", authority.file())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert!(workspace.asked().iter().all(|asked| asked.method == "GET"), "no session was opened");
}
