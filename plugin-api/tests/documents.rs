//! The documents of API 1.0.0 are read for ever, and mean what they meant: plugins and hosts of that version send them.
//!
//! `frozen/documents-1.0.0.json` holds each document with all that it can have (`whole`) and with what it must have
//! (`least`). It is never written again; a later minor version gets a file of its own.
#![allow(clippy::panic, clippy::expect_used, reason = "a test")]

use std::fmt::Debug;

use floe_plugin_api::record::StaticRecord;
use floe_plugin_api::serde::Serialize;
use floe_plugin_api::serde::de::DeserializeOwned;
use floe_plugin_api::serde_json::{self, Map, Value, json};
use floe_plugin_api::{
    AccessDelegation, Addressing, CatalogAttachment, CatalogAttachmentRequest, CatalogAuth, CatalogConfig,
    CheckRequest, CheckStep, ComputeConfig, ConfigSchema, ConfigSchemaRequest, ConnectionDetails, ConnectionResult,
    ConnectionStatus, DbtPackages, DbtPackagesRequest, ErrorKind, Gpu, HelperFile, InUseBy, MetadataRequest, Method,
    PackageRequirement, PluginError, PluginMetadata, ProfileRequest, ProfileResponse, Quantity, ResourceSpec,
    ResourcesRequest, Storage, StorageCredential, TimeoutEnforcement, VendedCredentials, Warning, WorkloadSize,
};

fn frozen() -> Value {
    serde_json::from_str(include_str!("frozen/documents-1.0.0.json")).expect("JSON")
}

/// Each field of the old document stands in the new one, with the same value.
fn assert_holds(old: &Value, new: &Value, at: &str) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, old) in old {
                let new = new.get(key).unwrap_or_else(|| panic!("{at}.{key} is gone; read docs/abi-stability.md"));
                assert_holds(old, new, &format!("{at}.{key}"));
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (old, new) in old.iter().zip(new) {
                assert_holds(old, new, &format!("{at}[]"));
            }
        }
        _ => assert_eq!(old, new, "{at} has changed; read docs/abi-stability.md"),
    }
}

