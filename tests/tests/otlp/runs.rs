//! Runs: what dbt built, how long that took, and how busy its threads were.

use floe_tests::Project;
use floe_tests::servers::rotel::Rotel;

use super::{about, floe, received};

/// A query of hours.
const SLOW: &str = "select sum(a.range * b.range % 7) as x from range(3000000) a, range(1000000) b\n";

#[test]
fn nodes_errors_timeouts_and_threads() {
    let rotel = Rotel::start();
    let project = Project::new()
        .approving("duckdb", &["{name: duckdb, config: {path: shop.duckdb, threads: 3, timeout_seconds: 1}}"])
        .with_environments(&[("duckdb", "duckdb")])
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\nmodels: {shop: {+materialized: table}}\n")
        .with("models/slow.sql", SLOW)
        .with("models/wrong.sql", "select no_such_column\n");
    let run = floe(&project, &rotel, &["run", "--format", "json"]).expect(1);
    let told = run.json();
    let id = told["diagnostics"][0]["correlation_id"].as_str().expect("an id").to_owned();
    let all = received(&rotel, "floe run");

    let durations = all.metric("floe.compute.query.duration");
    let mut counts: Vec<_> = durations
        .iter()
        .map(|point| {
            assert_eq!((point.field("Unit"), point.field("DataType")), ("s", "Histogram"));
            assert_eq!(about(point), ["duckdb", "duckdb", "dev", "duckdb"]);
            format!("{} {} {}", point.field("Count"), point.attribute("floe.status"), point.attribute("error.type"))
        })
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, ["1 error query", "1 error timeout", "2 success "]);
    let slow = durations.iter().find(|point| point.attribute("error.type") == "timeout").expect("the slow one");
    assert!(slow.field("Sum").parse::<f64>().is_ok_and(|sum| (1.0..3.0).contains(&sum)), "{slow:#?}");

    let errors = all.metric("floe.compute.query.errors");
    let mut kinds: Vec<_> = errors
        .iter()
        .map(|error| {
            assert_eq!((error.field("Unit"), error.field("Value")), ("{error}", "1"));
            assert_eq!(error.attribute("floe.correlation_id"), id);
            format!("{} {}", error.attribute("error.type"), error.attribute("floe.code"))
        })
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["query F0823", "timeout F0832"]);
    let timeouts = all.metric("floe.compute.query.timeouts");
    let [timeout] = timeouts[..] else { panic!("{timeouts:#?}") };
    assert_eq!((timeout.field("Unit"), timeout.field("Value")), ("{timeout}", "1"));

    let size = all.metric("floe.compute.pool.size");
    let last = size.last().expect("the size of the pool");
    assert_eq!((last.field("Unit"), last.field("Value")), ("{thread}", "3"));
    assert_eq!(about(last), ["duckdb", "duckdb", "dev", "duckdb"]);
    let utilization = all.metric("floe.compute.pool.utilization");
    let last = utilization.last().expect("its utilization");
    let share: f64 = last.field("Value").parse().expect("a number");
    assert_eq!(last.field("Unit"), "1");
    // One of three threads worked for a second and more, in a step that takes dbt's start besides.
    assert!(share > 0.01 && share < 0.9, "{share}");

    let step = all.span("step 1 duckdb");
    assert_eq!((step.attribute("floe.status"), step.field("Status code")), ("error", "STATUS_CODE_ERROR"));
    let node = all.span("node model.shop.slow");
    assert_eq!((node.field("Parent ID"), node.field("Trace ID")), (step.field("ID"), step.field("Trace ID")));
    assert_eq!((node.attribute("error.type"), node.attribute("floe.correlation_id")), ("timeout", id.as_str()));
    assert_eq!(all.span("node model.shop.stg_orders").attribute("floe.status"), "success");
    let logged: Vec<_> = all.logs.iter().filter(|log| log.attribute("floe.correlation_id") == id).collect();
    for code in ["F0823", "F0832"] {
        assert!(logged.iter().any(|log| log.attribute("floe.code") == code), "{code} in {logged:#?}");
    }
}
