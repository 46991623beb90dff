//! Live checks.

use std::time::Duration;

use floe_tests::Project;
use floe_tests::background::{Background, wait_until};
use floe_tests::servers::rotel::Rotel;
use rustix::process::Signal;
use serde_json::Value;

use super::{REFUSED, SECRET, about, floe, received};

fn two() -> Project {
    Project::new().approving("duckdb", &["{name: duckdb, config: {path: ':memory:'}}", REFUSED])
}

#[test]
fn an_error_has_one_id_in_what_is_printed_and_in_metrics_traces_and_logs() {
    let (rotel, project) = (Rotel::start(), two());
    let run = floe(&project, &rotel, &["health", "--format", "json"]).expect(1);
    let told = run.json()["diagnostics"][0].clone();
    let id = told["correlation_id"].as_str().expect("an id").to_owned();
    let all = received(&rotel, "floe health");

    let errors = all.metric("floe.compute.validation.errors");
    let [error] = errors[..] else { panic!("{errors:#?}") };
    assert_eq!((error.field("Unit"), error.field("Value")), ("{error}", "1"));
    assert_eq!(about(error), ["wh", "redshift", "dev", "aws.redshift"]);
    assert_eq!((error.attribute("error.type"), error.attribute("floe.code")), ("refused", "F0702"));
    assert_eq!(error.attribute("floe.correlation_id"), id);
    assert!(!error.attribute("floe.plugin.version").is_empty());

    let logs: Vec<_> = all.logs.iter().filter(|log| log.field("SeverityText") == "ERROR").collect();
    let [log] = logs[..] else { panic!("{logs:#?}") };
    assert_eq!(log.field("Body"), told["message"].as_str().expect("a message"));
    assert_eq!((log.attribute("floe.correlation_id"), log.attribute("floe.code")), (id.as_str(), "F0702"));
    assert_eq!((log.attribute("floe.compute"), log.attribute("floe.kind")), ("wh", "connection"));

    let command = all.span("floe health");
    assert_eq!(command.attribute("floe.correlation_id"), id);
    assert_eq!(command.field("Status code"), "STATUS_CODE_ERROR");
    let check = all.span("check wh");
    assert_eq!((check.attribute("floe.correlation_id"), check.attribute("error.type")), (id.as_str(), "refused"));
    assert_eq!((check.field("Status code"), check.attribute("floe.status")), ("STATUS_CODE_ERROR", "unhealthy"));
    assert_eq!(check.attribute("db.namespace"), "shop");
    assert_eq!(check.field("Parent ID"), command.field("ID"));
    assert_eq!(check.field("Trace ID"), command.field("Trace ID"));
    assert_eq!(log.field("Trace ID"), command.field("Trace ID"));
    let call = all.spans.iter().find(|span| {
        span.field("Name") == "plugin validate_connection" && span.field("Parent ID") == check.field("ID")
    });
    assert_eq!(call.expect("the call of the plugin").attribute("floe.plugin"), "redshift");
    // Who speaks.
    for one in [error, log, command] {
        assert_eq!(one.resource["service.name"], "floe");
        assert_eq!(one.resource["service.instance.id"], id);
    }
}

#[test]
fn status_and_duration_by_name_unit_and_attributes() {
    let (rotel, project) = (Rotel::start(), two());
    let _ = floe(&project, &rotel, &["health"]).expect(1);
    let all = received(&rotel, "floe health");
    let status = all.metric("floe.compute.connection.status");
    let mut found: Vec<_> = status
        .iter()
        .map(|point| {
            assert_eq!((point.field("Unit"), point.field("DataType")), ("{connection}", "Gauge"));
            format!("{} {} {}", point.attribute("floe.compute"), point.attribute("floe.status"), point.field("Value"))
        })
        .collect();
    found.sort_unstable();
    let expected = [
        "duckdb degraded 0",
        "duckdb healthy 1",
        "duckdb unhealthy 0",
        "wh degraded 0",
        "wh healthy 0",
        "wh unhealthy 1",
    ];
    assert_eq!(found, expected);
    let durations = all.metric("floe.compute.validation.duration");
    assert_eq!(durations.len(), 2);
    for duration in durations {
        assert_eq!(
            (duration.field("Unit"), duration.field("DataType"), duration.field("Count")),
            ("s", "Histogram", "1")
        );
        let seconds: f64 = duration.field("Sum").parse().expect("a number");
        assert!(seconds > 0.001 && seconds < 10.0, "{seconds}");
        let expected =
            if duration.attribute("floe.compute") == "wh" { ["unhealthy", "refused"] } else { ["healthy", ""] };
        assert_eq!([duration.attribute("floe.status"), duration.attribute("error.type")], expected);
    }
}

/// A watch exports as it goes, and each check of it is a trace of its own.
#[test]
fn a_watch_exports_as_it_goes() {
    let (rotel, project) = (Rotel::start(), two());
    let mut command =
        project.command(&["health", "--watch", "--interval", "200ms", "--format", "json", "--compute", "wh"]);
    command.env_remove("FLOE_PLUGIN_PATH").env("PG_PASSWORD", SECRET).envs(rotel.variables());
    command.env("OTEL_METRIC_EXPORT_INTERVAL", "300").env("OTEL_BSP_SCHEDULE_DELAY", "200");
    let watch = Background::start(&mut command);
    let event = watch.until("unhealthy", |event| event["status"] == "unhealthy");
    let id = event["correlation_id"].as_str().expect("an id");
    let all = rotel.until("three failures of one incident", |all| {
        let errors = all.metric("floe.compute.validation.errors");
        errors.last().is_some_and(|last| last.field("Value").parse::<u32>().is_ok_and(|count| count >= 3))
            && all.names().iter().filter(|name| **name == "check wh").count() >= 2
    });
    let errors = all.metric("floe.compute.validation.errors");
    assert!(errors.iter().all(|error| error.attribute("floe.correlation_id") == id), "{errors:#?}");
    let traces: std::collections::BTreeSet<_> =
        all.spans.iter().filter(|span| span.field("Name") == "check wh").map(|span| span.field("Trace ID")).collect();
    assert!(traces.len() >= 2, "{traces:?}");
    let logged = |all: &floe_tests::servers::rotel::All| {
        all.logs.iter().any(|log| log.field("SeverityText") == "ERROR" && log.attribute("floe.correlation_id") == id)
    };
    wait_until("its log", || logged(&rotel.received()));
    let ended = watch.end(Signal::TERM);
    assert_eq!(ended.code, Some(0));
    let last: Value = serde_json::from_str(ended.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["event"], "end");
    assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
    assert!(!rotel.text().contains(SECRET));
}
