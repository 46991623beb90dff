//! Amazon Redshift as a floe compute: provisioned clusters and Serverless.
//!
//! dbt sends SQL to Redshift through `redshift_connector`, which speaks PostgreSQL's protocol; so does the live check.
//!
//! # What a check sends
//!
//! After the login a live check sends these statements and no others ([`PROBE_STATEMENTS`]). The leader node answers
//! them alone, and nothing is changed:
//!
//! | statement | why |
//! |---|---|
//! | `SET ROLE <role>` | `role` of the settings, which dbt sets on every connection too |
//! | `SELECT current_user, version(), has_database_privilege(current_database(), 'CREATE')` | who dbt is there, and what runs |
//! | `SELECT has_schema_privilege(nspname, 'USAGE'), has_schema_privilege(nspname, 'CREATE') FROM pg_namespace WHERE lower(nspname) = lower(<schema>) LIMIT 1` | dbt may build in the schema |
//!
//! Redshift Serverless bills for every statement that wakes it, so a check only logs in there.
//!
//! # What a check keeps
//!
//! A check that is to keep its connection keeps the one on which it has logged in by password; the next check then only
//! sends the statements. Nothing is kept of Serverless, where the login is all that is checked, and of the other methods,
//! by which nobody logs in.

mod check;
mod config;
mod packages;
mod profile;
mod rules;

pub use check::PROBE_STATEMENTS;
pub use config::{IdentityProvider, Method, Settings, SslMode, TokenEndpoint};

use floe_plugin_api::{
    Addressing, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult, DbtPackages,
    DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest, ProfileResponse, ResourceSpec,
    ResourcesRequest, export_plugin,
};

/// The plugin. Between calls it holds a connection, where a check is to keep it, and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct Redshift;

impl ComputePlugin for Redshift {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("Redshift", "redshift")
            .with_description("Amazon Redshift, provisioned or Serverless")
            // AWS runs it; what the user sizes in Kubernetes is a dbt client.
            .with_self_hosted(false)
            .with_addressing(Addressing::new().with_database(true))
            .with_vendor("floe"))
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(floe_plugin_common::config_schema::<Settings>())
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
        floe_plugin_common::client_pod(request.workload_size)
    }
}

export_plugin! {
    plugin: Redshift = Redshift,
    name: "redshift",
    version: env!("CARGO_PKG_VERSION"),
}
