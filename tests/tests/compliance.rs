//! The compliance suite: what is shipped passes it, and what misbehaves fails exactly what it should.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use floe_tests::engines::{ALL, Engine};
use floe_tests::fixtures::{self, fixture};
use floe_tests::redact::redact;
use floe_tests::servers::databricks;
use floe_tests::{Project, Run, dbt, dist, python, show, workspace};
use serde_json::{Value, json};

/// A fixture, and the checks that it fails.
type Expected = (&'static str, &'static [&'static str]);

/// Every fixture plugin.
const FIXTURES: &[Expected] = &[
    ("aborts", &["settings"]),
    ("any-schema", &["schema", "profile"]),
    ("bigquery", &["schema", "profile"]),
    ("careless", &[]),
    ("closes-everything", &["settings"]),
    ("drips", &["settings"]),
    ("eats-memory", &["settings"]),
    ("escapes", &["profile"]),
    ("exits-zero", &["settings"]),
    ("exits-zero-on-load", &["load"]),
    ("fails", &[]),
    ("garbles", &["settings"]),
    ("good", &[]),
    ("hangs", &["settings"]),
    ("hangs-in-constructor", &["load"]),
    ("hangs-on-load", &["load"]),
    ("huge", &["settings"]),
    ("leaks-secret", &["secrets"]),
    ("leaves-child", &["left_behind"]),
    ("leaves-daemon", &["left_behind"]),
    ("noisy", &["stdout"]),
    ("over-limits", &["resources"]),
    ("overflows-stack", &["settings"]),
    // Its profile does not depend on its settings.
    ("packages", &["settings", "packages"]),
    ("panics", &["settings"]),
    ("panics-in-constructor", &["load"]),
    // It refuses settings with errors of every kind, and has a profile of its own.
    ("says-errors", &["settings", "profile"]),
    ("sees-env", &[]),
    ("segfaults", &["settings"]),
    ("segfaults-on-load", &["load"]),
    ("snowflake", &["schema", "profile"]),
    ("spark", &["schema", "profile"]),
    ("traces", &[]),
    ("twin_a", &[]),
    ("twin_b", &[]),
    ("unbounded", &["packages"]),
    ("warehouses", &["schema", "profile"]),
];

/// The ways in which the fixture `careless` is careless.
const CARELESS: &[Expected] = &[
    ("undescribed", &["metadata"]),
    ("no schema", &["schema"]),
    ("open", &["schema"]),
    ("unmarked", &["schema"]),
    ("wide", &["settings"]),
    ("alters", &["profile"]),
    ("one thread", &["profile"]),
    ("other adapter", &["profile"]),
    ("holds nothing", &["profile"]),
    ("no dbt", &["packages"]),
    ("shrinks", &["resources"]),
    ("pastes", &["catalog"]),
    ("counts", &["pure"]),
    ("connects", &["pure"]),
    ("knows all", &["later"]),
    ("brittle", &["hostile"]),
    ("helpless", &["connection"]),
    // Whatever is asked of a check, there is no answer.
    ("no text", &["hostile", "connection", "deadline"]),
    ("late", &["deadline"]),
    ("keeps a thread", &["left_behind"]),
    ("keeps a file", &["left_behind"]),
    ("keeps a socket", &["left_behind"]),
];

/// As many at once as do not make each other late.
const SIDE_BY_SIDE: usize = 3;

fn test(project: &Project, plugin: &Path, variable: Option<&str>, arguments: &[&str]) -> Run {
    let plugin = plugin.to_str().expect("a path in UTF-8");
    let mut command = project.command(&[&["plugin", "test", plugin, "--format", "json"], arguments].concat());
    command.env("FLOE_FIXTURE_CARELESS", variable.unwrap_or_default());
    Run::of(&mut command)
}

fn failed(report: &Value) -> Vec<&str> {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().filter(|check| check["status"] == "failed").filter_map(|check| check["check"].as_str()).collect()
}

/// Tests each, some side by side, and compares what they fail.
fn each(cases: &[(Expected, PathBuf, Option<&str>)]) {
    let (rest, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                let project = Project::new();
                while let Some(((name, expected), library, variable)) = { rest.lock().expect("no panic").next() } {
                    let run = test(&project, library, *variable, &[]);
                    let report = run.json();
                    let code = i32::from(!expected.is_empty());
                    if failed(&report) != **expected || run.code() != Some(code) {
                        wrong.lock().expect("no panic").push(format!("{name}: {}", run.transcript()));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_fixture_fails_exactly_what_it_should() {
    let known: BTreeSet<_> = FIXTURES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let built: BTreeSet<_> = fixtures::all().keys().cloned().collect();
    assert_eq!(known, built, "a fixture that is in no list, or in the list alone");
    let cases: Vec<_> = FIXTURES.iter().map(|case| (*case, fixture(case.0).to_owned(), None)).collect();
    each(&cases);
}

#[test]
fn each_carelessness_is_found_by_the_check_for_it() {
    let library = fixture("careless");
    let cases: Vec<_> = CARELESS.iter().map(|case| (*case, library.to_owned(), Some(case.0))).collect();
    each(&cases);
}

/// SC-008: with a compute as a manifest would have it, on the dbt adapter of each engine.
#[test]
fn every_plugin_that_is_shipped_complies() {
    let rest = Mutex::new(ALL.iter());
    thread::scope(|scope| {
        // Most of it is one Python that reads many profiles.
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(engine) = { rest.lock().expect("no panic").next() } {
                    complies(engine);
                }
            });
        }
    });
}

fn complies(engine: &Engine) {
    let project = Project::new();
    // Nobody listens on the port of `discard` here; where a check leads to the suite's own server is the suite's part.
    let compute: Value = serde_json::from_str(&engine.compute(9)).expect("a compute in JSON");
    project.write("compliance.yaml", &compute["config"].to_string());
    let python = python_of(engine.name);
    let python = python.to_str().expect("a path in UTF-8");
    for settings in [&["--config", "compliance.yaml"][..], &[]] {
        let arguments = [settings, &["--python", python]].concat();
        let run = test(&project, &dist::plugin(engine.name), None, &arguments);
        let report = run.json();
        let skipped: Vec<_> =
            report["checks"].as_array().expect("checks").iter().filter(|c| c["status"] == "skipped").collect();
        if engine.name == "databricks" && settings.is_empty() {
            // What `http_path` takes stands in prose alone.
            assert_eq!(run.diagnostics()[0]["code"], "F0931", "{}", run.transcript());
            continue;
        }
        assert_eq!(run.code(), Some(0), "{}: {}", engine.name, run.transcript());
        let seen = skipped.iter().map(|check| format!("{} ({})", check["check"], check["note"]));
        show(&format!("{} {settings:?}: skipped {:?}", engine.name, seen.collect::<Vec<_>>()));
        let may_skip = ["installs", "secrets"];
        assert!(
            skipped.iter().all(|check| may_skip.iter().any(|name| check["check"] == *name)),
            "{}: {}",
            engine.name,
            run.transcript()
        );
    }
}

/// The Python in which the dbt adapter of an engine is installed.
fn python_of(engine: &str) -> PathBuf {
    match engine {
        "duckdb" => dbt::python(),
        "databricks" => databricks::adapter().join("bin/python"),
        name => {
            let requirements = workspace::root().join(format!("scripts/requirements/{name}.txt"));
            python::environment(name, &requirements).join("bin/python")
        }
    }
}

#[test]
fn an_adapter_that_passes_a_key_over_is_found() {
    let project = Project::new();
    // The fixture writes a `password` into a profile of dbt-duckdb, which has no use for one.
    let python = dbt::python();
    let run = test(&project, fixture("good"), None, &["--python", python.to_str().expect("a path in UTF-8")]).expect(1);
    assert_eq!(failed(&run.json()), ["adapter"]);
    let said = run.json()["checks"].as_array().expect("checks").iter().find(|c| c["check"] == "adapter").cloned();
    insta::assert_snapshot!(format!("{:#}", said.expect("the check")["findings"]));
}

#[test]
fn packages_are_resolved_where_that_is_asked_for() {
    let project = Project::new();
    let python = dbt::python();
    let python = python.to_str().expect("a path in UTF-8");
    let of = |run: &Run| {
        let report = run.json();
        let checks = report["checks"].as_array().expect("checks").clone();
        checks.into_iter().find(|check| check["check"] == "installs").expect("the check")
    };
    project.write("none.yaml", "packages: ['dbt-duckdb>=1.10,<2', 'duckdb>=0.1,<0.2']\n");
    let arguments = ["--config", "none.yaml", "--python", python, "--resolve-packages"];
    let none = test(&project, fixture("packages"), None, &arguments);
    let installs = of(&none);
    assert_eq!(installs["status"], "failed", "{}", none.transcript());
    let said = installs["findings"][0]["message"].as_str().expect("a message");
    assert!(said.contains("pip cannot install dbt-duckdb>=1.10,<2, duckdb>=0.1,<0.2 together"), "{said}");
    project.write("some.yaml", "packages: ['dbt-adapters>=1.16,<2']\n");
    let arguments = ["--config", "some.yaml", "--python", python, "--resolve-packages"];
    let some = test(&project, fixture("packages"), None, &arguments);
    assert_eq!(of(&some)["status"], "passed", "{}", some.transcript());
}

#[test]
fn people_read_a_table_and_what_to_do() {
    let project = Project::new().with_fixtures(&["good", "over-limits", "panics"]);
    let said: Vec<_> = ["good", "over-limits", "panics"]
        .into_iter()
        .map(|name| {
            let mut command = project.command(&["plugin", "test", name]);
            // No adapter: what this machine has installed is not this test's.
            let run = Run::of(command.args(["--python", "/nonexistent/python3"]));
            redact(&project, &run.transcript())
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn machines_read_json_and_junit() {
    let project = Project::new().with_fixtures(&["over-limits"]);
    let arguments =
        ["plugin", "test", "over-limits", "--format", "json", "--junit", "report.xml", "--python", "/nonexistent"];
    let run = project.floe(&arguments).expect(1);
    let mut report = run.json();
    for check in report["checks"].as_array_mut().expect("checks") {
        assert!(check["elapsed_ms"].as_f64().is_some_and(|time| time >= 0.0), "{check}");
        check["elapsed_ms"] = json!("TIME");
    }
    report["plugins"][0]["sha256"] = json!("SHA256");
    insta::assert_snapshot!("json", redact(&project, &format!("{report:#}")));
    let xml = std::fs::read_to_string(project.path("report.xml")).expect("the report");
    let xml =
        regex::Regex::new(r#"time="[0-9.]+""#).expect("a pattern").replace_all(&xml, "time=\"TIME\"").into_owned();
    insta::assert_snapshot!("junit", redact(&project, &xml));
}

#[test]
fn what_cannot_be_tested_is_told() {
    let project = Project::new().with_fixtures(&["good"]);
    project.write("wrong.yaml", "pth: shop.duckdb\npassword: hunter2\nschema: 7\n");
    project.write("list.yaml", "- 1\n");
    project.write("notes.so", "no plugin\n");
    let mut said = String::new();
    for arguments in [
        &["good", "--config", "wrong.yaml"][..],
        &["good", "--config", "list.yaml"],
        &["good", "--config", "nowhere.yaml"],
        &["good", "--junit", "nowhere/report.xml"],
        &["./notes.so"],
        &["god"],
    ] {
        let run = project.floe(&[&["plugin", "test"], arguments, &["--python", "/nonexistent"]].concat()).expect(1);
        assert!(!run.transcript().contains("hunter2"), "{}", run.transcript());
        said.push_str(&redact(&project, &run.transcript()));
    }
    // What http_path takes stands in prose alone.
    let databricks = dist::plugin("databricks");
    let arguments = ["plugin", "test", databricks.to_str().expect("a path in UTF-8"), "--python", "/nonexistent"];
    said.push_str(&redact(&project, &project.floe(&arguments).expect(1).transcript()));
    let mut nowhere = project.command(&["plugin", "test", "good"]);
    said.push_str(&Run::of(nowhere.env("TMPDIR", "/nonexistent")).expect(1).transcript());
    insta::assert_snapshot!(said);
}

/// Secrets of the file are resolved where they are set, and made up where they are not; and never shown.
#[test]
fn secrets_of_the_settings_are_never_shown() {
    let project = Project::new();
    project.write("compliance.yaml", "password: {secret: {source: env, name: FIXTURE_PASSWORD}}\n");
    for set in [true, false] {
        let library = fixture("leaks-secret").to_str().expect("a path in UTF-8");
        let mut command = project.command(&["plugin", "test", library, "--config", "compliance.yaml"]);
        if set {
            command.env("FIXTURE_PASSWORD", "correct horse battery staple");
        }
        let run = Run::of(&mut command).expect(1);
        assert!(run.stderr.contains("fails `secrets`"), "{}", run.transcript());
        assert!(!run.transcript().contains("battery"), "{}", run.transcript());
    }
}
