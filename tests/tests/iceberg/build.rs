//! dbt on a catalog whose credentials live for 20 seconds, read back by PyIceberg.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use floe_tests::Project;
use floe_tests::servers::iceberg::{Catalog, LIFE};
use serde_json::{Value, json};

use super::{floe, holds_a_secret, on, run_dbt};

/// A seed, each kind of model and strategy, a snapshot, a contract, tests; views beside the catalog.
fn product() -> Project {
    let incremental = |strategy: &str, key: &str| {
        format!(
            "{{{{ config(materialized='incremental', incremental_strategy='{strategy}', unique_key={key}) }}}}\n\
             select id, amount, {{{{ 2 if is_incremental() else 1 }}}} as run from {{{{ ref('orders') }}}}\n\
             {{% if is_incremental() %}} where id >= 2 {{% endif %}}\n"
        )
    };
    Project::new()
        .with("dbt_project.yml", "name: shop\nversion: 1.0.0\nprofile: shop\n")
        .with("models/staging/stg_orders.sql", "{{ config(materialized='view', database='memory') }} select * from {{ ref('orders') }}\n")
        .with("models/marts/sales.sql", "{{ config(materialized='table') }} select customer, sum(amount) as total from {{ ref('stg_orders') }} group by 1\n")
        .with("seeds/orders.csv", "id,customer,amount,day\n1,ann,10.5,2026-01-01\n2,bob,20.0,2026-01-02\n3,ann,5.25,2026-01-03\n")
        .with("models/plain.sql", "{{ config(materialized='table') }} select * from {{ ref('orders') }}\n")
        .with("models/parted.sql", "{{ config(materialized='table', partitioned_by=['customer']) }} select * from {{ ref('orders') }}\n")
        .with("models/contracted.sql", "select id::integer as id, amount::double as amount from {{ ref('orders') }}\n")
        .with("models/appended.sql", &incremental("append", "none"))
        .with("models/replaced.sql", &incremental("delete+insert", "'id'"))
        .with("models/merged.sql", &incremental("merge", "'id'"))
        .with(
            "models/schema.yml",
            "models:\n  - name: contracted\n    config: {materialized: table, contract: {enforced: true}}\n    columns:\n      \
             - {name: id, data_type: integer, data_tests: [not_null, unique], constraints: [{type: not_null}]}\n      \
             - {name: amount, data_type: double}\n  - name: plain\n    columns: [{name: id, data_tests: [unique, not_null]}]\n",
        )
        .with(
            "snapshots/kept.yml",
            "snapshots:\n  - name: kept\n    relation: ref('plain')\n    config: {unique_key: id, strategy: check, check_cols: [amount]}\n",
        )
}

const TABLES: [&str; 9] = [
    "shop.orders",
    "shop.plain",
    "shop.sales",
    "shop.parted",
    "shop.contracted",
    "shop.appended",
    "shop.replaced",
    "shop.merged",
    "shop.kept",
];

fn builds(project: &Project) {
    let build = run_dbt(project, &["build"], &[]);
    assert!(build.stdout.contains("PASS=14 WARN=0 ERROR=0 SKIP=0"), "{}", build.transcript());
}

/// Values of some columns of a table, row by row.
fn rows(found: &Value, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    let rows = found[table]["rows"].as_array().unwrap_or_else(|| panic!("{table} is there: {found}"));
    let mut rows: Vec<Vec<Value>> =
        rows.iter().map(|row| columns.iter().map(|column| row[column].clone()).collect()).collect();
    rows.sort_by_key(|row| json!(row).to_string());
    rows
}

fn as_rows(value: &Value) -> Vec<Vec<Value>> {
    serde_json::from_value(value.clone()).expect("rows")
}

