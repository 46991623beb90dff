//! Plugins that were built once, against each version of the boundary, and are kept as they are (`tests/data/abi/`).
//!
//! The fixtures of the other tests are built anew with the boundary of today, so that they would follow a change that
//! breaks every plugin ever shipped. These cannot.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use floe::plugins::{Launcher, PluginHost, SearchOptions, Worker};
use floe_plugin_api::{
    AccessDelegation, CatalogAttachmentRequest, CatalogAuth, CatalogConfig, CheckRequest, ComputeConfig,
    ConfigSchemaRequest, DbtPackagesRequest, MetadataRequest, ProfileRequest, Request, ResourcesRequest, Secret,
    StorageCredential, VendedCredentials, WorkloadSize,
};
use floe_tests::later::later;
use floe_tests::redact::redact;
use floe_tests::{PATIENCE, Project, Run, dist, show, workspace};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

const API: &str = "1.0.0";
const NAME: &str = "abi-1-0-0";

/// The folder of a version.
fn folder() -> PathBuf {
    workspace::root().join("tests/data/abi").join(API)
}

/// The binary for this platform; where none is kept a test says so and shows nothing.
fn kept() -> Option<PathBuf> {
    let platform = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
    let suffix = std::env::consts::DLL_EXTENSION;
    let path = folder().join(&platform).join(format!("libabi_{}.{suffix}", API.replace('.', "_")));
    if path.is_file() {
        return Some(path);
    }
    show(&format!("NOT SHOWN: no plugin of API {API} is kept for {platform}; scripts/abi-fixture made those that are"));
    None
}

/// A product on the kept plugin, with these settings.
fn project(binary: &Path, config: &str) -> Project {
    let name = binary.file_name().and_then(|name| name.to_str()).expect("a file name");
    let project = Project::new().approving("kept", &[&format!("{{name: kept, plugin: {NAME}, config: {config}}}")]);
    project.install(name, |to| {
        fs::copy(binary, to).expect("the plugin can be copied");
    });
    project
}

/// Every binary that is kept, for whatever platform.
#[test]
fn no_binary_was_built_again() {
    let readme = fs::read_to_string(folder().join("README.md")).expect("README.md");
    let mut found = 0;
    for platform in fs::read_dir(folder()).expect("the folder").flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(platform.path()).expect("a folder").flatten() {
            if file.path().extension().is_some_and(|end| end == "so" || end == "dylib") {
                let bytes = fs::read(file.path()).expect("the binary");
                let (platform, name) = (platform.file_name(), file.file_name());
                let mut sha256 = String::new();
                for byte in Sha256::digest(&bytes) {
                    let _ = write!(sha256, "{byte:02x}");
                }
                let row = format!("| `{}/{}` | `{sha256}` |", platform.display(), name.display());
                assert!(readme.contains(&row), "its README.md says otherwise, or nothing, of\n{row}");
                found += 1;
            }
        }
    }
    assert!(found > 0, "no binary is kept");
}

fn settings(more: &Value) -> Map<String, Value> {
    let mut settings =
        json!({"path": "x.duckdb", "schema": "sales", "password": "{{ env_var('P') }}", "idle_seconds": 9});
    let settings = settings.as_object_mut().expect("an object");
    settings.extend(more.as_object().expect("an object").clone());
    settings.clone()
}

fn config(more: &Value) -> ComputeConfig {
    ComputeConfig::new("kept", NAME)
        .with_threads(8)
        .with_timeout_seconds(900_u32)
        .with_connect_timeout_seconds(30_u32)
        .with_connection(settings(more))
}

fn catalog(auth: CatalogAuth) -> CatalogConfig {
    let options = json!({"default_schema": "sales"}).as_object().cloned().expect("an object");
    CatalogConfig::rest("lake", "http://catalog.example", "wh")
        .with_auth(auth)
        .with_access_delegation(AccessDelegation::VendedCredentials)
        .with_options(options)
}

fn login() -> CatalogAuth {
    let login = json!({"type": "oauth2", "client_id": "floe", "client_secret": "{{ env_var('S') }}", "scope": "all",
        "token_url": "http://token.example"});
    serde_json::from_value(login).expect("a login")
}

fn check(more: &Value) -> CheckRequest {
    CheckRequest::new(config(more), "dev", "/srv/product", 5_000, "c-1")
}

