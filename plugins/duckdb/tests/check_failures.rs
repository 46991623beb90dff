//! The live check against real files: what dbt could not work with. Each has its own message, reason and help.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{check, contents, make_database, newer_format, project, shown};

fn look(settings: &Value, project: &Path) -> Value {
    let before = contents(project);
    let result = check(settings, project);
    assert_eq!(before, contents(project), "a check changes nothing");
    shown(&result, project)
}

/// What a user reads.
fn told(settings: &Value, project: &Path) -> Value {
    let result = look(settings, project);
    assert_eq!(result["status"], "unhealthy", "{result:#}");
    json!({
        "kind": result["kind"], "reason": result["reason"], "message": result["message"], "help": result["help"],
        "steps": result["steps"],
    })
}

#[test]
fn a_missing_folder() {
    let (_folder, project) = project();
    insta::assert_json_snapshot!(told(&json!({"path": "data/sales.duckdb"}), &project));
    fs::write(project.join("data"), "a file").unwrap();
    assert_eq!(told(&json!({"path": "data/sales.duckdb"}), &project)["reason"], "folder_missing");
}

#[test]
fn a_path_that_is_a_folder() {
    let (_folder, project) = project();
    fs::create_dir(project.join("sales.duckdb")).unwrap();
    insta::assert_json_snapshot!(told(&json!({"path": "sales.duckdb"}), &project));
}

#[test]
fn files_that_are_no_database() {
    let (_folder, project) = project();
    let kinds: [(&str, &[u8]); 6] = [
        ("text", b"id,amount\n1,20\n"),
        ("empty", b""),
        ("short", &[0, 1, 2]),
        ("sqlite", b"SQLite format 3\0 and more"),
        ("parquet", b"PAR1\x15\x04\x15\x10\x15\x14"),
        ("other", &[0xff; 200]),
    ];
    let told: Vec<Value> = kinds
        .iter()
        .map(|(name, content)| {
            fs::write(project.join(name), content).unwrap();
            told(&json!({"path": name}), &project)
        })
        .collect();
    insta::assert_json_snapshot!(told);
}

/// Opening a pipe would wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe() {
    let (_folder, project) = project();
    let made = std::process::Command::new("mkfifo").arg(project.join("pipe")).status().unwrap();
    assert!(made.success());
    insta::assert_json_snapshot!(told(&json!({"path": "pipe"}), &project));
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing() {
    let (_folder, project) = project();
    std::os::unix::fs::symlink(project.join("gone.duckdb"), project.join("sales.duckdb")).unwrap();
    insta::assert_json_snapshot!(told(&json!({"path": "sales.duckdb"}), &project));
}

#[test]
fn another_format() {
    let (_folder, project) = project();
    let path = project.join("sales.duckdb");
    make_database(&path);
    newer_format(&path, 999, "v2.0.0");
    let newer = told(&json!({"path": "sales.duckdb"}), &project);
    newer_format(&path, 51, "");
    let older = told(&json!({"path": "sales.duckdb"}), &project);
    insta::assert_json_snapshot!([newer, older]);
}

#[test]
fn a_damaged_file() {
    let (_folder, project) = project();
    let path = project.join("sales.duckdb");
    make_database(&path);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..5000]).unwrap();
    let cut = told(&json!({"path": "sales.duckdb"}), &project);
    assert_eq!(cut["reason"], "corrupt");
    let mut flipped = whole;
    flipped[5000] ^= 0xff;
    fs::write(&path, &flipped).unwrap();
    let mut told = told(&json!({"path": "sales.duckdb"}), &project);
    let message = told["message"].as_str().unwrap();
    told["message"] = json!(message.split("computed").next().unwrap());
    insta::assert_json_snapshot!(told);
}

#[test]
fn an_encrypted_file() {
    let (_folder, project) = project();
    let maker = duckdb::Connection::open_in_memory().unwrap();
    let path = project.join("sales.duckdb");
    maker
        .execute_batch(&format!(
            "SET force_mbedtls_unsafe = true; ATTACH '{}' AS s (ENCRYPTION_KEY 'k'); CREATE TABLE s.t (i INTEGER);",
            path.display()
        ))
        .unwrap();
    drop(maker);
    insta::assert_json_snapshot!(told(&json!({"path": "sales.duckdb"}), &project));
    let attached = json!({"attach": [{"path": "sales.duckdb", "options": {"encryption_key": "k"}}]});
    let result = look(&attached, &project);
    assert_eq!(result["status"], "degraded");
    insta::assert_json_snapshot!("an_encrypted_attached_file", result["warnings"]);
}

