//! What counts as a difference, and how it is told.

use super::*;
use crate::compile::artifacts::read::parse;
use crate::diagnostics::{Report, Source, TextStyle};
use serde_json::{Value, json};

fn artifacts(file: &str, change: impl Fn(&mut Value)) -> ReadArtifacts {
    let plugin = |sha256: &str| json!({"version": "1.0.0", "target": "x86_64-unknown-linux-gnu", "sha256": sha256});
    let mut value = json!({
        "version": "1.0",
        "product": {"name": "shop"},
        "compute_registry": {
            "default": "duckdb",
            "computes": {"duckdb": {"plugin": "duckdb"}, "wh": {"plugin": "snowflake"}},
        },
        "transforms": [
            {"kind": "path", "selects": "models/staging", "compute": "duckdb"},
            {"kind": "path", "selects": "models/marts", "compute": "wh"},
            {"kind": "name", "selects": "sales", "compute": "wh"},
        ],
        "plugins": {"duckdb": plugin("aa"), "snowflake": plugin("bb")},
    });
    change(&mut value);
    let text = serde_json::to_string_pretty(&value).unwrap();
    parse(&Source::new(file, text)).unwrap()
}

fn compared(change: impl Fn(&mut Value)) -> (Comparison, String) {
    let (a, b) = (artifacts("dev.json", |_| {}), artifacts("prod.json", change));
    let found = compare(&a, &b);
    let text = Report::new(found.diagnostics.clone()).to_text(TextStyle::default(), "id");
    (found, text)
}

fn statuses(found: &Comparison) -> Vec<Status> {
    found.transforms.iter().map(|transform| transform.status).collect()
}

#[test]
fn the_same_is_the_same_whatever_else_changes() {
    let (found, text) = compared(|value| {
        value["compute_registry"]["computes"]["wh"]["threads"] = json!(64);
        value["compute_registry"]["computes"]["unused"] = json!({"plugin": "trino"});
        value["transforms"].as_array_mut().unwrap().reverse();
    });
    assert_eq!((found.differing(), text.as_str()), (0, ""));
}

#[test]
fn another_compute_is_a_difference_of_each_transform() {
    let (found, text) = compared(|value| {
        value["transforms"][0]["compute"] = json!("wh");
        value["transforms"][2]["compute"] = json!("duckdb");
    });
    assert_eq!(statuses(&found), [Status::ComputeDiffers, Status::Same, Status::ComputeDiffers]);
    insta::assert_snapshot!(text);
}

#[test]
fn another_plugin_is_one_difference_of_all_its_transforms() {
    let (found, text) = compared(|value| {
        value["compute_registry"]["computes"]["wh"]["plugin"] = json!("bigquery");
    });
    assert_eq!(statuses(&found), [Status::Same, Status::PluginDiffers, Status::PluginDiffers]);
    insta::assert_snapshot!(text);
}

#[test]
fn what_only_one_has_and_another_default_are_differences() {
    let (found, text) = compared(|value| {
        value["transforms"][1]["selects"] = json!("models/martz");
        value["compute_registry"]["default"] = json!("wh");
    });
    assert_eq!(statuses(&found), [Status::Same, Status::OnlyInA, Status::Same, Status::OnlyInB]);
    insta::assert_snapshot!(text);
}

#[test]
fn the_plugin_of_the_default_counts_though_no_transform_names_it() {
    let (found, text) = compared(|value| {
        value["transforms"].as_array_mut().unwrap().clear();
        value["compute_registry"]["computes"]["duckdb"]["plugin"] = json!("trino");
    });
    assert!(found.diagnostics.iter().any(|one| *one.code == PARITY_PLUGIN), "{text}");
}

#[test]
fn other_binaries_and_other_products_are_warnings() {
    let (found, text) = compared(|value| {
        value["product"]["name"] = json!("store");
        value["plugins"]["duckdb"]["sha256"] = json!("cc");
        value["plugins"]["snowflake"]["version"] = json!("1.1.0");
    });
    assert!(found.diagnostics.iter().all(|one| !one.is_error()));
    insta::assert_snapshot!(text);
}

#[test]
fn another_platform_has_another_binary() {
    let (_, text) = compared(|value| {
        value["plugins"]["duckdb"]["sha256"] = json!("cc");
        value["plugins"]["duckdb"]["target"] = json!("aarch64-apple-darwin");
    });
    assert_eq!(text, "");
}
