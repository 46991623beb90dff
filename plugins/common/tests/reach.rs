//! Reaching a server: each way in which that fails has its own kind, reason, message and help.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read as _, Write as _};

use floe_plugin_api::{CheckRequest, ComputeConfig, ConnectionResult, PluginResult};
use floe_plugin_common::check::http::{Client, HeaderMap, redial};
use floe_plugin_common::check::{ClientCertificate, Roots, Run, Tls, Verify, dial, secure};
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::faults::{BlackHole, Manner, SSH_BANNER, server};
use floe_tests::servers::free_port;
use floe_tests::servers::tls_proxy::TlsProxy;
use serde_json::{Value, json};

fn run(deadline_ms: u64) -> Run {
    Run::new(&CheckRequest::new(ComputeConfig::new("wh", "nimbus"), "dev", "/", deadline_ms, "id"))
}

/// A result without what differs between runs.
fn shown(result: &ConnectionResult, port: u16) -> Value {
    let steps: Vec<_> =
        result.steps.iter().map(|step| format!("{}: {}", step.name, if step.ok { "ok" } else { "failed" })).collect();
    let value = json!({
        "status": result.status, "kind": result.kind, "reason": result.reason, "message": result.message,
        "help": result.help, "warnings": result.warnings, "steps": steps,
    });
    let text = value.to_string().replace(&format!("port {port}"), "port [port]");
    let days = text.split("has expired ").nth(1).and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    let text = days.map_or(text.clone(), |days| text.replace(&format!("expired {days} "), "expired [n] "));
    serde_json::from_str(&text).unwrap()
}

fn reached(host: &str, port: u16, deadline_ms: u64) -> Value {
    let mut run = run(deadline_ms);
    let found = dial(&mut run, host, port).map(|_| "reached".to_owned());
    shown(&run.finish(found), port)
}

fn tls(authority: &Authority, verify: Verify) -> Tls {
    Tls { roots: Roots::File(authority.file()), verify, client: None, trust_help: "name the authority in `cert`" }
}

fn encrypted(host: &str, port: u16, tls: &Tls) -> Value {
    let mut run = run(5_000);
    let found = dial(&mut run, host, port).and_then(|wire| secure(&mut run, wire, host, tls));
    // A server that speaks TLS 1.3 refuses a client after the handshake.
    let found = found.map(|_| "encrypted".to_owned());
    shown(&run.finish(found), port)
}

#[test]
fn a_name_that_does_not_resolve() {
    let mut told = reached("nowhere.invalid", 443, 5_000);
    let message = told["message"].as_str().unwrap().to_owned();
    // What follows is the resolver's own word, which depends on the machine.
    told["message"] = json!(message.split(": ").next().unwrap());
    insta::assert_json_snapshot!(told);
}

#[test]
fn ports_that_refuse_or_swallow() {
    let hole = BlackHole::start();
    insta::assert_json_snapshot!([reached("127.0.0.1", free_port(), 5_000), reached("127.0.0.1", hole.port, 600)]);
    let begun = std::time::Instant::now();
    let _ = reached("127.0.0.1", hole.port, 600);
    assert!(begun.elapsed() < std::time::Duration::from_secs(3), "the deadline holds: {:?}", begun.elapsed());
}

#[test]
fn a_silent_server_holds_no_handshake_beyond_the_deadline() {
    let port = server(Manner::Silent);
    let authority = Authority::new();
    let mut run = run(500);
    let found = dial(&mut run, "127.0.0.1", port)
        .and_then(|wire| secure(&mut run, wire, "127.0.0.1", &tls(&authority, Verify::Full)))
        .map(|_| String::new());
    insta::assert_json_snapshot!(shown(&run.finish(found), port));
}

#[test]
fn certificates_that_are_looked_at() {
    let authority = Authority::new();
    let backend = server(Manner::Silent);
    let told: Vec<_> = [Kind::Good, Kind::Expired, Kind::WrongHost]
        .map(|kind| TlsProxy::start(&authority.issue(kind), backend).port)
        .map(|port| encrypted("127.0.0.1", port, &tls(&authority, Verify::Full)))
        .to_vec();
    insta::assert_json_snapshot!("certificates_looked_at", told);
    let stranger = Authority::new();
    let port = TlsProxy::start(&authority.issue(Kind::Good), backend).port;
    insta::assert_json_snapshot!("untrusted", encrypted("127.0.0.1", port, &tls(&stranger, Verify::Full)));
}

#[test]
fn what_an_adapter_does_not_look_at_is_a_warning() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let backend = server(Manner::Silent);
    let [good, expired, elsewhere] =
        [Kind::Good, Kind::Expired, Kind::WrongHost].map(|kind| TlsProxy::start(&authority.issue(kind), backend).port);
    insta::assert_json_snapshot!([
        encrypted("127.0.0.1", elsewhere, &tls(&authority, Verify::Chain)),
        encrypted("127.0.0.1", expired, &tls(&authority, Verify::Chain)),
        encrypted("127.0.0.1", good, &tls(&stranger, Verify::Nothing)),
        encrypted("127.0.0.1", expired, &tls(&authority, Verify::Nothing)),
        encrypted("127.0.0.1", elsewhere, &tls(&authority, Verify::Nothing)),
        encrypted("127.0.0.1", good, &tls(&authority, Verify::Nothing)),
    ]);
}

