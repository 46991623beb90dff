//! The operators' page, the alert rules and the dashboard speak of the metrics that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use floe::telemetry::metrics::ALL;
use floe_tests::{scripts, workspace};
use regex::Regex;
use serde_json::{Value, json};

/// What Prometheus' own tool says.
fn promtool(folder: &Path, arguments: &[&str]) -> String {
    let program = scripts::call("packages.sh", "promtool_program", &[]);
    let output = Command::new(program).args(arguments).current_dir(folder).output().expect("promtool starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {arguments:?}:\n{said}");
    said.into_owned()
}

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

/// An expression with times in place of those that Grafana puts in.
fn plain(expression: &str) -> String {
    expression.replace("$__rate_interval", "1m").replace("$__range", "3h")
}

/// The metrics that an expression asks for.
fn asked(expression: &str) -> BTreeSet<String> {
    const LABELS: [&str; 4] = ["floe_compute", "floe_environment", "floe_plugin", "floe_status"];
    let names = Regex::new("floe_[a-z_]+").expect("a pattern");
    let names = names.find_iter(expression).map(|found| found.as_str());
    let found: BTreeSet<_> = names.filter(|name| !LABELS.contains(name)).map(str::to_owned).collect();
    assert!(!found.is_empty(), "{expression}");
    found
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

/// The file beside the rules says which series bring each alert, when, with which text, and which do not.
#[test]
fn prometheus_itself_raises_every_alert_and_ends_it() {
    let folder = workspace::root().join("docs/observability");
    assert!(promtool(&folder, &["check", "rules", "alerts.yaml"]).contains("8 rules found"));
    promtool(&folder, &["test", "rules", "alerts_test.yaml"]);
    let (tests, expected) = (read("observability/alerts_test.yaml"), "\n        exp_alerts:");
    for (name, _) in alerts() {
        assert!(tests.contains(&format!("alertname: {name}{expected}")), "nothing raises {name}");
        assert!(tests.contains(&format!("alertname: {name}, exp_alerts: []")), "nothing leaves {name} silent");
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let dashboard: Value = serde_json::from_str(&read("observability/dashboard.json")).expect("JSON");
    let mut shown = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut rules = Vec::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        assert!(ids.insert(panel["id"].as_u64().expect("an id")), "ids differ");
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{panel:#}");
        for target in panel["targets"].as_array().expect("targets") {
            let expression = target["expr"].as_str().expect("an expression");
            shown.extend(asked(expression));
            rules.push(json!({"record": format!("panel:{}", rules.len()), "expr": plain(expression)}));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let count = rules.len();
    let file = json!({"groups": [{"name": "panels", "rules": rules}]});
    fs::write(folder.path().join("panels.yaml"), file.to_string()).expect("the panels' expressions as rules");
    assert!(promtool(folder.path(), &["check", "rules", "panels.yaml"]).contains(&format!("{count} rules found")));
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
