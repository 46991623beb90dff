//! Spark: HiveServer2 over thrift, and the method of dbt-spark that looks at certificates.

use std::process::Command;

use floe_tests::servers::certificates::Kind;
use floe_tests::servers::databricks::Databricks;
use floe_tests::servers::spark::{self, Mode};
use floe_tests::servers::tls_proxy::TlsProxy;
use floe_tests::{Run, python, workspace};
use serde_json::json;

use crate::stage::{Column, Stage};

const OLD_TOKEN: &str = "dapi-4ld";

fn settings(host: &str, port: u16, more: &str) -> String {
    format!("method: thrift, host: {host}, port: {port}, user: dbt, {more}")
}

fn over_https(port: u16) -> String {
    format!(
        "method: http, host: 127.0.0.1, port: {port}, cluster: 0801-brew, schema: marts, token: {{secret: {{source: env, \
         name: SPARK_PASSWORD}}}}"
    )
}

pub(crate) fn column(stage: &Stage) -> Column {
    let (open, closed) = (spark::server(Mode::None).port, spark::server(Mode::Password).port);
    make_forbidden_schema(open);
    let [unknown, refused, hole, silent, another] = stage.places(|host, port| settings(host, port, "schema: marts"));
    let [untrusted, wrong_host, expired] = stage.bad_tls().map(over_https);
    let workspace = Databricks::start(&json!({"expired": [OLD_TOKEN]}));
    let workspace_tls = TlsProxy::start(&stage.trusted.issue(Kind::Good), workspace.port()).port;
    let here = |more: &str| settings("127.0.0.1", open, more);
    Column {
        engine: "spark",
        settings: [
            unknown,
            refused,
            hole,
            silent,
            untrusted,
            wrong_host,
            expired,
            here("schema: marts, use_ssl: true"),
            settings(
                "127.0.0.1",
                closed,
                "schema: marts, auth: CUSTOM, password: {secret: {source: env, name: WRONG_PASSWORD}}",
            ),
            over_https(workspace_tls).replace("SPARK_PASSWORD", "SPARK_OLD_TOKEN"),
            here("schema: nowhere"),
            here(&format!("schema: {}", spark::FORBIDDEN)),
            another,
        ],
        variables: vec![("SPARK_PASSWORD", spark::PASSWORD.to_owned()), ("SPARK_OLD_TOKEN", OLD_TOKEN.to_owned())],
        secrets: vec![spark::PASSWORD.to_owned(), OLD_TOKEN.to_owned()],
        servers: vec![Box::new(workspace)],
    }
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
