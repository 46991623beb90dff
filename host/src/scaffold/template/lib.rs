//! @ENGINE@ as a floe compute.
//!
//! It works as it is. What makes it yours stands in the TODOs, numbered in the order in which to do
//! them; README.md lists them.

mod check;
mod packages;
mod profile;
mod resources;
mod settings;
#[cfg(test)]
mod tests;

use floe_plugin_api::{
    Addressing, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult,
    DbtPackages, DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest,
    ProfileResponse, ResourceSpec, ResourcesRequest, export_plugin,
};

use settings::Settings;

/// The plugin, as manifests write it.
const NAME: &str = "@NAME@";

/// The engine, as people call it.
const ENGINE: &str = "@ENGINE@";

/// The `type` of its dbt adapter.
const ADAPTER: &str = "@ADAPTER@";

/// The plugin. It holds nothing between calls.
struct Plugin;

impl ComputePlugin for Plugin {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        // TODO 5: say what your engine is, and who makes the plugin.
        // One line on it, `with_vendor`, `with_homepage`; whether users run the engine themselves,
        // and whether its relations have a database part (`database.schema.table`).
        Ok(PluginMetadata::new(ENGINE, ADAPTER)
            .with_description(format!("{ENGINE}, to which dbt sends its statements"))
            .with_self_hosted(false)
            .with_addressing(Addressing::new().with_database(true)))
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(ConfigSchema::of::<Settings>())
    }

    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
        profile::generate(request)
    }

    fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        packages::required()
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        check::validate(request)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        resources::required(request.workload_size)
    }

    // TODO 9: where the engine mounts an Iceberg catalog by SQL, say how.
    // Write `get_catalog_attachment_sql`; without it floe takes it that none is needed.
}

export_plugin! {
    plugin: Plugin = Plugin,
    name: NAME,
    version: env!("CARGO_PKG_VERSION"),
    // TODO 8: name the environment variables that your driver reads.
    // A folder of certificates, say. A plugin sees these, and a few that every one sees.
    env: [],
}
