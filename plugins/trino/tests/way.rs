//! The way to the server by the variables of the environment, as Python's requests reads them: proxies, and whom TLS
//! trusts.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeMap;

use floe_plugin_api::{CheckRequest, ComputePlugin};
use floe_plugin_trino::Trino;
use floe_tests::results::shown;
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::forward::Forward;
use floe_tests::servers::free_port;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::servers::trino::{Recorded, Script, page, server_info};
use serde_json::{Value, json};
use support::{compute, settings};

fn check(all: &Value, variables: &[(&str, String)], ports: &[u16]) -> Value {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let request = CheckRequest::new(compute(all), "dev", "/", 5_000, "01J-test");
    let plugin = Trino::seeing(move |name| variables.get(name).cloned());
    shown(&plugin.validate_connection(&request).unwrap(), ports)
}

fn well() -> Recorded {
    // Its answers name the address by which it is asked, which is https here.
    let script = Script::new()
        .info(server_info("476", false))
        .statement("SELECT current_user", vec![page("FINISHED", &["dbt"], false)])
        .statement("SHOW SCHEMAS", vec![page("FINISHED", &["sales"], false)]);
    Recorded::start(script)
}

#[test]
fn https_goes_through_a_tunnel() {
    let (recorded, authority) = (well(), Authority::new());
    let tls = TlsProxy::start(&authority.issue(Kind::Good), recorded.port());
    let forward = Forward::start(Some("Basic ZmxvZTpodW50ZXIy"));
    let all = settings(tls.port, &json!({"http_scheme": "https", "cert": authority.file()}));
    let through = |credential: &str, none: &str| {
        let proxy = format!("http://{credential}127.0.0.1:{}", forward.port());
        check(&all, &[("HTTPS_PROXY", proxy), ("NO_PROXY", none.to_owned())], &[tls.port, forward.port()])
    };
    let told = [through("floe:hunter2@", "localhost"), through("floe:wrong-password@", ""), through("", "127.0.0.1")];
    assert!(!json!(told).to_string().contains("hunter2") && !json!(told).to_string().contains("wrong-password"));
    insta::assert_json_snapshot!(told);
    let tunnel = format!("CONNECT 127.0.0.1:{}", tls.port);
    assert_eq!(forward.asked(), [tunnel.clone(), tunnel]);
}

#[test]
fn proxies_that_are_no_way() {
    let (recorded, authority) = (well(), Authority::new());
    let tls = TlsProxy::start(&authority.issue(Kind::Good), recorded.port());
    let (nowhere, forward) = (free_port(), Forward::start(None));
    let https = settings(nowhere, &json!({"http_scheme": "https"}));
    let http = settings(recorded.port(), &json!({}));
    let ports = [tls.port, nowhere, forward.port(), recorded.port()];
    let by = |name: &'static str, text: String, all: &Value| check(all, &[(name, text)], &ports);
    let told = [
        // Nothing listens behind the proxy, at the proxy's address, or something else does.
        by("https_proxy", format!("http://127.0.0.1:{}", forward.port()), &https),
        by("https_proxy", format!("http://127.0.0.1:{nowhere}"), &https),
        by("https_proxy", format!("http://127.0.0.1:{}", tls.port), &https),
        // What a check does not speak.
        by("ALL_PROXY", "socks5://127.0.0.1:1080".to_owned(), &https),
        by("SOCKS_PROXY", "127.0.0.1:1080".to_owned(), &https),
        by("http_proxy", format!("http://127.0.0.1:{}", forward.port()), &http),
        by("HTTPS_PROXY", "http://u:hunter2@proxy.example:port".to_owned(), &https),
    ];
    assert!(!json!(told).to_string().contains("hunter2"));
    insta::assert_json_snapshot!(told);
}

#[test]
fn variables_decide_whom_tls_trusts() {
    let (recorded, authority, other) = (well(), Authority::new(), Authority::new());
    let tls = TlsProxy::start(&authority.issue(Kind::Good), recorded.port());
    let with = |cert: Value, name: &'static str, file: &Authority| {
        let all = settings(tls.port, &json!({"http_scheme": "https", "cert": cert}));
        check(&all, &[(name, file.file().to_str().unwrap().to_owned())], &[tls.port])
    };
    let told = [
        with(json!(true), "REQUESTS_CA_BUNDLE", &authority),
        // requests lets the variable win, even over "trust everyone".
        with(json!(false), "REQUESTS_CA_BUNDLE", &other),
        with(json!(authority.file()), "CURL_CA_BUNDLE", &other),
    ];
    insta::assert_json_snapshot!(told);
}

/// A statement would wake a cluster that sleeps, and cost.
#[test]
fn no_statement_goes_to_starburst_galaxy() {
    let (recorded, authority) = (well(), Authority::new());
    let tls = TlsProxy::start(&authority.issue(Kind::Good), recorded.port());
    let forward = Forward::leading_to(tls.port);
    let over = json!({
        "host": "acme-free.trino.galaxy.starburst.io", "method": "ldap", "password": "hunter2", "cert": false,
    });
    let proxy = format!("http://127.0.0.1:{}", forward.port());
    let told = check(&settings(443, &over), &[("HTTPS_PROXY", proxy)], &[forward.port()]);
    insta::assert_json_snapshot!(told);
    let asked: Vec<String> =
        recorded.asked().into_iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    assert_eq!(asked, ["GET /v1/info"]);
    assert!(recorded.asked().iter().all(|asked| !asked.headers.contains_key("authorization")));
}

#[test]
fn kerberos_looks_at_no_variables() {
    let (recorded, authority) = (well(), Authority::new());
    let tls = TlsProxy::start(&authority.issue(Kind::Good), recorded.port());
    let all = settings(tls.port, &json!({"method": "gssapi", "cert": authority.file()}));
    let variables =
        [("HTTPS_PROXY", "http://127.0.0.1:1".to_owned()), ("REQUESTS_CA_BUNDLE", "/no/such/file".to_owned())];
    let told = check(&all, &variables, &[tls.port]);
    assert_eq!(
        (&told["status"], &told["warnings"][0]["reason"]),
        (&json!("degraded"), &json!("unchecked")),
        "{told:#}"
    );
}
