//! Extensions that cannot be loaded. A check installs none.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{check, project, shown};

/// The folder in which DuckDB looks, in place of the user's own.
fn with_folder(mut settings: Value) -> Value {
    settings["config_options"] = json!({"extension_directory": "ext"});
    settings
}

#[test]
fn extensions_that_are_not_installed_are_degraded() {
    let (_folder, project) = project();
    let results: Vec<Value> = [
        json!({"extensions": ["httpfs", {"name": "h3", "repo": "community"}]}),
        json!({"extensions": ["htpfs"]}),
        json!({"settings": {"s3_region": "eu-central-1"}}),
        json!({"extensions": ["iceberg"], "settings": {"unsafe_enable_version_guessing": true}}),
    ]
    .into_iter()
    .map(|settings| {
        let result = shown(&check(&with_folder(settings), &project), &project);
        assert_eq!(result["status"], "degraded");
        let text = result["warnings"].to_string().replace(&platform(), "<platform>");
        serde_json::from_str(&text).unwrap()
    })
    .collect();
    insta::assert_json_snapshot!(results);
    assert_eq!(fs::read_dir(&project).unwrap().count(), 0, "no folder was made for extensions");
}

#[test]
fn extension_files_that_do_not_fit_are_degraded() {
    let (_folder, project) = project();
    let folder = project.join("ext/v1.5.5").join(platform());
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("httpfs.duckdb_extension"), "not an extension").unwrap();
    fs::write(folder.join("avro.duckdb_extension"), footer("v1.5.4")).unwrap();
    fs::write(folder.join("aws.duckdb_extension"), footer("v1.5.5")).unwrap();
    let results: Vec<Value> = ["httpfs", "avro", "aws"]
        .iter()
        .map(|name| check(&with_folder(json!({"extensions": [name]})), &project))
        .map(|result| shown(&result, &project)["warnings"].clone())
        .map(|warnings| serde_json::from_str(&warnings.to_string().replace(&platform(), "<platform>")).unwrap())
        .collect();
    insta::assert_json_snapshot!(results);
}

fn platform() -> String {
    let open = duckdb::Connection::open_in_memory().unwrap();
    open.query_row("PRAGMA platform", [], |row| row.get(0)).unwrap()
}

/// The last 512 bytes of an extension file: eight fields from the last to the first, then the signature.
fn footer(version: &str) -> Vec<u8> {
    let fields = ["", "", "", "CPP", "v1", version, &platform(), "4"];
    let mut bytes: Vec<u8> = vec![0; 1024];
    for field in fields {
        let mut padded = field.as_bytes().to_vec();
        padded.resize(32, 0);
        bytes.extend(padded);
    }
    bytes.resize(1024 + 256 + 256, 0);
    bytes
}
