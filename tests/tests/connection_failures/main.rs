//! What can go wrong between floe and a remote engine, for each engine: its own reason, message and help. One command
//! checks all of them side by side; the table stands in the output of the test.

mod bigquery;
mod databricks;
mod redshift;
mod snowflake;
mod spark;
mod stage;
mod trino;

use std::fmt::Write as _;

use floe_tests::{Project, Run, show};
use serde_json::Value;
use stage::{Column, FAILURES, NONE, Stage, WRONG};

#[test]
fn each_failure_has_its_own_reason_message_and_help() {
    let stage = Stage::set();
    let columns = [
        bigquery::column(&stage),
        databricks::column(&stage),
        redshift::column(&stage),
        snowflake::column(&stage),
        spark::column(&stage),
        trino::column(&stage),
    ];
    let found = check(&columns, &stage);
    let (table, texts) = (table(&columns, &found), texts(&columns, &found));
    show(&table);
    insta::assert_snapshot!("table", table);
    insta::assert_snapshot!("texts", texts);
}

/// All of them in one command.
fn check(columns: &[Column], stage: &Stage) -> Vec<Value> {
    let computes: Vec<_> = columns
        .iter()
        .flat_map(|column| {
            column.settings.iter().enumerate().filter(|(_, settings)| *settings != NONE).map(|(row, settings)| {
                let engine = column.engine;
                format!(
                    "{{name: {engine}-{row}, plugin: {engine}, config: {{{settings}, connect_timeout_seconds: 4}}}}"
                )
            })
        })
        .collect();
    let project = Project::new().approving("redshift-0", &computes.iter().map(String::as_str).collect::<Vec<_>>());
    // Silence ends after the 4 s above. A JVM that has just started, beside some seventy checks, can need more than the usual 10 s.
    let mut command = project.command(&["health", "--timeout", "20", "--format", "json"]);
    command
        .env("SSL_CERT_FILE", stage.trusted.file())
        .env("REQUESTS_CA_BUNDLE", stage.trusted.file())
        .env("WRONG_PASSWORD", WRONG);
    for column in columns {
        command.envs(column.variables.iter().map(|(name, value)| (name, value)));
    }
    let run = Run::of(&mut command).expect(1);
    for secret in columns.iter().flat_map(|column| &column.secrets).map(String::as_str).chain([WRONG]) {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "a secret is shown");
    }
    run.json()["computes"].as_array().expect("computes").clone()
}

fn of<'a>(found: &'a [Value], engine: &str, row: usize) -> &'a Value {
    let name = format!("{engine}-{row}");
    found.iter().find(|compute| compute["compute"] == name.as_str()).expect("each is checked")
}

/// Status and reason; where dbt can work all the same, the reason of the warning.
fn verdict(compute: &Value) -> String {
    let reason = compute["reason"].as_str().or(compute["warnings"][0]["reason"].as_str()).unwrap_or("-");
    format!("{} {reason}", compute["status"].as_str().expect("a status"))
}

fn table(columns: &[Column], found: &[Value]) -> String {
    let line = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        let mut line = format!("{name:<28}");
        for cell in cells {
            let _ = write!(line, "{cell:<30}");
        }
        format!("{}\n", line.trim_end())
    };
    let mut table = line("", &mut columns.iter().map(|column| column.engine.to_owned()));
    for (row, failure) in FAILURES.iter().enumerate() {
        table.push_str(&line(
            failure,
            &mut columns.iter().map(|column| match column.settings[row].as_str() {
                NONE => NONE.to_owned(),
                _ => verdict(of(found, column.engine, row)),
            }),
        ));
    }
    table
}

/// What a person reads, without what differs between runs.
fn texts(columns: &[Column], found: &[Value]) -> String {
    let ports = regex::Regex::new(r"port \d+").expect("a pattern");
    let days = regex::Regex::new(r"\d+ days").expect("a pattern");
    let mut text = String::new();
    for (row, failure) in FAILURES.iter().enumerate() {
        let _ = writeln!(text, "{failure}");
        for Column { engine, .. } in columns.iter().filter(|column| column.settings[row] != NONE) {
            let compute = of(found, engine, row);
            let (message, help) = match compute["reason"].as_str() {
                Some(_) => (&compute["message"], &compute["help"]),
                None => (&compute["warnings"][0]["message"], &compute["warnings"][0]["help"]),
            };
            let mut message = message.as_str().expect("a message").to_owned();
            if verdict(compute).ends_with("dns") {
                // What follows is the resolver's own word, which depends on the machine.
                message.truncate(message.find(": ").unwrap_or(message.len()));
            }
            let _ = writeln!(text, "  {engine}: {message}\n    help: {}", help.as_str().expect("a help line"));
        }
    }
    days.replace_all(&ports.replace_all(&text, "port [port]"), "[n] days").into_owned()
}
