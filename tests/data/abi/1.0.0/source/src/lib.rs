//! A plugin that uses every part of the boundary as API 1.0.0 has it. It was built once, and the binary is kept: this file
//! says what the binary does, and changing it changes nothing.

mod answers;
mod check;
mod settings;

use floe_plugin_api::{
    CatalogAttachment, CatalogAttachmentRequest, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest,
    ConnectionResult, DbtPackages, DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest,
    ProfileResponse, ResourceSpec, ResourcesRequest, export_plugin,
};

use crate::settings::Settings;

struct Kept;

impl ComputePlugin for Kept {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(answers::metadata())
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(ConfigSchema::of::<Settings>())
    }

    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
        answers::profile(request, &Settings::of(&request.config)?)
    }

    fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        answers::packages()
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        Ok(check::check(request, &Settings::of(&request.config)?))
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        answers::resources(request.workload_size)
    }

    fn get_catalog_attachment_sql(&self, request: &CatalogAttachmentRequest) -> PluginResult<CatalogAttachment> {
        Ok(answers::attachment(request))
    }
}

export_plugin! {
    plugin: Kept = Kept,
    name: "abi-1-0-0",
    version: env!("CARGO_PKG_VERSION"),
    env: ["ABI_FIXTURE_SAYS"],
}
