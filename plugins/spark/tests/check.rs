//! The check against real Spark Thrift Servers.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::ConnectionStatus;
use floe_tests::results::shown;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::spark::{FORBIDDEN, Mode, PASSWORD, server};
use floe_tests::servers::tls_proxy::TlsProxy;
use serde_json::{Value, json};
use support::{check, with};

fn at(port: u16) -> Value {
    json!({"method": "thrift", "host": "127.0.0.1", "port": port, "user": "dbt", "schema": "default"})
}

fn on(mode: Mode, over: &Value) -> Value {
    let settings = with(&at(server(mode).port), over);
    shown(&check(&settings), &[server(mode).port])
}

#[test]
fn none() {
    insta::assert_json_snapshot!(on(Mode::None, &json!({"auth": "NONE"})));
}

#[test]
fn a_schema_that_dbt_will_make() {
    insta::assert_json_snapshot!(on(Mode::None, &json!({"schema": "no_such_schema"})));
}

/// `_` fits any character in the protocol's patterns.
#[test]
fn a_schema_whose_name_fits_as_a_pattern_alone_is_not_there() {
    let result = check(&with(&at(server(Mode::None).port), &json!({"schema": "defa_lt"})));
    assert_eq!(result.warnings[0].reason, "no_such_database");
}

#[test]
fn nosasl() {
    insta::assert_json_snapshot!(on(Mode::NoSasl, &json!({"auth": "NOSASL"})));
}

#[test]
fn a_password() {
    insta::assert_json_snapshot!(on(Mode::Password, &json!({"auth": "CUSTOM", "password": PASSWORD})));
}

#[test]
fn a_wrong_password() {
    let found = on(Mode::Password, &json!({"auth": "CUSTOM", "password": "hunter2"}));
    assert!(!found.to_string().contains("hunter2"));
    insta::assert_json_snapshot!(found);
}

#[test]
fn no_password_where_one_is_wanted() {
    insta::assert_json_snapshot!(on(Mode::Password, &json!({"auth": "NONE"})));
}

#[test]
fn a_login_that_the_server_does_not_want() {
    insta::assert_json_snapshot!(on(Mode::None, &json!({"auth": "NOSASL"})));
}

/// Such a server takes the login for a message that is too long.
#[test]
fn a_server_without_logins_hangs_up_on_one() {
    let port = server(Mode::NoSasl).port;
    let result = check(&with(&at(port), &json!({"auth": "NONE"})));
    insta::assert_json_snapshot!(shown(&result, &[port]));
}

#[test]
fn a_server_in_http_mode() {
    insta::assert_json_snapshot!(on(Mode::Http, &json!({})));
    insta::assert_json_snapshot!(on(Mode::Http, &json!({"auth": "NOSASL"})));
}

#[test]
fn settings_of_the_session_are_sent() {
    let with =
        |value: Value| on(Mode::None, &json!({"server_side_parameters": {"set:spark.sql.shuffle.partitions": value}}));
    assert_eq!(with(json!(3))["status"], "healthy");
    insta::assert_json_snapshot!(with(json!("many")));
}

#[test]
fn a_schema_that_the_user_may_not_see() {
    let port = server(Mode::None).port;
    let mut session = {
        use floe_plugin_spark::hive_server::{Sasl, Session};
        let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        Session::open(Box::new(Sasl::plain(Box::new(stream), "admin", "x").unwrap()), "admin", &[]).unwrap()
    };
    session.execute(&format!("CREATE DATABASE IF NOT EXISTS {FORBIDDEN}")).unwrap();
    session.close().unwrap();
    insta::assert_json_snapshot!(on(Mode::None, &json!({"schema": FORBIDDEN})));
}

#[test]
fn kerberos_is_unchecked() {
    let over = json!({"auth": "KERBEROS", "kerberos_service_name": "hive"});
    let mut settings = with(&at(server(Mode::None).port), &over);
    settings.as_object_mut().unwrap().shift_remove("user");
    insta::assert_json_snapshot!(shown(&check(&settings), &[server(Mode::None).port]));
}

/// dbt-spark takes every certificate; the check tells what is wrong with it.
#[test]
fn encrypted() {
    let authority = Authority::new();
    for kind in [Kind::Good, Kind::Expired, Kind::WrongHost] {
        let proxy = TlsProxy::start(&authority.issue(kind), server(Mode::Password).port);
        let over = json!({"auth": "CUSTOM", "password": PASSWORD, "use_ssl": true});
        let result = check(&with(&at(proxy.port), &over));
        assert_eq!(result.status, ConnectionStatus::Healthy, "{result:?}");
        insta::with_settings!({filters => vec![(r"expired \d+ days", "expired <n> days")]}, {
            insta::assert_json_snapshot!(format!("encrypted_{kind:?}"), shown(&result, &[proxy.port]));
        });
    }
}

#[test]
fn encryption_that_is_not_there_and_encryption_that_is_missing() {
    insta::assert_json_snapshot!(on(Mode::None, &json!({"use_ssl": true})));
    let proxy = TlsProxy::start(&Authority::new().issue(Kind::Good), server(Mode::None).port);
    for auth in ["NONE", "NOSASL"] {
        let result = check(&with(&at(proxy.port), &json!({"auth": auth})));
        insta::assert_json_snapshot!(format!("not_encrypted_{auth}"), shown(&result, &[proxy.port]));
    }
}
