//! rustc names the one method that is not there.

use floe_plugin_api::*;

struct Nimbus;

impl ComputePlugin for Nimbus {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        todo!()
    }
    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        todo!()
    }
    fn generate_dbt_profile(&self, _: &ProfileRequest) -> PluginResult<ProfileResponse> {
        todo!()
    }
    fn validate_connection(&self, _: &CheckRequest) -> PluginResult<ConnectionResult> {
        todo!()
    }
    fn get_resource_requirements(&self, _: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        todo!()
    }
}

export_plugin! { plugin: Nimbus = Nimbus, name: "nimbus", version: "1.0.0" }

fn main() {}
