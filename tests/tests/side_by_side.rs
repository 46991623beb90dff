//! Four engines in one manifest: compiled together, and checked side by side.

use std::fmt::Write as _;
use std::time::Duration;

use floe_tests::servers::faults::BlackHole;
use floe_tests::servers::postgres;
use floe_tests::servers::spark::{self, Mode};
use floe_tests::servers::trino::Dask;
use floe_tests::{Project, Run, show};
use serde_json::Value;

/// DuckDB, Spark, Redshift and Trino, with settings over Spark's own.
fn four(spark: &str, redshift_port: u16, trino_port: u16) -> Project {
    Project::new().approving(
        "duckdb",
        &[
            "{name: duckdb, config: {path: shop.duckdb}}",
            &format!("{{name: spark, config: {{method: thrift, user: dbt, schema: default, {spark}}}}}"),
            &format!(
                "{{name: redshift, config: {{host: 127.0.0.1, port: {redshift_port}, database: shop, schema: public, \
                 user: {}, password: \"{{{{ env_var('REDSHIFT_PASSWORD') }}}}\", sslmode: disable}}}}",
                postgres::USER
            ),
            &format!(
                "{{name: trino, config: {{host: 127.0.0.1, port: {trino_port}, user: dbt, database: dask_sql, \
                 schema: root}}}}"
            ),
        ],
    )
}

fn health(project: &Project, arguments: &[&str]) -> (Vec<Value>, Duration) {
    let mut command = project.command(&[&["health", "--format", "json"], arguments].concat());
    let run = Run::of(command.env("REDSHIFT_PASSWORD", postgres::PASSWORD));
    (run.json()["computes"].as_array().expect("computes").clone(), run.took)
}

fn milliseconds(compute: &Value) -> f64 {
    compute["latency_ms"].as_f64().expect("a latency")
}

#[test]
fn four_engines_compile_together_and_are_checked_side_by_side() {
    let (endpoint, dask) = (postgres::Endpoint::plain(), Dask::start());
    let spark = format!("host: 127.0.0.1, port: {}", spark::server(Mode::None).port);
    let project = four(&spark, endpoint.port, dask.port());
    let mut command = project.command(&["compile"]);
    let compiled = Run::of(command.env("REDSHIFT_PASSWORD", postgres::PASSWORD)).expect(0);
    for compute in ["duckdb", "spark", "redshift", "trino"] {
        assert!(project.path(&format!("target/floe/profiles/dev/{compute}/profiles.yml")).is_file(), "{compute}");
        assert!(project.path(&format!("target/floe/requirements/{compute}.txt")).is_file(), "{compute}");
    }

    // Once for what the operating system has to read first.
    let _ = health(&project, &[]);
    let (together, took) = health(&project, &[]);
    assert!(together.iter().all(|compute| compute["status"] == "healthy"), "{together:#?}");
    let mut alone = 0.0_f64;
    let mut report = format!("floe compile of four engines: {:.0} ms\n", compiled.took.as_secs_f64() * 1e3);
    for compute in ["duckdb", "spark", "redshift", "trino"] {
        let (one, took) = health(&project, &["--compute", compute]);
        let whole = took.as_secs_f64() * 1e3;
        alone = alone.max(whole);
        let _ =
            writeln!(report, "floe health of {compute}: {whole:.0} ms (the check: {:.0} ms)", milliseconds(&one[0]));
    }
    show(&format!(
        "{report}floe health of all four: {:.0} ms; the slowest alone: {alone:.0} ms",
        took.as_secs_f64() * 1e3
    ));
    // No race against the clock of a loaded machine: one after the other they would take their sum.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// One engine that never answers takes its own time, and nobody else's.
#[test]
fn one_that_hangs_delays_none() {
    let (endpoint, dask, hole) = (postgres::Endpoint::plain(), Dask::start(), BlackHole::start());
    let spark = format!("host: 127.0.0.1, port: {}, connect_timeout_seconds: 8", hole.port);
    let project = four(&spark, endpoint.port, dask.port());
    let (found, took) = health(&project, &[]);
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