/// The old document is read as the value that its constructors make today, and that value is written as it was.
fn keeps<T: Serialize + DeserializeOwned + Debug>(name: &str, least: &T, whole: &T) {
    for (part, made) in [("least", least), ("whole", whole)] {
        let at = format!("{name}, {part}");
        let old = &frozen()[name][part];
        assert!(!old.is_null(), "{at} is not kept: {}", serde_json::to_string(made).expect("JSON"));
        let read: T = serde_json::from_value(old.clone())
            .unwrap_or_else(|error| panic!("{at} is not read any more: {error}; read docs/abi-stability.md"));
        assert_eq!(format!("{read:?}"), format!("{made:?}"), "{at}; read docs/abi-stability.md");
        assert_holds(old, &serde_json::to_value(made).expect("JSON"), &at);
        // `Debug` hides settings and secrets.
        assert_eq!(serde_json::to_value(&read).expect("JSON"), serde_json::to_value(made).expect("JSON"), "{at}");
    }
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

fn config() -> ComputeConfig {
    ComputeConfig::new("c", "nimbus")
}

fn whole_config() -> ComputeConfig {
    config()
        .with_threads(8)
        .with_timeout_seconds(900_u32)
        .with_connect_timeout_seconds(30_u32)
        .with_connection(map(&json!({"host": "h", "port": 1})))
}

fn catalog() -> CatalogConfig {
    CatalogConfig::rest("lake", "http://c", "w")
}

fn whole_catalog() -> CatalogConfig {
    let auth = json!({"type": "oauth2", "client_id": "i", "client_secret": "s", "scope": "a", "token_url": "http://t"});
    catalog()
        .with_auth(serde_json::from_value::<CatalogAuth>(auth).expect("a login"))
        .with_access_delegation(AccessDelegation::RemoteSigning)
        .with_options(map(&json!({"default_schema": "d"})))
}

fn warning() -> Warning {
    Warning::new("r", "m").with_help("h")
}

fn quantity(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

#[test]
fn requests() {
    keeps("MetadataRequest", &MetadataRequest::new(), &MetadataRequest::new());
    keeps("ConfigSchemaRequest", &ConfigSchemaRequest::new(), &ConfigSchemaRequest::new());
    let profile = ProfileRequest::new(config(), "p", "dev", "h");
    let whole = ProfileRequest::new(whole_config(), "p", "dev", "h").with_catalog(whole_catalog());
    keeps("ProfileRequest", &profile, &whole);
    keeps("DbtPackagesRequest", &DbtPackagesRequest::new(config()), &DbtPackagesRequest::new(whole_config()));
    let storage = StorageCredential::new("s3://b/", [("s3.region".to_owned(), "eu".into())].into());
    let check = |config| CheckRequest::new(config, "dev", "/p", 5_000, "id");
    let whole = check(whole_config())
        .with_catalog(whole_catalog())
        .with_vended_credentials(VendedCredentials::new(vec![storage]).with_expires_at_ms(1_u64))
        .with_keep_connection(true);
    keeps("CheckRequest", &check(config()), &whole);
    let least = ResourcesRequest::new(config(), WorkloadSize::Small);
    keeps("ResourcesRequest", &least, &ResourcesRequest::new(whole_config(), WorkloadSize::Large));
    let least = CatalogAttachmentRequest::new(config(), catalog());
    let whole = CatalogAttachmentRequest::new(whole_config(), whole_catalog()).with_engine_version("1.5");
    keeps("CatalogAttachmentRequest", &least, &whole);
}

#[test]
fn responses() {
    let whole = PluginMetadata::new("Nimbus", "nimbus")
        .with_description("d")
        .with_self_hosted(true)
        .with_addressing(Addressing::new().with_database(true).with_schema_prefix(true))
        .with_vendor("v")
        .with_homepage("http://h");
    keeps("PluginMetadata", &PluginMetadata::new("Nimbus", "nimbus"), &whole);
    let schema = ConfigSchema::new(json!({"type": "object"}));
    keeps("ConfigSchema", &schema, &schema);
    let output = || map(&json!({"type": "nimbus", "threads": 4}));
    let whole = ProfileResponse::new(output())
        .with_helper_files(vec![HelperFile::new("a.sql", "c").expect("a path")])
        .with_timeout(TimeoutEnforcement::Coarse { granularity_seconds: 5 })
        .with_storage(Storage::File { path: "f".to_owned() })
        .with_warnings(vec![warning()]);
    keeps("ProfileResponse", &ProfileResponse::new(output()), &whole);
    let package = PackageRequirement::with_extras("dbt-nimbus", &["x"], "1", "2").expect("a requirement");
    let whole = DbtPackages::new(vec![package]).with_requires_python(">=3.10,<3.14");
    keeps("DbtPackages", &DbtPackages::new(Vec::new()), &whole);
    let error = PluginError::new(ErrorKind::Timeout, "m").with_reason("r").with_help("h");
    let details = ConnectionDetails::new()
        .with_server_version("1")
        .with_user("u")
        .with_role("r")
        .with_database("d")
        .with_schema("s")
        .with_will_start(true)
        .with_in_use_by(InUseBy::new(7).with_command("c"))
        .with_other("k", "v");
    let whole = ConnectionResult::unhealthy(error.clone())
        .with_latency_ms(1.5)
        .with_warnings(vec![warning()])
        .with_details(details)
        .with_steps(vec![CheckStep::new("connect", 0.5, false)])
        .with_reconnected(true)
        .with_connection_kept(true);
    keeps("ConnectionResult", &ConnectionResult::healthy("m"), &whole);
    let whole = ResourceSpec::new()
        .with_cpu_request(quantity("500m"))
        .with_cpu_limit(quantity("1"))
        .with_memory_request(quantity("1Gi"))
        .with_memory_limit(quantity("2Gi"))
        .with_ephemeral_storage_request(quantity("3Gi"))
        .with_ephemeral_storage_limit(quantity("4Gi"))
        .with_gpu(Gpu::new("nvidia.com/gpu", 1));
    keeps("ResourceSpec", &ResourceSpec::new(), &whole);
    let whole = CatalogAttachment::statements(vec!["ATTACH 1".to_owned()]);
    keeps("CatalogAttachment", &CatalogAttachment::none_needed(), &whole);
    keeps("PluginError", &PluginError::new(ErrorKind::Query, "m"), &error.with_correlation_id("id"));
}

/// The words of an enum, each read as its variant and written again as it was.
fn words<T: Serialize + DeserializeOwned + Debug + PartialEq>(name: &str, variants: &[T]) {
    let frozen = frozen();
    let old = frozen["words"][name].as_array().cloned().unwrap_or_default();
    let now: Vec<_> = variants.iter().map(|variant| serde_json::to_value(variant).expect("JSON")).collect();
    assert_eq!(old, now, "the words of {name}; read docs/abi-stability.md");
    for (word, variant) in old.into_iter().zip(variants) {
        assert_eq!(&serde_json::from_value::<T>(word).expect("a word"), variant, "{name}");
    }
}

#[test]
fn words_of_enums() {
    words("ConnectionStatus", &[ConnectionStatus::Healthy, ConnectionStatus::Degraded, ConnectionStatus::Unhealthy]);
    words("WorkloadSize", &[WorkloadSize::Small, WorkloadSize::Medium, WorkloadSize::Large]);
    words(
        "ErrorKind",
        &[
            ErrorKind::Configuration,
            ErrorKind::Connection,
            ErrorKind::Timeout,
            ErrorKind::Query,
            ErrorKind::PluginExecution,
            ErrorKind::InvalidCompute,
        ],
    );
    let delegations = [AccessDelegation::VendedCredentials, AccessDelegation::RemoteSigning, AccessDelegation::None];
    words("AccessDelegation", &delegations);
    words("CatalogAuth", &[CatalogAuth::None, CatalogAuth::Bearer { token: "t".into() }]);
    words("Storage", &[Storage::Memory, Storage::File { path: "f".to_owned() }, Storage::Service]);
    let coarse = TimeoutEnforcement::Coarse { granularity_seconds: 1 };
    words("TimeoutEnforcement", &[TimeoutEnforcement::Native, coarse, TimeoutEnforcement::None]);
    words("Method", &Method::ALL[..7]);
}

#[test]
fn the_record() {
    for part in ["least", "whole"] {
        let old = &frozen()["StaticRecord"][part];
        let read: StaticRecord = serde_json::from_value(old.clone()).expect("a record");
        assert_holds(old, &serde_json::to_value(&read).expect("JSON"), part);
    }
}
