//! What fails on one compute holds up what is behind it on the other, and nothing else.

use serde_json::{Value, json};

use super::{floe, project, results, rows, spec, with_session};

#[test]
fn a_failure_skips_what_is_behind_it_on_the_other_compute() {
    let project = with_session(project("failures"), "failures")
        .with("seeds/orders.csv", "id,amount\n1,10\n2,20\n")
        .with("models/spark/broken.sql", "select cast('x' as no_such_type) as id from {{ ref('orders') }}\n")
        .with("models/spark/good.sql", "select id, amount, version() as engine from {{ ref('orders') }}\n")
        .with("models/spark/doubtful.sql", "select id, amount from {{ ref('orders') }}\n")
        .with("models/duckdb/behind_broken.sql", "select * from {{ ref('broken') }}\n")
        .with("models/duckdb/behind_good.sql", "select id, amount, engine, version() as then_engine from {{ ref('good') }}\n")
        .with("models/duckdb/behind_doubtful.sql", "select * from {{ ref('doubtful') }}\n")
        .with("models/spark/last.sql", "select * from {{ ref('behind_doubtful') }}\n")
        .with(
            "models/schema.yml",
            "models:\n  - name: doubtful\n    columns: [{name: id, data_tests: [{accepted_values: {arguments: {values: [1], quote: false}}}]}]\n  \
             - name: behind_good\n    data_tests: [{unique: {arguments: {column_name: id}}}]\n\
             unit_tests:\n  - name: adds_nothing\n    model: behind_good\n    given: [{input: ref('good'), rows: [{id: 7, amount: 3, engine: x}]}]\n    \
             expect: {rows: [{id: 7, amount: 3, engine: x}]}\n",
        );
    spec(
        &project,
        &["{path: ., compute: duckdb}", "{path: models/spark, compute: spark}", "{path: seeds, compute: spark}"],
    );
    let run = floe(&project, &["run", "--format", "json"]).expect(1);
    assert_eq!(
        results(&run),
        [
            "model behind_broken on duckdb: skipped",
            "model behind_doubtful on duckdb: skipped",
            "model behind_good on duckdb: success",
            "model broken on spark: error",
            "model doubtful on spark: success",
            "model good on spark: success",
            "model last on spark: skipped",
            "seed orders on spark: success",
            "test accepted_values_doubtful_id__False__1 on spark: error",
            "test unique_behind_good_id on duckdb: success",
            "unit_test adds_nothing on duckdb: success",
        ],
        "{}",
        run.stdout
    );
    let all = run.json();
    let because = |name: &str| {
        let all = all["results"].as_array().expect("results");
        all.iter().find(|one| one["name"] == name).expect("it is there")["because"].clone()
    };
    assert_eq!(because("behind_broken"), "model.shop.broken");
    for name in ["behind_doubtful", "last"] {
        assert!(
            because(name).as_str().is_some_and(|id| id.starts_with("test.shop.accepted_values_doubtful")),
            "{name}"
        );
    }
    // A unit test ends before its model begins to be built.
    let order: Vec<&Value> = all["results"].as_array().expect("results").iter().map(|one| &one["name"]).collect();
    let place = |name: &str| order.iter().position(|one| **one == name).expect("it is there");
    assert!(place("adds_nothing") < place("behind_good"), "{order:?}");
    let built = rows("failures.behind_good");
    assert_eq!(built.iter().map(|row| row["amount"].clone()).collect::<Vec<_>>(), [json!(10), json!(20)]);
    assert!(built[0]["engine"].as_str().is_some_and(|by| by.starts_with("3.5.")), "{built:?}");
    assert!(built[0]["then_engine"].as_str().is_some_and(|by| by.starts_with("v1.5.")), "{built:?}");
    let merged = project.path(".floe/runs/latest/run_results.json");
    let merged: Value = serde_json::from_slice(&std::fs::read(merged).expect("it was written")).expect("JSON");
    assert_eq!(merged["results"].as_array().map(Vec::len), Some(8), "what dbt ran");
}
