//! `export_plugin!`, seen as the host sees it: through the symbol and the record of this very binary.
#![allow(unsafe_code, reason = "reads the exported symbols")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use floe_plugin_api::abi::{LoadedPlugin, load};
use floe_plugin_api::record::StaticRecord;
use floe_plugin_api::serde_json::{self, Value, json};
use floe_plugin_api::{
    CatalogConfig, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult, DbtPackages,
    DbtPackagesRequest, ErrorKind, FLOE_API_VERSION, MetadataRequest, Method, PluginError, PluginMetadata,
    PluginResult, ProfileRequest, ProfileResponse, ResourceSpec, ResourcesRequest, export_plugin,
};

struct Nimbus {
    made_by: &'static str,
}

/// Has the name of something that the macro writes too: the author's must win.
fn make() -> Nimbus {
    Nimbus { made_by: "the author" }
}

impl ComputePlugin for Nimbus {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        let mut metadata = PluginMetadata::new("Nimbus", "nimbus").with_description(self.made_by);
        "another".clone_into(&mut metadata.name);
        Ok(metadata)
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(ConfigSchema::new(json!({"type": "object"})))
    }

    fn generate_dbt_profile(&self, _: &ProfileRequest) -> PluginResult<ProfileResponse> {
        panic!("no profile today");
    }

    fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        Err(PluginError::new(ErrorKind::Configuration, "no package")
            .with_reason("why")
            .with_help("what to do")
            .with_correlation_id("c-1"))
    }

    fn validate_connection(&self, _: &CheckRequest) -> PluginResult<ConnectionResult> {
        std::panic::panic_any(7_u8);
    }

    fn get_resource_requirements(&self, _: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        Ok(ResourceSpec::new())
    }
}

export_plugin! {
    plugin: Nimbus = make(),
    name: "nimbus",
    version: "2.1.0-rc.1",
    env: ["NIMBUS_HOME", "NIMBUS_REGION"],
}

unsafe extern "C" {
    #[link_name = "_1as_0lib_1header_0root_bmodule_bloader"]
    static HEADER: u8;
    #[link_name = "FLOE_PLUGIN_RECORD"]
    static RECORD: [u8; 12];
}

fn loaded() -> LoadedPlugin {
    // SAFETY: the header of this binary, which is never unloaded.
    unsafe { load((&raw const HEADER).cast()) }.unwrap_or_else(|error| panic!("{error}"))
}

fn config() -> Value {
    json!({"name": "n", "plugin": "nimbus", "threads": 4})
}

#[test]
fn record_and_live_plugin_agree() {
    // SAFETY: twelve bytes of magic and length, and behind them as many as the length says.
    let section = unsafe {
        let length = u32::from_le_bytes(RECORD[8..].try_into().unwrap());
        std::slice::from_raw_parts((&raw const RECORD).cast::<u8>(), 12 + usize::try_from(length).unwrap())
    };
    let record = StaticRecord::parse(section).unwrap();
    let plugin = loaded();
    assert_eq!((record.name.as_str(), record.version.as_str()), ("nimbus", "2.1.0-rc.1"));
    assert_eq!((plugin.name(), plugin.version()), ("nimbus", "2.1.0-rc.1"));
    assert_eq!((record.floe_api_version.as_str(), plugin.floe_api_version()), (FLOE_API_VERSION, FLOE_API_VERSION));
    assert_eq!(record.env, ["NIMBUS_HOME", "NIMBUS_REGION"]);
}

#[test]
fn metadata_cannot_differ_from_the_record() {
    let metadata: Value = serde_json::from_str(&loaded().call(Method::Metadata, "{}").unwrap()).unwrap();
    assert_eq!(metadata["name"], "nimbus");
    assert_eq!(metadata["version"], "2.1.0-rc.1");
    assert_eq!(metadata["description"], "the author", "the expression of the author made the plugin");
}

#[test]
fn a_panic_is_an_error_of_the_call() {
    let plugin = loaded();
    let request = json!({"config": config(), "product": "p", "environment": "dev", "helper_dir": "h"}).to_string();
    let error = plugin.call(Method::GenerateDbtProfile, &request).unwrap_err();
    assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::PluginExecution, Some("panic")));
    assert_eq!(error.message, "generate_dbt_profile panicked: no profile today");

    let request = json!({
        "config": config(), "environment": "dev", "project_dir": "/", "deadline_ms": 1000, "correlation_id": "c",
    });
    let error = plugin.call(Method::ValidateConnection, &request.to_string()).unwrap_err();
    assert_eq!(error.message, "validate_connection panicked: a payload that is no text");

    // And it still answers.
    plugin.call(Method::ConfigSchema, "{}").unwrap();
}

#[test]
fn an_error_crosses_whole() {
    let request = json!({"config": config()}).to_string();
    let error = loaded().call(Method::GetRequiredDbtPackages, &request).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Configuration, "no package"));
    assert_eq!((error.reason.as_deref(), error.help.as_deref()), (Some("why"), Some("what to do")));
    assert_eq!(error.correlation_id.as_deref(), Some("c-1"));
}

#[test]
fn a_request_that_cannot_be_read_is_an_error_that_quotes_nothing() {
    let error = loaded().call(Method::GetResourceRequirements, r#"{"config": "hunter2"}"#).unwrap_err();
    assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::PluginExecution, Some("document")));
    assert!(!error.message.contains("hunter2"), "{}", error.message);
}

#[test]
fn what_an_author_leaves_out_has_a_default() {
    let catalog = CatalogConfig::rest("lake", "http://localhost", "w");
    let request = json!({"config": config(), "catalog": catalog}).to_string();
    let answer = loaded().call(Method::GetCatalogAttachmentSql, &request).unwrap();
    assert_eq!(answer, r#"{"statements":null}"#);
}
