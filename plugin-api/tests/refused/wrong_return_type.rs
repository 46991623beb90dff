//! rustc names the method whose answer is of another type.

use floe_plugin_api::*;

struct Nimbus;

impl ComputePlugin for Nimbus {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        todo!()
    }
    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        todo!()
    }
    fn generate_dbt_profile(&self, _: &ProfileRequest) -> PluginResult<String> {
        todo!()
    }
    fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        todo!()
    }
    fn validate_connection(&self, _: &CheckRequest) -> bool {
        true
    }
    fn get_resource_requirements(&self, _: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        todo!()
    }
}

export_plugin! { plugin: Nimbus = Nimbus, name: "nimbus", version: "1.0.0" }

fn main() {}
