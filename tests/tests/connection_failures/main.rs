//! What can go wrong between floe and a remote engine, for each engine: its own reason, message and help. One command
//! checks all of them side by side; the table stands in the output of the test.

use std::fmt::Write as _;
use std::process::Command;

use floe_tests::servers::certificates::{Authority, Kind};
use floe_tests::servers::faults::{BlackHole, Manner, SSH_BANNER, server};
use floe_tests::servers::spark::{self, Mode};
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::servers::trino::{Credential, Dask, Gate, Recorded, Script, failure, page, server_info};
use floe_tests::servers::{free_port, postgres};
use floe_tests::{Project, Run, python, show, workspace};
use serde_json::Value;

const WRONG: &str = "n0t-the-pa55word";
const ENGINES: [&str; 3] = ["redshift", "spark", "trino"];

/// A kind of failure, and how each engine is made to show it: the settings of a compute.
struct Failure {
    name: &'static str,
    settings: [String; 3],
}

/// The settings of a login to a place, for each engine. Without TLS.
fn plain(host: &str, port: u16) -> [String; 3] {
    [redshift(host, port, "disable", ""), thrift(host, port, ""), trino(host, port, "")]
}

fn redshift(host: &str, port: u16, sslmode: &str, more: &str) -> String {
    let more = if more.is_empty() { "database: shop, schema: marts" } else { more };
    format!(
        "host: {host}, port: {port}, user: {}, password: {{secret: {{source: env, name: REDSHIFT_PASSWORD}}}}, \
         sslmode: {sslmode}, {more}",
        postgres::USER
    )
}

fn thrift(host: &str, port: u16, more: &str) -> String {
    let more = if more.is_empty() { "schema: marts" } else { more };
    format!("method: thrift, host: {host}, port: {port}, user: dbt, {more}")
}

/// The method of dbt-spark that looks at certificates.
fn spark_http(port: u16) -> String {
    format!(
        "method: http, host: 127.0.0.1, port: {port}, cluster: 0801-brew, schema: marts, token: {{secret: {{source: env, \
         name: SPARK_PASSWORD}}}}"
    )
}

fn trino(host: &str, port: u16, more: &str) -> String {
    let more = if more.is_empty() { "database: dask_sql, schema: root" } else { more };
    format!("host: {host}, port: {port}, user: dbt, {more}")
}

fn ldap(port: u16, cert: &str) -> String {
    let more = format!(
        "database: dask_sql, schema: root, method: ldap, password: {{secret: {{source: env, name: TRINO_PASSWORD}}}}, \
         cert: {cert}"
    );
    trino("127.0.0.1", port, &more)
}

/// TLS that an engine of each kind ends, with a certificate of an authority.
fn over_tls(port: u16, redshift_port: u16, cert: &str) -> [String; 3] {
    [redshift("127.0.0.1", redshift_port, "verify-full", ""), spark_http(port), ldap(port, cert)]
}

#[test]
fn each_failure_has_its_own_reason_message_and_help() {
    let (hole, silent) = (BlackHole::start(), server(Manner::Silent));
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let cert = trusted.file().display().to_string();
    let mut endpoints = Vec::new();
    let mut tls = |authority: &Authority, kind| {
        let certificate = authority.issue(kind);
        let endpoint = postgres::Endpoint::with_tls(&certificate);
        let settings = over_tls(TlsProxy::start(&certificate, silent).port, endpoint.port, &cert);
        endpoints.push(endpoint);
        settings
    };
    let (untrusted, wrong_host, expired) =
        (tls(&stranger, Kind::Good), tls(&trusted, Kind::WrongHost), tls(&trusted, Kind::Expired));
    let plain_endpoint = postgres::Endpoint::plain();
    let (redshift_port, dask) = (plain_endpoint.port, Dask::start());
    let (open, closed) = (spark::server(Mode::None).port, spark::server(Mode::Password).port);
    make_forbidden_schema(open);
    let gate = Gate::start(
        Credential::Password { user: "dbt".into(), password: "c0rrect".into(), may_be: Vec::new() },
        dask.port(),
        "https",
    );
    let gate_tls = TlsProxy::start(&trusted.issue(Kind::Good), gate.port()).port;
    let denied = Recorded::start(denying());

    let failures = [
        Failure { name: "name not known", settings: plain("nowhere.invalid", 5439) },
        Failure { name: "connection refused", settings: plain("127.0.0.1", free_port()) },
        Failure { name: "black hole", settings: plain("127.0.0.1", hole.port) },
        Failure { name: "no answer", settings: plain("127.0.0.1", silent) },
        Failure { name: "certificate untrusted", settings: untrusted },
        Failure { name: "certificate of another host", settings: wrong_host },
        Failure { name: "certificate expired", settings: expired },
        Failure {
            name: "TLS asked of a plain port",
            settings: [
                redshift("127.0.0.1", postgres::shared().port, "prefer", ""),
                thrift("127.0.0.1", open, "schema: marts, use_ssl: true"),
                ldap(dask.port(), &cert),
            ],
        },
        Failure {
            name: "wrong credential",
            settings: [
                redshift("127.0.0.1", redshift_port, "disable", "database: shop, schema: marts")
                    .replace("REDSHIFT_", "WRONG_"),
                thrift(
                    "127.0.0.1",
                    closed,
                    "schema: marts, auth: CUSTOM, password: {secret: {source: env, name: WRONG_PASSWORD}}",
                ),
                ldap(gate_tls, &cert).replace("TRINO_", "WRONG_"),
            ],
        },
        Failure {
            name: "no such database",
            settings: [
                redshift("127.0.0.1", redshift_port, "disable", "database: nowhere, schema: marts"),
                thrift("127.0.0.1", open, "schema: nowhere"),
                trino("127.0.0.1", dask.port(), "database: nowhere, schema: root"),
            ],
        },
        Failure {
            name: "no permission",
            settings: [
                redshift("127.0.0.1", redshift_port, "disable", "database: shop, schema: vault"),
                thrift("127.0.0.1", open, &format!("schema: {}", spark::FORBIDDEN)),
                trino("127.0.0.1", denied.port(), "database: lake, schema: marts"),
            ],
        },
        Failure { name: "another protocol", settings: plain("127.0.0.1", server(Manner::Says(SSH_BANNER))) },
    ];
    let found = check(&failures, &trusted);
    let (table, texts) = (table(&failures, &found), texts(&failures, &found));
    show(&table);
    insta::assert_snapshot!("table", table);
    insta::assert_snapshot!("texts", texts);
}