/// An answer, or what the host says in its place.
fn ask<R: Request>(worker: &mut Worker, request: &R) -> Value {
    match worker.call(request, PATIENCE) {
        Ok(answer) => serde_json::to_value(answer).expect("JSON"),
        Err(found) => json!({"code": found.code.id, "kind": found.kind, "message": found.message,
            "help": found.help}),
    }
}

#[test]
fn every_method_answers_as_it_did() {
    let Some(binary) = kept() else { return };
    let project = project(&binary, "{}");
    let options = SearchOptions { plugins_dir: Some(project.plugins()), ..SearchOptions::default() };
    let host = PluginHost::discover(&options, Launcher::new(dist::floe()));
    let mut worker = host.start(host.find(NAME).expect("it is found")).expect("it loads");
    let worker = &mut worker;

    let plain = json!({});
    let mut said = json!({
        "metadata": ask(worker, &MetadataRequest::new()),
        "config_schema": ask(worker, &ConfigSchemaRequest::new()),
        "generate_dbt_profile": ask(
            worker,
            &ProfileRequest::new(config(&plain), "shop", "dev", "target/floe/dbt").with_catalog(catalog(login())),
        ),
        "get_required_dbt_packages": ask(worker, &DbtPackagesRequest::new(config(&plain))),
    });
    for size in WorkloadSize::ALL {
        said[format!("get_resource_requirements, {}", size.as_str())] =
            ask(worker, &ResourcesRequest::new(config(&plain), size));
    }
    for (name, auth) in [
        ("none", CatalogAuth::None),
        ("bearer", CatalogAuth::Bearer { token: Secret::new("{{ env_var('T') }}") }),
        ("oauth2", login()),
    ] {
        let request = CatalogAttachmentRequest::new(config(&plain), catalog(auth)).with_engine_version("1.5");
        said[format!("get_catalog_attachment_sql, {name}")] = ask(worker, &request);
    }
    let key = Secret::new("key");
    let storage = StorageCredential::new("s3://wh/", [("s3.access-key-id".to_owned(), key)].into());
    let all = check(&plain)
        .with_catalog(catalog(login()))
        .with_vended_credentials(VendedCredentials::new(vec![storage]).with_expires_at_ms(1_000_u64))
        .with_keep_connection(true);
    said["validate_connection, with all that it can be asked"] = ask(worker, &all);
    for outcome in ["degraded", "unhealthy"] {
        said[format!("validate_connection, {outcome}")] = ask(worker, &check(&json!({"check": outcome})));
    }
    for kind in ["configuration", "connection", "timeout", "query", "plugin_execution", "panic"] {
        said[format!("fails, {kind}")] = ask(worker, &check(&json!({"fails": kind})));
    }
    let root = project.root().canonicalize().expect("the project is there");
    let said = format!("{said:#}").replace(root.to_str().expect("a path in UTF-8"), "[root]");
    insta::assert_snapshot!(said);
}

#[test]
fn a_product_is_compiled_and_checked_with_it() {
    let Some(binary) = kept() else { return };
    let settings =
        "{path: shop.duckdb, schema: sales, password: \"{{ env_var('KEPT_PASSWORD') }}\", timeout_seconds: 60}";
    let project = project(&binary, settings);
    let compiled = project.floe(&["compile"]).expect(0);
    let read = |path: &str| fs::read_to_string(project.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let health = Run::of(
        project
            .command(&["health", "--format", "json"])
            .env("KEPT_PASSWORD", "hunter2")
            .env("ABI_FIXTURE_SAYS", "what the record asks for"),
    );
    let health = health.expect(0);
    assert!(!format!("{}{}", health.stdout, health.stderr).contains("hunter2"));
    let found = &health.json()["computes"][0];
    let details = &found["details"]["other"];
    assert_eq!((&found["status"], &details["said"]), (&"healthy".into(), &"what the record asks for".into()));
    assert_eq!(details["password_length"], 7, "the secret reached it: {found:#}");
    insta::assert_snapshot!(redact(
        &project,
        &format!(
            "{}\n{}\n{}",
            compiled.stderr,
            read("target/floe/profiles/dev/kept/profiles.yml"),
            read("target/floe/requirements/kept.txt")
        )
    ));
}

#[test]
fn a_later_host_loads_it() {
    let Some(binary) = kept() else { return };
    let found = Run::of(Command::new(&later().host).arg(binary)).expect(0).json();
    assert_eq!(found["plugin"], json!({"name": NAME, "floe_api_version": API}));
    insta::assert_json_snapshot!(found);
}