/// As OpenSSL, which the adapters use: a certificate that is named itself needs no authority.
#[test]
fn a_certificate_that_is_trusted_by_itself() {
    let authority = Authority::new();
    let backend = server(Manner::Silent);
    let own = |kind| {
        let certificate = authority.issue(kind);
        let tls = Tls { roots: Roots::File(certificate.certificate.clone()), ..tls(&authority, Verify::Full) };
        encrypted("127.0.0.1", TlsProxy::start(&certificate, backend).port, &tls)
    };
    assert_eq!(own(Kind::Good)["status"], "healthy");
    assert_eq!(own(Kind::WrongHost)["reason"], "tls_wrong_host");
    assert_eq!(own(Kind::Expired)["reason"], "tls_expired");
}

#[test]
fn ports_without_tls() {
    let authority = Authority::new();
    for manner in [Manner::Says(SSH_BANNER), Manner::HangsUp, Manner::Answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")] {
        let told = encrypted("127.0.0.1", server(manner), &tls(&authority, Verify::Full));
        assert_eq!(told["reason"], "tls_not_spoken", "{manner:?}: {told:#}");
    }
    let told = encrypted("127.0.0.1", server(Manner::Says(SSH_BANNER)), &tls(&authority, Verify::Full));
    insta::assert_json_snapshot!(told);
}

#[test]
fn files_of_certificates_that_cannot_be_used() {
    let authority = Authority::new();
    let good = authority.issue(Kind::Good);
    let port = TlsProxy::start(&good, server(Manner::Silent)).port;
    let missing = authority.folder().join("gone.pem");
    let base = tls(&authority, Verify::Full);
    let told = [
        Tls { roots: Roots::File(missing.clone()), ..base.clone() },
        Tls { roots: Roots::File(good.key.clone()), ..base.clone() },
        Tls { client: Some(ClientCertificate { certificate: missing, key: good.key.clone() }), ..base.clone() },
        Tls {
            client: Some(ClientCertificate { certificate: good.certificate.clone(), key: good.certificate.clone() }),
            ..base.clone()
        },
        Tls {
            client: Some(ClientCertificate { certificate: authority.file(), key: good.key.clone() }),
            ..base.clone()
        },
    ]
    .map(|tls| encrypted("127.0.0.1", port, &tls));
    let folder = authority.folder().to_str().unwrap();
    let text = serde_json::to_string_pretty(&told).unwrap().replace(folder, "<folder>");
    insta::assert_snapshot!(text);
}

#[test]
fn a_client_certificate_that_is_wanted() {
    let authority = Authority::new();
    let good = authority.issue(Kind::Good);
    let backend = server(Manner::Answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    let port = TlsProxy::start_with_client_certificates(&good, backend, &authority).port;
    let get = |client: Option<ClientCertificate>| -> PluginResult<String> {
        let mut run = run(5_000);
        let tls = Tls { client, ..tls(&authority, Verify::Full) };
        let wire = dial(&mut run, "127.0.0.1", port)?;
        let peer = wire.peer();
        let stream = secure(&mut run, wire, "127.0.0.1", &tls)?;
        let again = redial(peer, "127.0.0.1", Some(&tls));
        let client = Client::new(stream, "127.0.0.1", port, again);
        Ok(String::from_utf8(client.get("/", &HeaderMap::new())?.body).unwrap())
    };
    let own = ClientCertificate { certificate: good.certificate.clone(), key: good.key.clone() };
    assert_eq!(get(Some(own)).unwrap(), "hi");
    let error = get(None).unwrap_err();
    assert_eq!(error.reason.as_deref(), Some("tls_refused"), "{error:?}");
    assert!(error.message.contains("it wants a client certificate"), "{error:?}");
}

fn client(port: u16, deadline_ms: u64) -> Client {
    let mut run = run(deadline_ms);
    let wire = dial(&mut run, "127.0.0.1", port).unwrap();
    let peer = wire.peer();
    Client::new(wire.into(), "127.0.0.1", port, redial(peer, "127.0.0.1", None))
}

#[test]
fn http_over_the_connection_that_is_there() {
    let port = server(Manner::Answers(
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbus\r\n1\r\ny\r\n0\r\n\r\n",
    ));
    let client = client(port, 5_000);
    // The server closes after each answer, sooner or later, so the second needs another connection.
    for _ in 0..2 {
        let answer = client.get("/v1/info", &HeaderMap::new()).unwrap();
        assert_eq!((answer.status, answer.header("retry-after"), &*answer.body), (503, Some("1"), &b"busy"[..]));
    }
}

#[test]
fn servers_that_speak_no_http() {
    let told: Vec<_> = [Manner::Says(SSH_BANNER), Manner::HangsUp, Manner::Silent]
        .iter()
        .map(|manner| {
            let port = server(*manner);
            let error = client(port, 500).get("/v1/info", &HeaderMap::new()).unwrap_err();
            json!([error.kind, error.reason, error.message.replace(&port.to_string(), "[port]"), error.help])
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&vec![b'x'; 65_536]).is_ok() {}
    });
    let error = client(port, 9_000).get("/", &HeaderMap::new()).unwrap_err();
    assert_eq!(error.reason.as_deref(), Some("protocol"), "{error:?}");
}
