//! The check against a real engine that speaks the protocol, and against a proxy before it that checks credentials.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::OnceLock;

use floe_tests::results::shown;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::faults::{BlackHole, Manner, SSH_BANNER, server};
use floe_tests::servers::free_port;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::servers::trino::{Credential, Dask, Gate, Recorded, Script, page, server_info};
use serde_json::{Value, json};
use support::{check, check_config, compute, settings};

/// One engine for all tests of this program. It ends with the program.
fn dask() -> &'static Dask {
    static DASK: OnceLock<Dask> = OnceLock::new();
    DASK.get_or_init(Dask::start)
}

fn on_dask(port: u16, over: &Value) -> Value {
    let mut all = settings(port, &json!({"database": "dask_sql", "schema": "root"}));
    all.as_object_mut().unwrap().extend(over.as_object().cloned().unwrap());
    all
}

fn told(port: u16, over: &Value) -> Value {
    shown(&check(&on_dask(port, over)), &[port])
}

#[test]
fn an_engine_that_knows_little_is_healthy() {
    insta::assert_json_snapshot!(told(dask().port(), &json!({})));
}

#[test]
fn its_catalog_and_schema_are_looked_at() {
    let port = dask().port();
    let told = [told(port, &json!({"schema": "other"})), told(port, &json!({"database": "nosuch"}))];
    insta::assert_json_snapshot!(told);
}

fn password() -> Credential {
    Credential::Password { user: "dbt".into(), password: "hunter2".into(), may_be: vec!["sales".into()] }
}

/// A proxy that checks credentials behind one that takes TLS off, and the authority of its certificate.
fn behind_tls(credential: Credential) -> (Gate, TlsProxy, Authority) {
    let gate = Gate::start(credential, dask().port(), "https");
    let authority = Authority::new();
    let proxy = TlsProxy::start(&authority.issue(Kind::Good), gate.port());
    (gate, proxy, authority)
}

#[test]
fn passwords() {
    let (gate, proxy, authority) = behind_tls(password());
    let with = |over: Value| {
        let mut all = json!({"method": "ldap", "password": "hunter2", "cert": authority.file()});
        all.as_object_mut().unwrap().extend(over.as_object().cloned().unwrap());
        told(proxy.port, &all)
    };
    let right = with(json!({}));
    assert_eq!(gate.refused(), 0);
    let told = [
        right,
        with(json!({"password": "wrong-password"})),
        with(json!({"impersonation_user": "sales"})),
        with(json!({"impersonation_user": "boss"})),
    ];
    assert!(!json!(told).to_string().contains("wrong-password"));
    assert_eq!(gate.refused(), 2);
    insta::assert_json_snapshot!(told);
}

#[test]
fn tokens() {
    let (gate, proxy, authority) = behind_tls(Credential::Token("a.good.token".into()));
    let with = |token: &str| {
        let over = json!({"method": "jwt", "jwt_token": token, "cert": authority.file()});
        told(proxy.port, &over)
    };
    let told = [with("a.good.token"), with("an.expired.token")];
    assert!(!json!(told).to_string().contains("an.expired.token"));
    assert_eq!(gate.refused(), 1);
    insta::assert_json_snapshot!(told);
}

#[test]
fn certificates_of_clients() {
    let recorded = Recorded::behind(
        Script::new()
            .info(server_info("476", false))
            .statement("SELECT current_user", vec![page("FINISHED", &["CN=dbt"], false)])
            .statement("SHOW SCHEMAS", vec![page("FINISHED", &["root"], false)]),
        None,
    );
    let (authority, strangers) = (Authority::new(), Authority::new());
    let proxy = TlsProxy::start_with_client_certificates(&authority.issue(Kind::Good), recorded.port(), &authority);
    let with = |own: &Authority| {
        let certificate = own.issue(Kind::Good);
        let over = json!({
            "method": "certificate", "client_certificate": certificate.certificate,
            "client_private_key": certificate.key, "cert": authority.file(),
        });
        told(proxy.port, &over)
    };
    insta::assert_json_snapshot!([with(&authority), with(&strangers)]);
}

/// Whom TLS trusts, and what is said where it does not.
#[test]
fn certificates_of_servers() {
    let authority = Authority::new();
    let recorded = Recorded::start(Script::new().info(server_info("476", false)));
    let mut all = Vec::new();
    for (kind, over) in [
        (Kind::Good, json!({})),
        (Kind::Good, json!({"cert": true})),
        (Kind::Good, json!({"cert": false})),
        (Kind::Good, json!({"cert": "no/such/file.pem"})),
        (Kind::Expired, json!({"cert": authority.file()})),
        (Kind::WrongHost, json!({"cert": authority.file()})),
    ] {
        let proxy = TlsProxy::start(&authority.issue(kind), recorded.port());
        let mut over = over;
        over["method"] = json!("oauth");
        let mut told = told(proxy.port, &over);
        told.as_object_mut().unwrap().shift_remove("details");
        all.push(told);
    }
    let days = regex_days(&json!(all).to_string());
    insta::assert_json_snapshot!(serde_json::from_str::<Value>(&days).unwrap());
}

/// How long ago it expired changes from day to day.
fn regex_days(text: &str) -> String {
    let Some((before, after)) = text.split_once("has expired ") else { return text.to_owned() };
    let (_, rest) = after.split_once(' ').unwrap_or(("", after));
    format!("{before}has expired [n] {rest}")
}

#[test]
fn http_and_https_mixed_up() {
    let recorded = Recorded::start(Script::new().info(server_info("476", false)));
    let proxy = TlsProxy::start(&Authority::new().issue(Kind::Good), recorded.port());
    let plain_on_tls = told(proxy.port, &json!({}));
    let tls_on_plain = told(recorded.port(), &json!({"http_scheme": "https"}));
    insta::assert_json_snapshot!([plain_on_tls, tls_on_plain]);
}

#[test]
fn nothing_that_speaks_http() {
    let port = free_port();
    let refused = told(port, &json!({}));
    let hole = BlackHole::start();
    let result = check_config(compute(&on_dask(hole.port, &json!({}))), std::path::Path::new("/"), 1_500);
    let lost = shown(&result, &[hole.port]);
    let others: Vec<Value> =
        [Manner::Says(SSH_BANNER), Manner::HangsUp, Manner::Answers(b"\x15\x03\x01\x00\x02\x02\x50")]
            .into_iter()
            .map(|manner| told(server(manner), &json!({})))
            .collect();
    let silent_port = server(Manner::Silent);
    let silent = check_config(compute(&on_dask(silent_port, &json!({}))), std::path::Path::new("/"), 1_500);
    insta::assert_json_snapshot!(json!([refused, lost, others, shown(&silent, &[silent_port])]));
}

#[test]
fn what_cannot_be_checked_is_degraded() {
    let authority = Authority::new();
    let recorded = Recorded::start(Script::new().info(server_info("476", false)));
    let proxy = TlsProxy::start(&authority.issue(Kind::Good), recorded.port());
    let cert = authority.file();
    let told: Vec<Value> = [
        json!({"method": "kerberos", "keytab": "dbt.keytab", "cert": cert}),
        json!({"method": "gssapi", "cert": cert}),
        json!({"method": "oauth", "cert": cert}),
        json!({"method": "oauth_console", "cert": cert}),
    ]
    .iter()
    .map(|over| told(proxy.port, over))
    .collect();
    assert!(!recorded.asked().iter().any(|asked| asked.method == "POST"));
    insta::assert_json_snapshot!(told);
}
