//! What the manifest may say of a catalog, and who mounts it.

use std::fmt::Write as _;

use floe_tests::Project;
use floe_tests::redact::redact;

use super::{floe, manifest, oauth2};

const URI: &str = "https://catalog.example/api";

/// The manifest with a part in the place of another.
fn with(from: &str, to: &str) -> String {
    let text = manifest(URI, "sales", &oauth2());
    assert!(text.contains(from), "{text}");
    text.replace(from, to)
}

#[test]
fn what_duckdb_cannot_mount_is_told() {
    let mut shown = String::new();
    for (name, text) in [
        ("another kind", with("type: rest", "type: glue")),
        (
            "remote signing",
            with("warehouse: warehouse", "warehouse: warehouse\n      access_delegation_mode: remote_signing"),
        ),
        ("an unknown option", with("warehouse: warehouse", "warehouse: warehouse\n      options: {region: eu}")),
        (
            "an option of another type",
            with("warehouse: warehouse", "warehouse: warehouse\n      options: {purge_requested: 1}"),
        ),
        (
            "an option in quotes",
            with("warehouse: warehouse", "warehouse: warehouse\n      options: {default_schema: \"'x'\"}"),
        ),
        ("no address", with("uri: https:", "uri: ftp:")),
        (
            "a secret written out",
            with("client_secret: {secret: {source: env, name: LAKE_SECRET}}", "client_secret: hunter2-s3cret"),
        ),
        ("several models at a time", with("threads: 1", "threads: 8")),
        ("two of one name", with("name: lake", "name: memory")),
        ("a database that is none", with("database: lake", "database: elsewhere")),
    ] {
        let project = Project::new().with("manifest.yaml", &text);
        let run = floe(&project, &["compile"]);
        assert_eq!(run.code(), Some(1), "{name}");
        assert!(!run.stderr.contains("hunter2"), "{name}");
        let _ = write!(shown, "# {name}\n{}\n", redact(&project, &run.transcript()));
    }
    let shown = shown.replace(super::extensions().to_str().expect("a path in UTF-8"), "[extensions]");
    insta::assert_snapshot!("refused", shown);
}

/// DuckDB gets statements, a profile and the secret; an engine that needs none gets neither the catalog nor its secret.
#[test]
fn who_mounts_it() {
    let text = with(
        "    default: duckdb",
        "      - name: files\n        plugin: duckdb\n        config: {path: files.duckdb}\n      \
         - {name: trino, config: {host: trino.example, port: 8080, user: dbt, database: lake, schema: sales, method: none}}\n    default: duckdb",
    );
    let project = Project::new().with("manifest.yaml", &text);
    let _ = floe(&project, &["compile"]).expect(0);
    let read = |path: &str| std::fs::read_to_string(project.path(path)).expect("it is written");
    let artifacts: serde_json::Value =
        serde_json::from_str(&read("target/floe/compiled_artifacts.json")).expect("JSON");
    let computes = &artifacts["compute_registry"]["computes"];
    assert_eq!(computes["trino"]["catalog_attachment"], serde_json::json!({"statements": null}));
    for name in ["duckdb", "files"] {
        assert_eq!(
            computes[name]["catalog_attachment"]["statements"].as_array().map(Vec::len),
            Some(9 - usize::from(name == "files"))
        );
        let secrets = &computes[name]["environments"]["dev"]["secrets"];
        assert_eq!(secrets[super::OF_DBT]["name"], super::VARIABLE, "{secrets}");
    }
    assert_eq!(computes["trino"]["environments"]["dev"].get("secrets"), None);
    assert!(!read("target/floe/profiles/dev/trino/profiles.yml").contains("catalog.example"));
    // Who builds elsewhere keeps transactions and threads.
    let files = read("target/floe/profiles/dev/files/profiles.yml");
    assert!(files.contains("threads: 4") && !files.contains("disable_transactions"), "{files}");
    let shown = read("target/floe/profiles/dev/duckdb/profiles.yml");
    let shown = shown.replace(super::extensions().to_str().expect("a path in UTF-8"), "[extensions]");
    insta::assert_snapshot!("profile", shown);

    // The other ways to log in.
    let token = format!("token: {{secret: {{source: env, name: {}}}}}", super::VARIABLE);
    for (login, written) in [
        (token.as_str(), "token: \"{{ env_var('DBT_ENV_SECRET_FLOE__CATALOG_TOKEN') }}\""),
        ("", "authorization_type: \"none\""),
    ] {
        project.write("manifest.yaml", &manifest(URI, "sales", login));
        let _ = floe(&project, &["compile"]).expect(0);
        let profile = read("target/floe/profiles/dev/duckdb/profiles.yml");
        assert!(profile.contains(written) && !profile.contains("client_id"), "{profile}");
    }

    // A manifest without a catalog says nothing of one.
    project.approve("duckdb", &["duckdb"]);
    let _ = floe(&project, &["compile"]).expect(0);
    assert!(!read("target/floe/compiled_artifacts.json").contains("catalog_attachment"));
}
