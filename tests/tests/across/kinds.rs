//! Seeds, snapshots, incremental models and models of packages, each on another compute than what reads it.

use serde_json::json;

use super::{floe, project, rows, spec, with_session};

fn product() -> floe_tests::Project {
    with_session(project("kinds"), "kinds")
        .with("packages.yml", "packages:\n  - local: rates\n")
        .with("rates/dbt_project.yml", "name: rates\nversion: 1.0.0\nmodels: {rates: {+materialized: table, +file_format: iceberg}}\n")
        .with("rates/models/factors.sql", "select 100 as factor, version() as factor_by\n")
        .with("seeds/orders.csv", "id,amount\n1,10\n2,20\n")
        .with(
            "snapshots/kept.yml",
            "snapshots:\n  - name: kept\n    relation: ref('orders')\n    config: {unique_key: id, strategy: check, check_cols: [amount]}\n",
        )
        .with(
            "models/grown.sql",
            "{{ config(materialized='incremental', incremental_strategy='append') }}\n\
             select id, amount, {{ 2 if is_incremental() else 1 }} as run, version() as grown_by from {{ ref('kept') }}\n\
             where dbt_valid_to is null\n",
        )
        .with(
            "models/last.sql",
            "select g.id, g.amount * f.factor as amount, g.run, g.grown_by, f.factor_by, version() as by\n\
             from {{ ref('grown') }} g cross join {{ ref('factors') }} f\n",
        )
}

#[test]
fn every_kind_is_read_by_another_compute() {
    let project = product();
    spec(
        &project,
        &[
            "{path: seeds, compute: spark}",
            "{path: snapshots, compute: duckdb}",
            "{name: grown, compute: spark}",
            "{package: rates, compute: spark}",
            "{name: last, compute: duckdb}",
        ],
    );
    let _ = floe(&project, &["dbt", "--compute", "duckdb", "--", "deps"]).expect(0);
    let _ = floe(&project, &["run"]).expect(0);
    let last = |run: i64| {
        let mut found: Vec<_> = rows("kinds.last").into_iter().filter(|row| row["run"] == run).collect();
        found.sort_by_key(|row| row["id"].as_i64());
        for row in &found {
            for (key, version) in [("grown_by", "3.5."), ("factor_by", "3.5."), ("by", "v1.5.")] {
                assert!(row[key].as_str().is_some_and(|by| by.starts_with(version)), "{key}: {row}");
            }
        }
        found.iter().map(|row| row["amount"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(last(1), [json!(1000), json!(2000)]);

    project.write("seeds/orders.csv", "id,amount\n1,10\n2,21\n");
    let _ = floe(&project, &["run"]).expect(0);
    assert_eq!(last(1), [json!(1000), json!(2000)], "what the incremental model had is still there");
    assert_eq!(last(2), [json!(1000), json!(2100)]);
    let kept = rows("kinds.kept");
    assert_eq!(kept.len(), 3, "the snapshot keeps the old value: {kept:?}");

    // Another owner: its history would be lost.
    spec(
        &project,
        &["{path: ., compute: duckdb}", "{path: snapshots, compute: spark}", "{package: rates, compute: spark}"],
    );
    let refused = floe(&project, &["plan"]).expect(1);
    insta::assert_snapshot!(
        "owner_changed",
        refused.stderr.lines().filter(|line| !line.contains("correlation id")).collect::<Vec<_>>().join("\n")
    );
    let _ = floe(&project, &["run"]).expect(1);
    assert_eq!(rows("kinds.kept").len(), 3, "nothing was run");
    // To begin anew is the user's word for it.
    let plan = floe(&project, &["plan", "--select", "grown", "--full-refresh"]).expect(0);
    assert!(plan.stdout.contains("incremental"), "{}", plan.stdout);
}
