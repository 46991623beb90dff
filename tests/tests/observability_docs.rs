//! The operators' page, the alert rules and the dashboard speak of the metrics that there are.

use std::collections::BTreeSet;
use std::fs;

use floe::telemetry::metrics::ALL;
use floe_tests::workspace;
use promql_parser::parser::{Expr, parse};
use serde_json::Value;

fn read(path: &str) -> String {
    let path = workspace::root().join("docs").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names in Prometheus, with those that a histogram has.
fn known() -> BTreeSet<String> {
    ALL.iter()
        .flat_map(|(_, unit, name)| {
            let parts: &[&str] = if *unit == "s" { &["_bucket", "_sum", "_count"] } else { &[""] };
            parts.iter().map(move |part| format!("{name}{part}"))
        })
        .collect()
}

/// The metrics that an expression asks for.
///
/// # Panics
/// Where it is no PromQL.
fn asked(expression: &str) -> BTreeSet<String> {
    // Grafana puts times in place of these.
    let plain = expression.replace("$__rate_interval", "1m").replace("$__range", "3h");
    let parsed = parse(&plain).unwrap_or_else(|error| panic!("{error}: {expression}"));
    let mut found = BTreeSet::new();
    collect(&parsed, &mut found);
    assert!(!found.is_empty(), "{expression}");
    found
}

fn collect(expression: &Expr, found: &mut BTreeSet<String>) {
    match expression {
        Expr::Aggregate(aggregate) => collect(&aggregate.expr, found),
        Expr::Unary(unary) => collect(&unary.expr, found),
        Expr::Binary(binary) => {
            collect(&binary.lhs, found);
            collect(&binary.rhs, found);
        }
        Expr::Paren(paren) => collect(&paren.expr, found),
        Expr::Subquery(subquery) => collect(&subquery.expr, found),
        Expr::VectorSelector(selector) => found.extend(selector.name.clone()),
        Expr::MatrixSelector(selector) => found.extend(selector.vs.name.clone()),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| collect(argument, found)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[test]
fn the_page_lists_every_metric_with_its_unit() {
    let page = read("observability.md");
    for (name, unit, _) in ALL {
        let line = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let line = line.unwrap_or_else(|| panic!("{name} is not listed"));
        assert!(line.contains(&format!("`{unit}`")), "{line}");
    }
}

/// The alerts of the rules, and their expressions.
fn alerts() -> Vec<(String, String)> {
    let text = read("observability/alerts.yaml");
    let rules = text.split("- alert: ").skip(1);
    rules
        .map(|rule| {
            let name = rule.lines().next().expect("its name").to_owned();
            let expression = rule.lines().find_map(|line| line.trim().strip_prefix("expr: ")).expect("its expression");
            (name, expression.to_owned())
        })
        .collect()
}

#[test]
fn every_alert_can_be_evaluated_and_is_explained() {
    let (page, known) = (read("observability.md"), known());
    let alerts = alerts();
    assert_eq!(alerts.len(), 8);
    for (name, expression) in alerts {
        for metric in asked(&expression) {
            assert!(known.contains(&metric), "{name} asks for {metric}");
        }
        assert!(page.contains(&format!("| {name} |")), "{name} is not explained");
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let dashboard: Value = serde_json::from_str(&read("observability/dashboard.json")).expect("JSON");
    let mut shown = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "ids differ");
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{panel:#}");
        for target in panel["targets"].as_array().expect("targets") {
            shown.extend(asked(target["expr"].as_str().expect("an expression")));
        }
    }
    let known = known();
    assert!(shown.is_subset(&known), "{shown:?}");
    for (name, _, translated) in ALL {
        assert!(shown.iter().any(|shown| shown.starts_with(translated)), "{name} is on no panel");
    }
    for variable in dashboard["templating"]["list"].as_array().expect("variables").iter().skip(1) {
        let query = variable["definition"].as_str().expect("a query");
        assert!(query.starts_with("label_values(floe_compute_connection_status, floe_"), "{query}");
    }
}
