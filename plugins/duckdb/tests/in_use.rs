//! A database that another process has open. The other process is this test program, started anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use support::{check, make_database, project, shown};

const HOLD: &str = "FLOE_TEST_HOLD";
const MODE: &str = "FLOE_TEST_HOLD_MODE";

/// The other process: opens the file and waits for its input to end. Does nothing in an ordinary run.
#[test]
fn the_other_process() {
    let Some(path) = std::env::var_os(HOLD) else { return };
    let mode = if std::env::var_os(MODE).is_some_and(|mode| mode == "read") {
        duckdb::AccessMode::ReadOnly
    } else {
        duckdb::AccessMode::ReadWrite
    };
    let config = duckdb::Config::default().access_mode(mode).unwrap();
    let held = duckdb::Connection::open_with_flags(path, config).unwrap();
    println!("holding");
    let _ = std::io::stdin().read_line(&mut String::new());
    drop(held);
}

struct Other(Child, BufReader<ChildStdout>);

impl Other {
    fn holding(path: &Path, mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["the_other_process", "--exact", "--nocapture"])
            .env(HOLD, path)
            .env(MODE, mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        assert!(output.by_ref().lines().map_while(Result::ok).any(|line| line.contains("holding")));
        Self(child, output)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.stdin.take().map(|mut input| input.write_all(b"\n"));
        let _ = self.1.read_to_string(&mut String::new());
        let _ = self.0.wait();
    }
}

/// The result without the id and the name of the other process.
fn look(settings: &Value, project: &Path, other: &Other) -> Value {
    let result = shown(&check(settings, project), project);
    let program = std::env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    let text = result.to_string().replace(&other.0.id().to_string(), "4711");
    let mut result: Value =
        serde_json::from_str(&text.replace(&format!("{program} the_other_process"), "<program>")).unwrap();
    if let Some(pid) = result.pointer_mut("/details/in_use_by/pid") {
        assert_eq!(*pid, 4711);
        *pid = json!("<pid>");
    }
    result
}

#[test]
fn a_file_that_another_process_writes_is_healthy_and_in_use() {
    let (_folder, project) = project();
    make_database(&project.join("sales.duckdb"));
    let other = Other::holding(&project.join("sales.duckdb"), "write");
    insta::assert_json_snapshot!(look(&json!({"path": "sales.duckdb"}), &project, &other));
    let attached = json!({"attach": [{"path": "sales.duckdb", "read_only": true}]});
    insta::assert_json_snapshot!("an_attached_file_in_use", look(&attached, &project, &other));
}

#[test]
fn a_file_that_another_process_reads_is_healthy_and_in_use() {
    let (_folder, project) = project();
    make_database(&project.join("sales.duckdb"));
    let other = Other::holding(&project.join("sales.duckdb"), "read");
    insta::assert_json_snapshot!(look(&json!({"path": "sales.duckdb"}), &project, &other));
    let attached = json!({"attach": [{"path": "sales.duckdb", "read_only": true}]});
    assert_eq!(look(&attached, &project, &other)["warnings"], Value::Null);
}
