//! The check against what is no Spark.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_tests::results::shown;
use floe_tests::servers::faults::{BlackHole, Manner, SSH_BANNER, server};
use floe_tests::servers::free_port;
use floe_tests::show;
use serde_json::{Value, json};
use support::{check, check_within, with};

fn at(port: u16) -> Value {
    json!({"method": "thrift", "host": "127.0.0.1", "port": port, "user": "dbt", "schema": "default"})
}

/// A login that HiveServer2 would take, then a frame longer than any answer.
const HUGE_FRAME: &[u8] = b"\x05\0\0\0\0\x7f\xff\xff\xff";

#[test]
fn each_failure_has_a_reason_of_its_own() {
    let hole = BlackHole::start();
    let refused = free_port();
    let mut found = Vec::new();
    let mut ports = vec![hole.port, refused];
    let mut add = |name: &str, settings: &Value, deadline_ms: u32| {
        let result = check_within(settings, deadline_ms.into());
        assert!(result.latency_ms < f64::from(deadline_ms) + 2_000.0, "{name}: {}", result.latency_ms);
        ports.push(settings["port"].as_u64().unwrap().try_into().unwrap());
        found.push((name.to_owned(), result));
    };
    add("no such host", &with(&at(10_000), &json!({"host": "no-such-host.invalid"})), 5_000);
    add("nothing listens", &at(refused), 5_000);
    add("black hole", &at(hole.port), 1_000);
    add("silence", &at(server(Manner::Silent)), 1_000);
    add("silence, NOSASL", &with(&at(server(Manner::Silent)), &json!({"auth": "NOSASL"})), 1_000);
    add("hangs up", &at(server(Manner::HangsUp)), 5_000);
    add("another protocol", &at(server(Manner::Says(SSH_BANNER))), 5_000);
    add("another protocol, NOSASL", &with(&at(server(Manner::Says(SSH_BANNER))), &json!({"auth": "NOSASL"})), 5_000);
    add("a web server", &at(server(Manner::Answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"))), 5_000);
    add("wants TLS", &at(server(Manner::Answers(&[0x15, 3, 1, 0, 2, 2, 10]))), 5_000);
    add("no Kerberos here", &at(server(Manner::Answers(b"\x03\0\0\0\x20Unsupported mechanism type PLAIN"))), 5_000);
    add("a challenge", &at(server(Manner::Answers(b"\x02\0\0\0\x01?"))), 5_000);
    add("a huge message", &at(server(Manner::Answers(b"\x04\x7f\xff\xff\xff"))), 5_000);
    add("a huge frame", &at(server(Manner::Answers(HUGE_FRAME))), 5_000);
    add("half a message", &at(server(Manner::Answers(b"\x05\0"))), 5_000);

    let table = found.iter().map(|(name, result)| {
        let reason = result.reason.clone().unwrap_or_default();
        format!("| {name:<26} | {reason:<16} | {}\n", result.message)
    });
    show(&format!("spark\n{}", table.collect::<String>()));
    let all: Vec<Value> =
        found.iter().map(|(name, result)| json!({"server": name, "found": shown(result, &ports)})).collect();
    insta::with_settings!({filters => vec![(r"cannot be resolved: [^\x22]*", "cannot be resolved: <words>")]}, {
        insta::assert_json_snapshot!(all);
    });
}

#[test]
fn the_deadline_of_the_compute_counts_too() {
    let hole = BlackHole::start();
    let mut config = support::compute(&at(hole.port));
    config.connect_timeout_seconds = Some(1);
    let request = floe_plugin_api::CheckRequest::new(config, "dev", "/", 30_000, "01J-test");
    let begun = std::time::Instant::now();
    let result = floe_plugin_api::ComputePlugin::validate_connection(&floe_plugin_spark::Spark, &request).unwrap();
    assert_eq!(result.kind, Some(floe_plugin_api::ErrorKind::Timeout));
    assert!(begun.elapsed() < std::time::Duration::from_secs(2));
}

#[test]
fn what_is_not_checked_is_never_healthy() {
    let port = server(Manner::Silent);
    let odbc = json!({
        "method": "odbc", "host": "127.0.0.1", "port": port, "schema": "s", "driver": "/opt/driver.so",
        "connection_string_suffix": "AuthMech=1",
    });
    insta::assert_json_snapshot!([
        shown(&check(&odbc), &[port]),
        shown(&check(&json!({"method": "session", "schema": "s"})), &[]),
    ]);
}

/// Both an engine that cannot be used and settings that cannot be right are results.
#[test]
fn settings_that_contradict_each_other_are_unhealthy() {
    insta::assert_json_snapshot!(shown(&check(&json!({"method": "thrift", "schema": "s"})), &[]));
    let nul = with(&at(1), &json!({"auth": "LDAP", "password": "a\u{0}b"}));
    assert_eq!(check(&nul).reason.as_deref(), Some("nul"));
}

/// A Databricks whose certificate nobody here has issued.
#[test]
fn databricks_is_not_trusted_blindly() {
    use floe_tests::servers::certificates::{Authority, Kind};
    use floe_tests::servers::tls_proxy::TlsProxy;
    let proxy = TlsProxy::start(&Authority::new().issue(Kind::Good), server(Manner::Silent));
    let settings = json!({
        "method": "http", "host": "127.0.0.1", "port": proxy.port, "schema": "s", "cluster": "0801-brew", "token": "t",
    });
    insta::assert_json_snapshot!(shown(&check(&settings), &[proxy.port]));
}
