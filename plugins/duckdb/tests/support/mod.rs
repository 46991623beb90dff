//! What the integration tests share: computes, checks, database files.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    reason = "test support, of which each program uses a part"
)]

use std::path::Path;

use floe_plugin_api::{CheckRequest, ComputeConfig, ComputePlugin, ConnectionResult, ProfileRequest};
use floe_plugin_duckdb::DuckDb;
use serde_json::{Value, json};

pub fn compute(settings: &Value) -> ComputeConfig {
    ComputeConfig::new("duckdb", "duckdb").with_connection(settings.as_object().cloned().unwrap())
}

pub fn profile_request(config: ComputeConfig) -> ProfileRequest {
    ProfileRequest::new(config, "sales", "dev", "target/floe/dbt")
}

/// Checks a compute whose dbt project is a folder.
pub fn check(settings: &Value, project: &Path) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", project.to_str().unwrap(), 10_000, "01J-test");
    DuckDb.validate_connection(&request).unwrap()
}

/// A result as a reader of a health report sees it, without what differs between runs.
pub fn shown(result: &ConnectionResult, project: &Path) -> Value {
    let mut value = serde_json::to_value(result).unwrap();
    value.as_object_mut().unwrap().shift_remove("latency_ms");
    value.as_object_mut().unwrap().shift_remove("reconnected");
    value.as_object_mut().unwrap().shift_remove("connection_kept");
    for step in value["steps"].as_array_mut().into_iter().flatten() {
        let ok = if step["ok"] == json!(true) { "ok" } else { "failed" };
        *step = json!(format!("{}: {ok}", step["name"].as_str().unwrap()));
    }
    let project = project.canonicalize().unwrap();
    let text = value.to_string().replace(project.to_str().unwrap(), "<project>");
    serde_json::from_str(&text).unwrap()
}

/// A folder whose path has no links, so that messages show it as it is.
pub fn project() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

pub fn make_database(path: &Path) {
    let made = duckdb::Connection::open(path).unwrap();
    made.execute_batch("CREATE TABLE orders AS SELECT range AS id FROM range(10); CHECKPOINT").unwrap();
}

/// Every file below a folder with its content and time of change.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
    fn walk(folder: &Path, found: &mut Vec<(String, Vec<u8>, std::time::SystemTime)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            let content = if metadata.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
            found.push((path.display().to_string(), content, metadata.modified().unwrap()));
            if metadata.is_dir() {
                walk(&path, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    found
}

/// Makes a real file one of another format: version and writer in the first header, which then gets a right checksum.
pub fn newer_format(path: &Path, version: u64, writer: &str) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[12..20].copy_from_slice(&version.to_le_bytes());
    bytes[52..84].fill(0);
    bytes[52..52 + writer.len()].copy_from_slice(writer.as_bytes());
    let sum = checksum(&bytes[8..4096]);
    bytes[..8].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

/// DuckDB's checksum of a block.
fn checksum(block: &[u8]) -> u64 {
    block
        .chunks_exact(8)
        .fold(5381, |sum, word| sum ^ u64::from_le_bytes(word.try_into().unwrap()).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}
