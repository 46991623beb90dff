//! The tunnel through a proxy: what is at its other end, and that it is opened anew where a server closes it.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use floe_plugin_api::{CheckRequest, ComputeConfig, PluginResult};
use floe_plugin_common::check::http::{Client, HeaderMap};
use floe_plugin_common::check::proxy::Proxy;
use floe_plugin_common::check::{Roots, Run, Tls, Verify, secure};
use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::faults::{Manner, server};
use floe_tests::servers::forward::Forward;
use floe_tests::servers::tls_proxy::TlsProxy;

fn run() -> Run {
    Run::new(&CheckRequest::new(ComputeConfig::new("wh", "nimbus"), "dev", "/", 5_000, "id"))
}

fn proxy(forward: &Forward, port: u16) -> Proxy {
    let address = format!("http://127.0.0.1:{}", forward.port());
    let found =
        Proxy::of_environment(true, "localhost", port, &|name| (name == "https_proxy").then(|| address.clone()));
    found.unwrap().unwrap()
}

#[test]
fn a_tunnel_is_opened_anew() {
    // It answers one request, and closes the connection.
    let backend = server(Manner::Answers(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"));
    let authority = Authority::new();
    let port = TlsProxy::start(&authority.issue(Kind::Good), backend).port;
    let forward = Forward::start(None);
    let proxy = proxy(&forward, port);
    let mut run = run();
    let mut all = || -> PluginResult<()> {
        let tls =
            Tls { roots: Roots::File(authority.file()), verify: Verify::Full, client: None, trust_help: "name it" };
        let (wire, peer) = proxy.reach(&mut run, "localhost", port)?;
        let stream = secure(&mut run, wire, "localhost", &tls)?;
        let again = proxy.redial(peer, "localhost", port, Some(&tls));
        let client = Client::new(stream, "localhost", port, again);
        for _ in 0..2 {
            assert_eq!(client.get("/v1/info", &HeaderMap::new())?.body, b"ok");
        }
        Ok(())
    };
    all().unwrap();
    assert_eq!(forward.asked(), vec![format!("CONNECT localhost:{port}"); 2]);
}

/// Messages about what is behind a tunnel name the port there, not the proxy's.
#[test]
fn a_certificate_behind_a_tunnel() {
    let authority = Authority::new();
    let port = TlsProxy::start(&authority.issue(Kind::WrongHost), server(Manner::Silent)).port;
    let forward = Forward::start(None);
    let proxy = proxy(&forward, port);
    let mut run = run();
    let (wire, _) = proxy.reach(&mut run, "localhost", port).unwrap();
    let tls = Tls { roots: Roots::File(authority.file()), verify: Verify::Full, client: None, trust_help: "name it" };
    let error = secure(&mut run, wire, "localhost", &tls).unwrap_err();
    assert_eq!(error.reason.as_deref(), Some("tls_wrong_host"));
    assert!(error.message.contains(&format!("port {port} ")), "{}", error.message);
}
