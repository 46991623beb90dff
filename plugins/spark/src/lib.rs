//! Apache Spark as a floe compute: a Spark Thrift Server, a Databricks cluster, an ODBC driver, Spark inside dbt.
//!
//! This plugin writes the profile for dbt-spark 1.11, says which Python packages and which pod dbt needs, and looks at
//! the server before dbt does, with a HiveServer2 client of its own.
//!
//! # What a check sends
//!
//! A live check sends these statements and no others ([`PROBE_STATEMENTS`]):
//!
//! | statement | why |
//! |---|---|
//! | ``USE `default` `` | dbt's driver begins every session with it, and fails where it fails |
//! | `SELECT current_user()` | the user as the engine sees it |
//! | ``DESCRIBE DATABASE `<schema>` `` | the user may see the schema |
//!
//! The version and whether the schema is there come from calls of the protocol (`GetInfo`, `GetSchemas`), which run no
//! statement. All of that is answered by Spark's driver: no job runs, no executor starts. A Databricks cluster is first
//! asked for its state over REST, since a session would start one that is off; then no session is opened.
//!
//! # What a check keeps
//!
//! A check that is to keep its connection keeps the session on a Spark Thrift Server (`thrift`), or the connection to
//! Databricks without a session (`http`). The other methods log nobody in, and keep nothing.

mod check;
mod config;
pub mod hive_server;
mod packages;
mod profile;
mod resources;
mod rules;

pub use check::PROBE_STATEMENTS;
pub use config::{Method, Settings};

use floe_plugin_api::{
    Addressing, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult, DbtPackages,
    DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest, ProfileResponse, ResourceSpec,
    ResourcesRequest, export_plugin,
};

/// The plugin. Between calls it holds a connection, where a check is to keep it, and nothing else.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spark;

impl ComputePlugin for Spark {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("Spark", "spark")
            .with_description(
                "Apache Spark through a Spark Thrift Server, Databricks, ODBC, or inside dbt's own process",
            )
            // A Spark Thrift Server is one's own to run and size. (The clusters of `http` are too: one chooses them.)
            .with_self_hosted(true)
            .with_addressing(Addressing::new().with_schema_prefix(true))
            .with_vendor("floe"))
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(floe_plugin_common::config_schema::<Settings>())
    }

    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
        profile::generate(request)
    }

    fn get_required_dbt_packages(&self, request: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        packages::required(&Settings::of(&request.config)?)
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        check::validate(request)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        resources::required(&Settings::of(&request.config)?, request.workload_size)
    }
}

export_plugin! {
    plugin: Spark = Spark,
    name: "spark",
    version: env!("CARGO_PKG_VERSION"),
    // The way to Databricks, as Python's urllib and ssl find it: the proxy, and whom to trust.
    env: ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"],
}
