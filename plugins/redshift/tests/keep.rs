//! Checks that keep their connection, as the server sees them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult, ConnectionStatus};
use floe_plugin_redshift::Redshift;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::postgres::{Endpoint, PASSWORD, Postgres, USER, WATCHED, shared};
use floe_tests::servers::relay::Relay;
use floe_tests::show;
use serde_json::{Value, json};
use support::compute;

/// What the plugin keeps is one for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn settings(port: u16) -> Value {
    json!({
        "host": "127.0.0.1", "port": port, "user": USER, "password": PASSWORD, "database": "shop", "schema": "public",
        "sslmode": "disable",
    })
}

fn check(settings: &Value, keep: bool) -> ConnectionResult {
    within(settings, keep, 10_000)
}

fn within(settings: &Value, keep: bool, deadline_ms: u64) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", "/", deadline_ms, "01J-test").with_keep_connection(keep);
    Redshift.validate_connection(&request).unwrap()
}

fn steps(result: &ConnectionResult) -> Vec<&str> {
    result.steps.iter().map(|step| step.name.as_str()).collect()
}

/// Healthy or not, reconnected or not, kept or not.
fn state(result: &ConnectionResult) -> (bool, bool, bool) {
    (result.status == ConnectionStatus::Healthy, result.reconnected, result.connection_kept)
}

const ALL: [&str; 4] = ["resolve", "connect", "login", "authorise"];

/// May build in `public`, which PostgreSQL gives nobody any more.
fn grant(server: &Postgres) {
    server.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}, {}", WATCHED[0]));
}

#[test]
fn one_backend_serves_every_check_and_goes_with_the_last() {
    let _alone = alone();
    let server = shared();
    grant(server);
    let settings = settings(server.port);
    let first = check(&settings, true);
    assert_eq!((state(&first), steps(&first)), ((true, false, true), ALL.to_vec()), "{first:?}");
    let backend = server.backends(USER);
    let mut slowest = 0.0_f64;
    for _ in 0..5 {
        let next = check(&settings, true);
        assert_eq!((state(&next), steps(&next)), ((true, false, true), vec!["authorise"]), "{next:?}");
        assert_eq!((&next.message, &next.details), (&first.message, &first.details));
        slowest = slowest.max(next.latency_ms);
    }
    show(&format!("redshift: {:.1} ms with a login, at most {slowest:.1} ms without", first.latency_ms));
    assert_eq!(server.backends(USER), backend);
    let last = check(&settings, false);
    assert_eq!((state(&last), steps(&last)), ((true, false, false), ALL.to_vec()));
    gone(server, USER);
}

/// The server has nobody left of a user.
fn gone(server: &Postgres, user: &str) {
    let begun = Instant::now();
    while !server.backends(user).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{} are left", server.backends(user));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_that_is_restarted_and_one_that_is_gone() {
    let _alone = alone();
    let mut server = Postgres::start();
    grant(&server);
    let settings = settings(server.port);
    assert_eq!(state(&check(&settings, true)), (true, false, true));
    let before = server.backends(USER);
    server.stop();
    server.start_again();
    let result = check(&settings, true);
    assert_eq!(state(&result), (true, true, true), "{result:?}");
    assert_eq!(steps(&result), ["kept", "resolve", "connect", "login", "authorise"]);
    assert!(!result.steps[0].ok);
    let after = server.backends(USER);
    assert!(!after.is_empty() && after != before, "{before} {after}");
    assert_eq!(state(&check(&settings, true)), (true, false, true));
    assert_eq!(server.backends(USER), after);

    server.stop();
    let begun = Instant::now();
    for _ in 0..2 {
        let result = check(&settings, true);
        assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("refused")), "{result:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    server.start_again();
    let result = check(&settings, true);
    assert_eq!((state(&result), steps(&result)), ((true, false, true), ALL.to_vec()), "nothing was kept meanwhile");
    check(&settings, false);
}

/// As where the server's machine has lost its power: nothing says that the connection has ended.
#[test]
fn a_connection_that_hangs_is_replaced_in_time() {
    let _alone = alone();
    grant(shared());
    let mut relay = Relay::to(shared().port);
    let settings = settings(relay.port);
    assert_eq!(state(&check(&settings, true)), (true, false, true));
    relay.freeze();
    let begun = Instant::now();
    let result = within(&settings, true, 1_500);
    assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}", begun.elapsed());
    assert_eq!(state(&result), (true, true, true), "{result:?}");
    assert_eq!(relay.opened(), 2);
    relay.wait_until_open(1);

    relay.freeze();
    relay.refuse();
    let result = within(&settings, true, 1_500);
    assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("refused")), "{result:?}");
    relay.listen();
    assert_eq!(state(&check(&settings, true)), (true, false, true));
    check(&settings, false);
    relay.wait_until_open(0);
}

/// What ends a session while it is asked, told by the server or by a network that resets it.
#[test]
fn a_session_that_is_ended() {
    let _alone = alone();
    let server = shared();
    grant(server);
    let relay = Relay::to(server.port);
    let settings = settings(relay.port);
    check(&settings, true);
    server.sql("postgres", &format!("SELECT pg_terminate_backend({})", server.backends(USER)));
    assert_eq!(state(&check(&settings, true)), (true, true, true));
    relay.cut();
    assert_eq!(state(&check(&settings, true)), (true, true, true));
    check(&settings, false);
    relay.wait_until_open(0);
    gone(server, USER);
}