/// Makes a schema that the server refuses to everybody from then on.
fn make_forbidden_schema(port: u16) {
    let environment = python::environment("spark", &workspace::root().join("scripts/requirements/spark.txt"));
    let script = format!(
        "from pyhive import hive; hive.connect(host='127.0.0.1', port={port}, username='admin').cursor()\
         .execute('CREATE DATABASE IF NOT EXISTS {}')",
        spark::FORBIDDEN
    );
    let _ = Run::of(Command::new(environment.join("bin/python")).args(["-c", &script])).expect(0);
}

/// A Trino that lets nobody see the catalog, by its public protocol.
fn denying() -> Script {
    let denied = || failure("PERMISSION_DENIED", "USER_ERROR", 4, "Access Denied: Cannot access catalog lake");
    Script::new()
        .info(server_info("476", false))
        .statement("SELECT", vec![page("FINISHED", &["dbt"], false)])
        .statement("SHOW", vec![denied()])
}

/// All of them in one command.
fn check(failures: &[Failure], trusted: &Authority) -> Vec<Value> {
    let computes: Vec<_> = (0..failures.len())
        .flat_map(|row| ENGINES.iter().enumerate().map(move |(column, engine)| (row, column, engine)))
        .map(|(row, column, engine)| {
            let settings = &failures[row].settings[column];
            format!("{{name: {engine}-{row}, plugin: {engine}, config: {{{settings}, connect_timeout_seconds: 4}}}}")
        })
        .collect();
    let project = Project::new().approving("redshift-0", &computes.iter().map(String::as_str).collect::<Vec<_>>());
    let mut command = project.command(&["health", "--format", "json"]);
    command
        .env("SSL_CERT_FILE", trusted.file())
        .env("REDSHIFT_PASSWORD", postgres::PASSWORD)
        .env("SPARK_PASSWORD", spark::PASSWORD)
        .env("TRINO_PASSWORD", "c0rrect")
        .env("WRONG_PASSWORD", WRONG);
    let run = Run::of(&mut command).expect(1);
    for secret in [postgres::PASSWORD, spark::PASSWORD, "c0rrect", WRONG] {
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

fn table(failures: &[Failure], found: &[Value]) -> String {
    let mut table = format!("{:<28}{:<30}{:<30}{}\n", "", ENGINES[0], ENGINES[1], ENGINES[2]);
    for (row, failure) in failures.iter().enumerate() {
        let cells = ENGINES.map(|engine| verdict(of(found, engine, row)));
        let _ = writeln!(table, "{:<28}{:<30}{:<30}{}", failure.name, cells[0], cells[1], cells[2]);
    }
    table
}

/// What a person reads, without what differs between runs.
fn texts(failures: &[Failure], found: &[Value]) -> String {
    let ports = regex::Regex::new(r"port \d+").expect("a pattern");
    let days = regex::Regex::new(r"\d+ days").expect("a pattern");
    let mut text = String::new();
    for (row, failure) in failures.iter().enumerate() {
        let _ = writeln!(text, "{}", failure.name);
        for engine in ENGINES {
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
