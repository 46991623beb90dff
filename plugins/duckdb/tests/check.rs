//! The live check against real DuckDB files: what is fine.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use floe_plugin_api::ConnectionStatus;
use serde_json::{Value, json};
use support::{check, contents, make_database, project, shown};

/// Checks, shows the result, and holds that nothing in the project changed.
fn look(settings: &Value, project: &std::path::Path) -> Value {
    let before = contents(project);
    let result = check(settings, project);
    assert!(result.latency_ms > 0.0);
    assert_eq!(before, contents(project), "a check changes nothing");
    shown(&result, project)
}

#[test]
fn memory_is_healthy() {
    let (_folder, project) = project();
    insta::assert_json_snapshot!(look(&json!({}), &project));
    assert_eq!(look(&json!({"path": ":memory:"}), &project), look(&json!({}), &project));
}

#[test]
fn memory_with_settings_is_healthy() {
    let (_folder, project) = project();
    let settings = json!({
        "schema": "marts",
        "config_options": {"allow_unsigned_extensions": true, "default_null_order": "nulls_last"},
        "extensions": ["parquet", "json"],
        "settings": {
            "memory_limit": "512MB", "temp_directory": "spill", "max_temp_directory_size": "1GB", "threads": 2,
            "preserve_insertion_order": false, "TimeZone": "Europe/Berlin",
            // Each of these would write a file, were it sent.
            "log_query_path": "queries.log", "enable_profiling": "json", "profiling_output": "profile.json",
        },
    });
    insta::assert_json_snapshot!(look(&settings, &project));
}

#[test]
fn a_file_is_healthy() {
    let (_folder, project) = project();
    make_database(&project.join("sales.duckdb"));
    insta::assert_json_snapshot!(look(&json!({"path": "sales.duckdb", "schema": "marts"}), &project));
    let absolute = project.join("sales.duckdb");
    assert_eq!(check(&json!({"path": absolute}), &project).status, ConnectionStatus::Healthy);
}

/// The log of a process that died is read and left as it is.
#[test]
fn a_file_with_a_log_is_healthy_and_keeps_it() {
    let (_folder, project) = project();
    let path = project.join("sales.duckdb");
    let open = duckdb::Connection::open(&path).unwrap();
    open.execute_batch("PRAGMA disable_checkpoint_on_shutdown; CREATE TABLE orders (id INTEGER)").unwrap();
    drop(open);
    assert!(project.join("sales.duckdb.wal").exists());
    assert_eq!(look(&json!({"path": "sales.duckdb"}), &project)["status"], "healthy");
    assert!(project.join("sales.duckdb.wal").exists());
}

#[test]
fn a_file_that_does_not_exist_yet_is_healthy() {
    let (_folder, project) = project();
    insta::assert_json_snapshot!(look(&json!({"path": "new.duckdb"}), &project));
}

#[test]
fn attached_databases_are_looked_at() {
    let (_folder, project) = project();
    make_database(&project.join("prices.duckdb"));
    std::fs::write(project.join("old.sqlite"), b"SQLite format 3\0and more").unwrap();
    let settings = json!({"attach": [
        {"path": "prices.duckdb", "read_only": true},
        {"path": "new.duckdb", "alias": "later"},
        {"path": "old.sqlite", "type": "sqlite"},
        {"path": ":memory:", "alias": "scratch"},
        {"path": "postgres:dbname=crm", "alias": "crm"},
        {"path": "warehouse", "alias": "ice", "type": "iceberg"},
    ]});
    insta::assert_json_snapshot!(look(&settings, &project));
}

#[test]
fn what_is_not_local_is_degraded() {
    let (_folder, project) = project();
    let results: Vec<Value> =
        ["md:sales", "ducklake:postgres:dbname=lake", "{{ env_var('SALES_DB') }}", "postgres:dbname=sales"]
            .iter()
            .map(|path| look(&json!({"path": path}), &project))
            .collect();
    insta::assert_json_snapshot!(results);
}

/// One check at a time takes the file for a moment: several at once do not get into each other's way.
#[test]
fn checks_side_by_side_are_healthy() {
    let (_folder, project) = project();
    make_database(&project.join("sales.duckdb"));
    std::thread::scope(|scope| {
        let checks: Vec<_> =
            (0..4).map(|_| scope.spawn(|| check(&json!({"path": "sales.duckdb"}), &project).status)).collect();
        for check in checks {
            assert_eq!(check.join().unwrap(), ConnectionStatus::Healthy);
        }
    });
}