#[test]
fn another_credential_logs_in_anew() {
    let _alone = alone();
    let server = shared();
    grant(server);
    let relay = Relay::to(server.port);
    let first = settings(relay.port);
    assert_eq!(state(&check(&first, true)), (true, false, true));
    let mut wrong = first.clone();
    wrong["password"] = json!("n0t-the-pa55word");
    let result = check(&wrong, true);
    assert_eq!((state(&result), result.reason.as_deref()), ((false, false, false), Some("credential")), "{result:?}");
    relay.wait_until_open(0);
    let mut other = first.clone();
    other["user"] = json!(WATCHED[0]);
    let result = check(&other, true);
    assert_eq!((state(&result), result.details.user.as_deref()), ((true, false, true), Some(WATCHED[0])));
    let result = check(&first, true);
    assert_eq!((state(&result), result.details.user.as_deref()), ((true, false, true), Some(USER)));
    relay.wait_until_open(1);
    gone(server, WATCHED[0]);
    check(&first, false);
    relay.wait_until_open(0);
}

/// What the server says of rights is no fault of the connection.
#[test]
fn a_connection_that_may_not_build_is_kept() {
    let _alone = alone();
    let relay = Relay::to(shared().port);
    let mut vault = settings(relay.port);
    vault["schema"] = json!("vault");
    for _ in 0..3 {
        let result = check(&vault, true);
        assert_eq!((state(&result), result.reason.as_deref()), ((false, false, true), Some("permission")));
    }
    assert_eq!(relay.opened(), 1);
    check(&vault, false);
    relay.wait_until_open(0);
}

/// Computes of one plugin do not take each other's.
#[test]
fn two_computes_have_one_each() {
    let _alone = alone();
    grant(shared());
    let relay = Relay::to(shared().port);
    let settings = settings(relay.port);
    let check = |name: &str, keep| {
        let mut config = compute(&settings);
        config.name = name.to_owned();
        let request = CheckRequest::new(config, "dev", "/", 10_000, "01J-test").with_keep_connection(keep);
        Redshift.validate_connection(&request).unwrap()
    };
    for _ in 0..3 {
        assert!(check("one", true).connection_kept && check("two", true).connection_kept);
    }
    assert_eq!((relay.opened(), relay.open()), (2, 2));
    check("one", false);
    relay.wait_until_open(0);
}

/// Settings that are wrong meanwhile leave nothing behind either.
#[test]
fn what_is_not_logged_in_keeps_nothing() {
    let _alone = alone();
    grant(shared());
    let relay = Relay::to(shared().port);
    let mut settings = settings(relay.port);
    check(&settings, true);
    settings["is_serverless"] = json!(true);
    for _ in 0..2 {
        let result = check(&settings, true);
        assert_eq!((result.status, result.connection_kept), (ConnectionStatus::Degraded, false), "{result:?}");
    }
    assert_eq!(relay.opened(), 3, "each logs in");
    relay.wait_until_open(0);
    settings["is_serverless"] = json!(false);
    check(&settings, true);
    settings["password"] = Value::Null;
    let result = check(&settings, true);
    assert!(!result.connection_kept && result.status == ConnectionStatus::Unhealthy, "{result:?}");
    relay.wait_until_open(0);
}

/// By way of pgbouncer, which has TLS. Whom a check trusts is told by a variable, so the check runs in a process of its own.
#[test]
fn an_encrypted_connection_is_kept_and_its_warnings_too() {
    const PORT: &str = "FLOE_TEST_ENCRYPTED_PORT";
    let _alone = alone();
    if let Ok(port) = std::env::var(PORT) {
        let mut settings = settings(port.parse().unwrap());
        settings["sslmode"] = json!("verify-full");
        settings["host"] = json!("localhost");
        settings["schema"] = json!("not_there");
        let first = check(&settings, true);
        assert_eq!(state(&first), (true, false, true), "{first:?}");
        assert_eq!(first.warnings[0].reason, "no_such_schema");
        for _ in 0..3 {
            let next = check(&settings, true);
            assert_eq!((state(&next), steps(&next)), ((true, false, true), vec!["authorise"]));
            assert_eq!((&next.warnings, &next.details), (&first.warnings, &first.details));
        }
        check(&settings, false);
        return;
    }
    let authority = Authority::new();
    let endpoint = Endpoint::with_tls(&authority.issue(Kind::Good));
    let relay = Relay::to(endpoint.port);
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .arg("an_encrypted_connection_is_kept_and_its_warnings_too")
        .env(PORT, relay.port.to_string())
        .env("SSL_CERT_FILE", authority.file())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    assert_eq!(relay.opened(), 2, "one for the checks that keep it, one for the last");
    relay.wait_until_open(0);
}

/// Nothing grows: neither memory nor what is open.
#[test]
fn many_checks_hold_as_much_as_one() {
    let _alone = alone();
    grant(shared());
    let settings = settings(shared().port);
    let held = || {
        let memory = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
        (
            pages * 4,
            std::fs::read_dir("/proc/self/fd").unwrap().count(),
            std::fs::read_dir("/proc/self/task").unwrap().count(),
        )
    };
    for _ in 0..200 {
        check(&settings, true);
    }
    let before = held();
    for _ in 0..3_000 {
        assert_eq!(state(&check(&settings, true)), (true, false, true));
    }
    let after = held();
    show(&format!("redshift: {before:?} before, {after:?} after 3000 checks (KiB, files, threads)"));
    assert!(after.0 < before.0 + 1024 && after.1 == before.1 && after.2 <= before.2, "{before:?} {after:?}");
    check(&settings, false);
}
