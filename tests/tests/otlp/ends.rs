//! Exporting starts nothing unasked, fails no command, and delays none by more than half a second.

use std::fs;
use std::time::Duration;

use floe_tests::background::Background;
use floe_tests::redact::redact;
use floe_tests::servers::faults::{BlackHole, Manner, server};
use floe_tests::{Project, Run, show};
use rustix::process::Signal;

fn explain(project: &Project, variables: &[(&str, &str)]) -> Run {
    let mut command = project.command(&["explain", "F0101"]);
    command.envs(variables.iter().copied());
    Run::of(&mut command)
}

#[test]
fn a_receiver_that_is_not_there_or_does_not_answer() {
    let project = Project::new();
    let plain = explain(&project, &[]).expect(0);
    let hole = BlackHole::start();
    let rubbish = server(Manner::Answers(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"));
    for (what, port) in [
        ("nobody listens", 1),
        ("a black hole", hole.port),
        ("no answer", server(Manner::Silent)),
        ("an error", rubbish),
        ("another protocol", server(Manner::Says(b"SSH-2.0-x\r\n"))),
    ] {
        let endpoint = format!("http://127.0.0.1:{port}");
        let fastest = (0..3)
            .map(|_| {
                let run = explain(&project, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).expect(0);
                assert_eq!((&run.stdout, &run.stderr), (&plain.stdout, &plain.stderr), "{what}");
                run.took
            })
            .min()
            .expect("three");
        show(&format!("{what}: {fastest:?}, without exporting {:?}", plain.took));
        // What the machine does besides is no delay of ours.
        assert!(fastest < plain.took + Duration::from_millis(500 + 150), "{what}: {fastest:?}");
    }
}

/// The threads of a watch, by their names.
fn threads(variables: &[(&str, &str)]) -> Vec<String> {
    let project = Project::new().approving("duckdb", &["{name: duckdb, config: {path: ':memory:'}}"]);
    let mut command = project.command(&["health", "--watch", "--format", "json"]);
    command.env_remove("FLOE_PLUGIN_PATH").envs(variables.iter().copied());
    let watch = Background::start(&mut command);
    watch.until("healthy", |event| event["status"] == "healthy");
    let tasks = fs::read_dir(format!("/proc/{}/task", watch.process())).expect("its threads").flatten();
    let names = tasks.map(|task| fs::read_to_string(task.path().join("comm")).unwrap_or_default().trim().to_owned());
    let names = names.collect();
    assert_eq!(watch.end(Signal::TERM).code, Some(0));
    names
}

#[test]
fn nothing_is_started_unasked() {
    let exports = |names: &[String]| names.iter().filter(|name| name.starts_with("OpenTelemetry")).count();
    let asked = threads(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]);
    assert_eq!(exports(&asked), 3, "{asked:?}");
    let metrics_alone = threads(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:1/v1/metrics")]);
    assert_eq!(exports(&metrics_alone), 1, "{metrics_alone:?}");
    for variables in [
        &[][..],
        &[("OTEL_SERVICE_NAME", "etl")],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_SDK_DISABLED", "true")],
    ] {
        let names = threads(variables);
        assert_eq!(exports(&names), 0, "{variables:?}: {names:?}");
    }
}

#[test]
fn what_cannot_be_exported_is_a_warning() {
    let project = Project::new();
    let grpc = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let run = explain(&project, &grpc).expect(0);
    insta::assert_snapshot!("grpc", redact(&project, &run.stderr));
    let file = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://127.0.0.1:4318/v1/traces"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
    ];
    let run = explain(&project, &file).expect(0);
    insta::assert_snapshot!("certificate", redact(&project, &run.stderr));
}
