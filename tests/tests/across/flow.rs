//! Spark, then DuckDB, then Spark.

use floe_tests::servers::iceberg::CLIENT_SECRET;
use serde_json::json;

use super::{floe, manifest, project, results, rows, spec};

/// Orders on Spark, doubled on DuckDB, summed on Spark; each asks its engine who it is.
fn product(schema: &str) -> floe_tests::Project {
    let project = project(schema)
        .with("seeds/orders.csv", "id,amount\n1,10\n2,20\n3,5\n")
        .with("models/in/staged.sql", "select id, amount, version() as staged_by from {{ ref('orders') }}\n")
        .with(
            "models/middle/doubled.sql",
            "select id, amount * 2 as amount, staged_by, version() as doubled_by from {{ ref('staged') }}\n",
        )
        .with(
            "models/out/total.sql",
            "select cast(sum(amount) as bigint) as total, max(staged_by) as staged_by, max(doubled_by) as doubled_by,\n\
             version() as summed_by from {{ ref('doubled') }}\n",
        )
        .with(
            "models/schema.yml",
            "models:\n  - name: doubled\n    columns:\n      - {name: id, data_tests: [not_null, {relationships: {arguments: {to: ref('staged'), field: id}}}]}\n",
        );
    spec(
        &project,
        &[
            "{path: seeds/, compute: spark}",
            "{path: models/in/, compute: spark}",
            "{path: models/middle/, compute: duckdb}",
            "{path: models/out/, compute: spark}",
        ],
    );
    project
}

fn is_built(schema: &str, total: i64) {
    let found = rows(&format!("{schema}.total"));
    assert_eq!(found.len(), 1, "{found:?}");
    let text = |key: &str| found[0][key].as_str().expect("a text").to_owned();
    assert_eq!(found[0]["total"], json!(total));
    assert!(text("staged_by").starts_with("3.5."), "Spark: {found:?}");
    assert!(text("doubled_by").starts_with("v1.5."), "DuckDB: {found:?}");
    assert!(text("summed_by").starts_with("3.5."), "Spark: {found:?}");
}

#[test]
fn spark_reads_by_dotted_schema_and_everything_is_fresh_again() {
    let project = product("flow");
    let reads = ("reads: {spark: {catalog: lake}}", "reads: {duckdb: {schema_prefix: lake.}}");
    project.write("manifest.yaml", &manifest("flow", reads.0, "flow", reads.1));
    let plan = floe(&project, &["plan"]).expect(0);
    insta::assert_snapshot!("plan_of_a_flow", plan.stdout);
    let run = floe(&project, &["run", "--format", "json"]).expect(0);
    assert_eq!(
        results(&run),
        [
            "model doubled on duckdb: success",
            "model staged on spark: success",
            "model total on spark: success",
            "seed orders on spark: success",
            "test not_null_doubled_id on duckdb: success",
            "test relationships_doubled_id__id__ref_staged_ on duckdb: success",
        ]
    );
    is_built("flow", 70);

    // Again with another value: nobody reads what was there before.
    project.write("seeds/orders.csv", "id,amount\n1,10\n2,20\n3,6\n");
    let _ = floe(&project, &["run"]).expect(0);
    is_built("flow", 72);

    // Neither profiles nor what dbt wrote hold the catalog's secret, or a token of it.
    for (path, bytes) in floe_tests::tree::tree(&project.path(".floe/runs"))
        .into_iter()
        .chain(floe_tests::tree::tree(&project.path(".floe/dbt")))
    {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(CLIENT_SECRET) && !text.contains("eyJhbGci"), "{}", path.display());
    }
}

#[test]
fn spark_reads_by_its_session_catalog() {
    let project = product("session");
    let reads = ("reads: {spark: {catalog: lake}}", "reads: {duckdb: {schema_prefix: \"\"}}");
    project.write("manifest.yaml", &manifest("session", reads.0, "session", reads.1));
    let _ = floe(&project, &["run"]).expect(0);
    is_built("session", 70);
}

#[test]
fn addresses_are_derived_where_both_build_in_the_catalog() {
    let project = product("derived");
    let plan = floe(&project, &["plan", "--format", "json"]).expect(0).json();
    let addresses: Vec<String> =
        plan["edges"].as_array().expect("edges").iter().map(|edge| edge["address"].to_string()).collect();
    assert!(addresses.contains(&r#"{"schema":"lake.derived","identifier":"doubled"}"#.to_owned()), "{addresses:?}");
    assert!(
        addresses.contains(&r#"{"database":"lake","schema":"derived","identifier":"staged"}"#.to_owned()),
        "{addresses:?}"
    );
    let _ = floe(&project, &["run"]).expect(0);
    is_built("derived", 70);
}