#[test]
fn dbt_builds_twice_and_on_a_fresh_catalog() {
    let catalog = Catalog::start();
    let project = on(product(), &catalog, "shop");
    let _ = floe(&project, &["compile"]).expect(0);
    builds(&project);
    let first = catalog.read(&TABLES);
    let orders = json!([[1, 10.5], [2, 20.0], [3, 5.25]]);
    for table in ["shop.orders", "shop.plain", "shop.parted", "shop.contracted"] {
        assert_eq!(rows(&first, table, &["id", "amount"]), as_rows(&orders), "{table}");
    }
    assert_eq!(rows(&first, "shop.sales", &["customer", "total"]), as_rows(&json!([["ann", 15.75], ["bob", 20.0]])));
    assert_eq!(first["shop.parted"]["partition"], json!([["identity", "customer"]]));
    let once = json!([[1, 1], [2, 1], [3, 1]]);
    for table in ["shop.appended", "shop.replaced", "shop.merged"] {
        assert_eq!(rows(&first, table, &["id", "run"]), as_rows(&once), "{table}");
    }

    // Again, with a value that has changed.
    project.write(
        "seeds/orders.csv",
        "id,customer,amount,day\n1,ann,10.5,2026-01-01\n2,bob,21.0,2026-01-02\n3,ann,5.25,2026-01-03\n",
    );
    builds(&project);
    let second = catalog.read(&TABLES);
    assert_eq!(rows(&second, "shop.sales", &["customer", "total"]), as_rows(&json!([["ann", 15.75], ["bob", 21.0]])));
    assert_eq!(second["shop.parted"]["partition"], json!([["identity", "customer"]]));
    let appended = json!([[1, 1], [2, 1], [2, 2], [3, 1], [3, 2]]);
    assert_eq!(rows(&second, "shop.appended", &["id", "run"]), as_rows(&appended));
    for table in ["shop.replaced", "shop.merged"] {
        let twice = json!([[1, 10.5, 1], [2, 21.0, 2], [3, 5.25, 2]]);
        assert_eq!(rows(&second, table, &["id", "amount", "run"]), as_rows(&twice), "{table}");
    }
    let kept = rows(&second, "shop.kept", &["id", "amount"]);
    assert_eq!(kept, as_rows(&json!([[1, 10.5], [2, 20.0], [2, 21.0], [3, 5.25]])), "the snapshot keeps the old value");

    // No table of dbt's own is left, and the catalog was asked for credentials.
    let loads: Vec<_> = catalog.asked().into_iter().filter(|asked| asked.path.contains("/tables/")).collect();
    assert!(loads.iter().any(|asked| asked.noted["delegation"] == "vended-credentials"), "{loads:?}");
    no_secret_below(&project);

    // A catalog that has nothing: incremental models and the snapshot begin anew.
    let fresh = Catalog::start();
    let project = on(project, &fresh, "shop");
    let _ = floe(&project, &["compile"]).expect(0);
    builds(&project);
    let again = fresh.read(&TABLES);
    for table in ["shop.appended", "shop.replaced", "shop.merged"] {
        assert_eq!(rows(&again, table, &["id", "run"]), as_rows(&once), "{table}");
    }
}

/// Artifacts, compiled SQL, `dbt.log`: everything below the product.
fn no_secret_below(project: &Project) {
    let mut folders = vec![project.product()];
    let (mut files, mut logs) = (0, 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
            assert!(!holds_a_secret(&text), "{} holds a secret", path.display());
            files += 1;
            logs += usize::from(path.ends_with("logs/dbt.log"));
        }
    }
    assert!(files > 20 && logs == 1, "{files} files, {logs} logs");
}

/// The model reads a pipe into which a row a second is written, for longer than credentials and tokens live: it has them
/// renewed while it runs.
#[test]
fn a_model_outlives_its_credentials() {
    let catalog = Catalog::with_short_tokens(Duration::from_secs(8));
    let model = "{{ config(materialized='table') }}\n\
                 select * from read_csv('{{ env_var(\"SLOW_PIPE\") }}', header=false, auto_detect=false, columns={'n': 'BIGINT'})\n";
    let project = on(Project::new().with("models/slow.sql", model), &catalog, "slow");
    let _ = floe(&project, &["compile"]).expect(0);
    let pipe = project.root().join("slow.csv");
    let path = pipe.to_str().expect("a path in UTF-8");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    let seconds = LIFE.as_secs() + 8;
    let writing = pipe.clone();
    let writer = thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(writing).expect("dbt reads the pipe");
        for number in 0..seconds {
            writeln!(pipe, "{number}").expect("dbt goes on reading");
            thread::sleep(Duration::from_secs(1));
        }
    });
    let begun = Instant::now();
    let build = run_dbt(&project, &["run", "--select", "slow"], &[("SLOW_PIPE", path)]);
    assert!(build.stdout.contains("PASS=1 WARN=0 ERROR=0"), "{}", build.transcript());
    assert!(begun.elapsed() > LIFE, "{:?}", begun.elapsed());
    writer.join().expect("it wrote all");
    let found = catalog.read(&["slow.slow"]);
    let numbers: Vec<Vec<Value>> = (0..seconds).map(|number| vec![json!(number)]).collect();
    let mut expected = numbers;
    expected.sort_by_key(|row| json!(row).to_string());
    assert_eq!(rows(&found, "slow.slow", &["n"]), expected);
    // The table was loaded once more while the model ran, for credentials that live.
    let loads = catalog.asked().into_iter().filter(|asked| {
        asked.method == "GET" && asked.path.contains("/namespaces/slow/tables/slow") && asked.status == 200
    });
    assert!(loads.count() >= 2, "{:?}", catalog.asked());
    // And none of the tokens that were asked for came too late.
    let (tokens, others): (Vec<_>, Vec<_>) =
        catalog.asked().into_iter().partition(|asked| asked.path.ends_with("/tokens"));
    assert!(tokens.len() >= 2, "{tokens:?}");
    assert!(others.iter().all(|asked| asked.status != 401), "{others:?}");
}
