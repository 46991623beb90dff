//! The types themselves.

// https://github.com/rodrimati1992/abi_stable_crates/issues: `#[sabi_trait]` writes impls inside functions.
#![allow(non_local_definitions)]

use abi_stable::library::RootModule;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RBox, RResult, RStr, RString};
use abi_stable::{StableAbi, declare_root_module_statics, sabi_trait};

/// An error as it crosses: strings that are empty stand for none.
#[repr(C)]
#[derive(StableAbi)]
pub struct RawError {
    /// The number of an `ErrorKind`.
    pub kind: u32,
    pub reason: RString,
    pub message: RString,
    pub help: RString,
    pub correlation_id: RString,
}

/// What every method returns: a response document or an error.
pub type RawReply = RResult<RString, RawError>;

/// The object that a plugin makes: one method for each of `ComputePlugin`'s, each over JSON documents.
#[sabi_trait]
pub trait RawPlugin: Send + Sync + 'static {
    fn metadata(&self, request: RStr<'_>) -> RawReply;
    fn config_schema(&self, request: RStr<'_>) -> RawReply;
    fn generate_dbt_profile(&self, request: RStr<'_>) -> RawReply;
    fn get_required_dbt_packages(&self, request: RStr<'_>) -> RawReply;
    fn validate_connection(&self, request: RStr<'_>) -> RawReply;
    fn get_resource_requirements(&self, request: RStr<'_>) -> RawReply;
    // The last method of API 1.0: those behind it have default bodies.
    #[sabi(last_prefix_field)]
    fn get_catalog_attachment_sql(&self, request: RStr<'_>) -> RawReply;
}

/// The plugin object behind its pointer.
pub type RawPluginBox = RawPlugin_TO<RBox<()>>;

/// The root module of a plugin.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef)))]
#[sabi(missing_field(option))]
pub struct PluginModule {
    pub name: RStr<'static>,
    pub version: RStr<'static>,
    pub floe_api_version: RStr<'static>,
    // The last field of API 1.0: those behind it read as `None` in older plugins.
    #[sabi(last_prefix_field)]
    pub new_plugin: extern "C" fn() -> RResult<RawPluginBox, RawError>,
}

impl RootModule for PluginModuleRef {
    declare_root_module_statics! {PluginModuleRef}

    const BASE_NAME: &'static str = "floe_plugin";
    const NAME: &'static str = "floe_plugin";
    // abi_stable compares this one; it is `FLOE_API_VERSION`.
    const VERSION_STRINGS: VersionStrings = VersionStrings::new(crate::FLOE_API_VERSION);
}
