//! Every engine in one manifest: compiled together, and checked side by side.

use std::fmt::Write as _;
use std::time::Duration;

use floe_tests::engines::{self, Running};
use floe_tests::servers::faults::BlackHole;
use floe_tests::{Project, Run, show};
use serde_json::Value;

/// A product that may use all of them.
fn approving(running: &[Running]) -> Project {
    let computes: Vec<_> = running.iter().map(Running::compute).collect();
    Project::new().approving("duckdb", &computes.iter().map(String::as_str).collect::<Vec<_>>())
}

fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).envs(engines::variables()))
}

fn health(project: &Project, arguments: &[&str]) -> (Vec<Value>, Duration) {
    let run = run(project, &[&["health", "--format", "json"], arguments].concat());
    (run.json()["computes"].as_array().expect("computes").clone(), run.took)
}

fn milliseconds(compute: &Value) -> f64 {
    compute["latency_ms"].as_f64().expect("a latency")
}

#[test]
fn all_engines_compile_together_and_are_checked_side_by_side() {
    let running = engines::start();
    let project = approving(&running);
    let compiled = run(&project, &["compile"]).expect(0);
    for engine in running.iter().map(|running| running.engine.name) {
        assert!(project.path(&format!("target/floe/profiles/dev/{engine}/profiles.yml")).is_file(), "{engine}");
        assert!(project.path(&format!("target/floe/requirements/{engine}.txt")).is_file(), "{engine}");
    }

    // Once for what the operating system has to read first.
    let _ = health(&project, &[]);
    let (together, took) = health(&project, &[]);
    assert_eq!(together.len(), running.len());
    assert!(together.iter().all(|compute| compute["status"] == "healthy"), "{together:#?}");
    let mut alone = 0.0_f64;
    let count = running.len();
    let mut report = format!("floe compile of {count} engines: {:.0} ms\n", compiled.took.as_secs_f64() * 1e3);
    for engine in running.iter().map(|running| running.engine.name) {
        let (one, took) = health(&project, &["--compute", engine]);
        let whole = took.as_secs_f64() * 1e3;
        alone = alone.max(whole);
        let _ = writeln!(report, "floe health of {engine}: {whole:.0} ms (the check: {:.0} ms)", milliseconds(&one[0]));
    }
    show(&format!(
        "{report}floe health of all {count}: {:.0} ms; the slowest alone: {alone:.0} ms",
        took.as_secs_f64() * 1e3
    ));
    // No race against the clock of a loaded machine: one after the other they would take their sum.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// One engine that never answers takes its own time, and nobody else's.
#[test]
fn one_that_hangs_delays_none() {
    let (running, hole) = (engines::start(), BlackHole::start());
    let computes: Vec<_> = running
        .iter()
        .map(|running| match running.engine.name {
            "spark" => running.engine.compute_with(hole.port, &[("connect_timeout_seconds", 8.into())]),
            _ => running.compute(),
        })
        .collect();
    let project = Project::new().approving("duckdb", &computes.iter().map(String::as_str).collect::<Vec<_>>());
    let (found, took) = health(&project, &[]);
    assert_eq!(found.len(), running.len(), "all are reported");
    let hanging = found.iter().find(|compute| compute["compute"] == "spark").expect("spark");
    assert_eq!((hanging["status"].as_str(), hanging["reason"].as_str()), (Some("unhealthy"), Some("connect_timeout")));
    assert!(milliseconds(hanging) >= 7_900.0, "it had its time: {hanging:#}");
    for compute in found.iter().filter(|compute| compute["compute"] != "spark") {
        assert_eq!(compute["status"], "healthy", "{compute:#}");
        assert!(
            milliseconds(compute) < milliseconds(hanging) - 2_000.0,
            "the others were done long before: {compute:#}"
        );
    }
    show(&format!("floe health with one engine that hangs for 8 s: {:.0} ms", took.as_secs_f64() * 1e3));
}
