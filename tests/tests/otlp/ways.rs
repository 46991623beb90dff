//! How telemetry travels: TLS by an authority of one's own, JSON, compressed, headers; and who speaks.

use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::rotel::Rotel;
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::{Project, Run};

fn explain(variables: &[(&str, &str)]) -> Run {
    let project = Project::new();
    let mut command = project.command(&["explain", "F0101"]);
    command.envs(variables.iter().copied());
    Run::of(&mut command).expect(0)
}

#[test]
fn by_tls_whom_the_variables_trust() {
    let rotel = Rotel::start();
    let authority = Authority::new();
    let proxy = TlsProxy::start(&authority.issue(Kind::Good), rotel.port);
    let endpoint = format!("https://127.0.0.1:{}", proxy.port);
    let file = authority.file().to_str().expect("UTF-8").to_owned();
    // Nobody trusts it unasked.
    explain(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    assert!(rotel.received().spans.is_empty());
    explain(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_EXPORTER_OTLP_CERTIFICATE", &file)]);
    rotel.until("the command's span", |all| all.names().contains(&"floe explain"));
}

#[test]
fn compressed_as_json_and_by_another_name() {
    let rotel = Rotel::start();
    let endpoint = format!("http://127.0.0.1:{}", rotel.port);
    explain(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_SERVICE_NAME", "nightly"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod"),
    ]);
    let all = rotel.until("a span", |all| !all.spans.is_empty());
    assert_eq!(all.spans[0].resource["service.name"], "nightly");
    assert_eq!(all.spans[0].resource["deployment.environment.name"], "prod");
    explain(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]);
    rotel.until("another span", |all| all.spans.len() == 2);
}
