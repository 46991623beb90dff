//! Old copies: models were once built by the other engine, and their tables are still there.

use serde_json::json;

use super::{floe, manifest, project, rows, spec};

#[test]
fn what_lies_in_the_readers_own_database_is_not_read() {
    let project = project("moved")
        .with("seeds/orders.csv", "id,amount\n1,10\n2,20\n")
        .with("models/staged.sql", "select id, amount from {{ ref('orders') }}\n")
        .with("models/doubled.sql", "select id, amount * 2 as amount from {{ ref('staged') }}\n")
        .with(
            "models/total.sql",
            "select cast(sum(amount) as bigint) as total, version() as by from {{ ref('doubled') }}\n",
        );
    // Each builds in a schema of its own, so that each may have a copy of everything.
    let reads = ("reads: {spark: {catalog: lake}}", "reads: {duckdb: {schema_prefix: lake.}}");
    project.write("manifest.yaml", &manifest("moved_duckdb", reads.0, "moved_spark", reads.1));
    for compute in ["spark", "duckdb"] {
        spec(&project, &[&format!("{{path: ., compute: {compute}}}")]);
        let _ = floe(&project, &["run"]).expect(0);
        assert_eq!(rows(&format!("moved_{compute}.total"))[0]["total"], json!(60));
    }

    // Spark, DuckDB, Spark: the copies of `staged` in DuckDB's schema and of `doubled` in Spark's are old now.
    project.write("seeds/orders.csv", "id,amount\n1,11\n2,22\n");
    spec(&project, &["{path: ., compute: spark}", "{name: doubled, compute: duckdb}"]);
    let _ = floe(&project, &["run"]).expect(0);
    assert_eq!(
        rows("moved_duckdb.doubled").iter().map(|row| row["amount"].clone()).collect::<Vec<_>>(),
        [json!(22), json!(44)]
    );
    let total = &rows("moved_spark.total")[0];
    assert_eq!(total["total"], json!(66));
    assert!(total["by"].as_str().is_some_and(|by| by.starts_with("3.5.")), "{total}");
    assert_eq!(
        rows("moved_spark.doubled").iter().map(|row| row["amount"].clone()).collect::<Vec<_>>(),
        [json!(20), json!(40)]
    );
}
