//! Every class of failure of a compute: its code, its help, and one correlation id in what is shown and in the log.

use std::fmt::Write;

use floe_tests::{Project, Run};
use serde_json::Value;

/// Fails a command, and returns its one error after comparing it with its line in the log and with the text for people.
fn error(project: &Project, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    let mut command = project.command(&arguments);
    let run = Run::of(command.env("FLOE_LOG", "warn").env("FLOE_LOG_FORMAT", "json")).expect(1);
    let found = run.diagnostics();
    let [error] = found.as_slice() else { panic!("one error: {found:#?}") };
    let id = error["correlation_id"].as_str().expect("an id");
    assert!(id.len() == 36, "{id}");
    let help = error["help"].as_str().expect("a help line");
    assert!(!help.is_empty() && !error["compute"].is_null() || error["kind"] == "invalid_compute", "{error:#}");

    let lines: Vec<Value> =
        run.stderr.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let line = lines.iter().find(|line| line["code"] == error["code"]).unwrap_or_else(|| panic!("{}", run.stderr));
    assert_eq!((&line["correlation_id"], &line["level"]), (&error["correlation_id"], &"ERROR".into()));
    assert_eq!((&line["kind"], &line["message"]), (&error["kind"], &error["message"]));

    let mut command = project.command(&arguments[..arguments.len() - 2]);
    let text = Run::of(command.env("FLOE_LOG", "warn").env("FLOE_LOG_FORMAT", "json")).expect(1).stderr;
    let log: Value = text.lines().next().and_then(|line| serde_json::from_str(line).ok()).expect("a line of JSON");
    let shown = format!("= correlation id: {}", log["correlation_id"].as_str().expect("an id"));
    assert!(text.contains(&shown), "{text}");
    error.clone()
}

fn fails(place: &str, kind: &str) -> Project {
    let compute = format!("{{name: shaky, plugin: fails, config: {{path: {place}, schema: {kind}}}}}");
    Project::new().with_fixtures(&["fails"]).approving("shaky", &[&compute])
}

#[test]
fn every_kind_has_its_code_in_compile_and_in_health() {
    let mut table = String::new();
    let folder = regex::Regex::new(r"\(/[^)]*/").expect("a pattern");
    for kind in ["configuration", "connection", "timeout", "query", "plugin_execution", "unknown"] {
        for (place, command) in [("profile", "compile"), ("check", "health"), ("result", "health")] {
            let found = error(&fails(place, kind), &[command]);
            assert_eq!(found["kind"], kind, "{found:#}");
            let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
            let message = text("message");
            let message = folder.replace(&message, "([plugins]/");
            writeln!(table, "{kind}, {command}, {place}: {} {message} | {}", text("code"), text("help"))
                .expect("a line");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_compute_that_is_none_has_its_code_too() {
    let project = fails("nowhere", "query").with(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop}\nplatform: {manifest: manifest.yaml}\n\
         transforms: [{path: models, compute: shakey}]\n",
    );
    let found = error(&project, &["compile"]);
    assert_eq!((&found["code"], &found["kind"]), (&"F0411".into(), &"invalid_compute".into()));
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    let found = error(&project, &["health", "--compute", "godo"]);
    assert_eq!((&found["code"], &found["kind"]), (&"F0420".into(), &"invalid_compute".into()));
    assert_eq!(found["help"], "did you mean `good`? approved are `good`");
    let project = Project::new().approving("absent", &["absent"]);
    assert_eq!(error(&project, &["health"])["kind"], "invalid_compute");
}

#[test]
fn a_hang_is_a_timeout() {
    let project = Project::new().with_fixtures(&["hangs"]).approving("hangs", &["hangs"]);
    let found = error(&project, &["health", "--timeout", "1"]);
    assert_eq!((&found["code"], &found["kind"]), (&"F0605".into(), &"timeout".into()));
}

#[test]
fn unhealthy_is_a_failure_whatever_is_denied() {
    let project = fails("result", "connection");
    let denied = project.floe(&["health", "--deny-degraded", "--format", "json"]).expect(1).json();
    assert_eq!(denied["computes"][0]["status"], "unhealthy");
    assert_eq!(denied["diagnostics"].as_array().map(Vec::len), Some(1), "{denied:#}");
}