#[test]
fn bad_sizes() {
    let (_folder, project) = project();
    let told: Vec<Value> = ["4Gi", "80%", "lots", "4", "99999999999999TB"]
        .iter()
        .map(|limit| told(&json!({"settings": {"memory_limit": limit}}), &project))
        .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn bad_settings() {
    let (_folder, project) = project();
    let told: Vec<Value> = [
        json!({"settings": {"memory_limitt": "4GB"}}),
        json!({"settings": {"enable_fsst_vectors": "perhaps"}}),
        json!({"settings": {"TimeZone": "Middle/Earth"}}),
        json!({"config_options": {"no_such_option": 1}}),
        json!({"config_options": {"s3_region": "eu-central-1"}}),
        json!({"config_options": {"default_order": "sideways"}}),
    ]
    .iter()
    .map(|settings| told(settings, &project))
    .collect();
    insta::assert_json_snapshot!(told);
}

/// DuckDB makes the folder when it first spills, but none above it: the model fails then, so it is told now.
#[test]
fn spill_folders_that_cannot_be_used() {
    let (_folder, project) = project();
    fs::write(project.join("file"), "x").unwrap();
    fs::create_dir(project.join("there")).unwrap();
    let spill = |folder: &str| look(&json!({"settings": {"temp_directory": folder}}), &project);
    for fine in ["", "new", "there", "there/new"] {
        assert_eq!(spill(fine)["status"], "healthy", "{fine}");
    }
    let told = ["no/such/folder", "file"].map(|folder| {
        let result = spill(folder);
        assert_eq!(result["status"], "degraded");
        result["warnings"].clone()
    });
    insta::assert_json_snapshot!(told);
}

#[test]
fn attached_files_that_cannot_be_attached() {
    let (_folder, project) = project();
    make_database(&project.join("good.duckdb"));
    fs::write(project.join("text.duckdb"), "text").unwrap();
    let told: Vec<Value> = [
        json!({"path": "gone.duckdb", "read_only": true}),
        json!({"path": "nowhere/new.duckdb"}),
        json!({"path": "text.duckdb"}),
        json!({"path": "good.duckdb", "type": "sqlite"}),
    ]
    .iter()
    .map(|entry| told(&json!({"attach": [entry]}), &project))
    .collect();
    insta::assert_json_snapshot!(told);
}

#[test]
fn contradictions_are_told_by_a_check_too() {
    let (_folder, project) = project();
    insta::assert_json_snapshot!(told(&json!({"path": "a.duckdb", "database": "b"}), &project));
}

/// Rights count for the user that asks, and the tests may run as root: so another user asks, from a thread of its own.
#[cfg(target_os = "linux")]
#[test]
fn files_and_folders_without_rights() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, project) = project();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (folder, folder_mode) in [("open", 0o777), ("closed", 0o700), ("listed", 0o755)] {
        fs::create_dir(project.join(folder)).unwrap();
        make_database(&project.join(folder).join("sales.duckdb"));
        mode(&project.join(folder), folder_mode);
    }
    mode(&project, 0o755);
    make_database(&project.join("open/secret.duckdb"));
    mode(&project.join("open/secret.duckdb"), 0o600);
    mode(&project.join("open/sales.duckdb"), 0o444);
    mode(&project.join("listed/sales.duckdb"), 0o666);
    let paths = [
        "open/secret.duckdb",
        "open/sales.duckdb",
        "closed/sales.duckdb",
        "closed/new.duckdb",
        "listed/new.duckdb",
        "listed/sales.duckdb",
    ];
    let results = std::thread::scope(|scope| {
        let asks = scope.spawn(|| {
            let nobody = rustix::process::Uid::from_raw(65534);
            if rustix::process::geteuid().is_root() {
                rustix::thread::set_thread_uid(nobody).unwrap();
            } else {
                // The owner has every right that the modes leave; take those from the owner too.
                for (path, left) in [("open/secret.duckdb", 0o000), ("closed", 0o000), ("listed", 0o555)] {
                    mode(&project.join(path), left);
                }
            }
            let checks = paths.map(|path| check(&json!({"path": path}), &project));
            for path in ["closed", "listed"] {
                let _ = fs::set_permissions(project.join(path), fs::Permissions::from_mode(0o755));
            }
            checks
        });
        asks.join().unwrap()
    });
    let told: Vec<Value> = results
        .iter()
        .map(|result| shown(result, &project))
        .map(|result| json!({"reason": result["reason"], "message": result["message"], "help": result["help"]}))
        .collect();
    insta::assert_json_snapshot!(told);
}
