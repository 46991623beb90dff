//! What `floe status`, `--resume` and single steps say.

use floe_tests::Run;
use serde_json::Value;

use super::{QUICK, floe, is_built, plain, results, two_files};

fn said(project: &floe_tests::Project, arguments: &[&str], run: &Run) -> String {
    let stdout = by_name(&floe_tests::redact::redact(project, &run.stdout));
    format!("$ floe {}\n{stdout}{}\n", arguments.join(" "), plain(project, run))
}

/// Models of a step that run side by side end in any order, and are shown in that order.
fn by_name(text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let is_model = |line: &str| line.split_whitespace().nth(2) == Some("model");
    for rows in lines.chunk_by_mut(|one, other| is_model(one) && is_model(other)) {
        rows.sort_unstable();
    }
    lines.join("\n")
}

#[test]
fn a_failed_run_is_shown_and_gone_on_with() {
    let project = two_files();
    project.write("models/staging/slow.sql", "select nonesuch as x\n");
    let mut text = String::new();
    let mut call = |arguments: &[&str], code: i32| {
        let run = floe(&project, arguments).expect(code);
        text.push_str(&said(&project, arguments, &run));
        run
    };
    let _ = call(&["status"], 1);
    let _ = call(&["run", "--resume"], 1);
    let _ = floe(&project, &["run"]).expect(1);
    let _ = call(&["status"], 0);
    let _ = call(&["status", "--run", "nonesuch"], 1);
    let _ = call(&["status", "--env", "prod"], 1);
    project.write("models/staging/slow.sql", QUICK);
    let _ = call(&["run", "--resume"], 0);
    let _ = call(&["run", "--resume"], 0);
    let _ = call(&["status"], 0);
    insta::assert_snapshot!(text);
    is_built(&project);
}

#[test]
fn a_step_alone() {
    let project = two_files();
    project.write("models/staging/slow.sql", QUICK);
    let plan = floe(&project, &["plan", "--format", "json"]).expect(0).json();
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(2));
    let first = floe(&project, &["run", "--step", "1", "--format", "json"]).expect(0);
    assert_eq!(
        results(&first),
        ["model behind on shop: success", "model slow on shop: success", "model stg_orders on shop: success"]
    );
    let other = floe(&project, &["run", "--step", "2", "--plan", &"0".repeat(64)]).expect(1);
    let missing = floe(&project, &["run", "--step", "3"]).expect(1);
    insta::assert_snapshot!(format!("{}\n{}", plain(&project, &other), plain(&project, &missing)));
    let second = floe(&project, &["run", "--step", "2", "--format", "json"]).expect(0);
    assert_eq!(results(&second), ["model apart on vault: success", "model sales on vault: success"]);
    is_built(&project);
}

#[test]
fn progress_for_machines_is_json_lines() {
    let project = two_files();
    project.write("models/staging/slow.sql", QUICK);
    let run = floe(&project, &["run", "--format", "json"]).expect(0);
    let events: Vec<Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let count = |event: &str| events.iter().filter(|line| line["event"] == event).count();
    assert_eq!((count("step_started"), count("node_started"), count("node")), (2, 5, 5));
}
