//! Snowflake as a floe compute.
//!
//! dbt only sends statements to the account, so this plugin writes the profile for dbt-snowflake, says which Python packages
//! and which pod dbt needs, and looks at the account before dbt does, by the requests of Snowflake's own drivers.
//!
//! # What a check sends
//!
//! A live check logs in, sends these statements and no others ([`PROBE_STATEMENTS`]), and ends its session:
//!
//! | statement | why |
//! |---|---|
//! | `SHOW WAREHOUSES LIKE '<warehouse>'` | the warehouse is there; its state |
//! | `SHOW DATABASES LIKE '<database>'` | the database is there and may be seen |
//! | `SHOW SCHEMAS LIKE '<schema>' IN DATABASE "<database>"` | whether the schema is there |
//!
//! Snowflake answers `SHOW` from its catalog: no warehouse works on it, so none is resumed, and nothing is made or changed.
//!
//! A check that is to keep its connection keeps the session; the next one only sends the statements.

mod check;
mod config;
mod packages;
mod profile;
mod rules;

pub use check::PROBE_STATEMENTS;
pub use config::{Account, Fraction, Login, NoAccount, Settings};

use std::fmt;
use std::sync::Arc;

use floe_plugin_api::{
    Addressing, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult, DbtPackages,
    DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest, ProfileResponse, ResourceSpec,
    ResourcesRequest, export_plugin,
};

/// Reads a variable of the environment.
type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The plugin. Between calls it holds a session, where a check is to keep it, and tokens that it got for a refresh token, in
/// memory alone.
#[derive(Clone)]
pub struct Snowflake {
    variables: Variables,
    kept: Arc<check::Connections>,
}

impl Default for Snowflake {
    /// Sees the variables of this process.
    fn default() -> Self {
        Self::seeing(floe_plugin_common::check::proxy::variable)
    }
}

impl Snowflake {
    /// A plugin whose checks see these variables in place of the process's: those of proxies and of certificate
    /// authorities, as Python's requests reads them.
    pub fn seeing(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Arc::new(variables), kept: Arc::default() }
    }
}

impl fmt::Debug for Snowflake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snowflake")
    }
}

impl ComputePlugin for Snowflake {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("Snowflake", "snowflake")
            .with_description("a Snowflake account, to which dbt sends its statements")
            .with_self_hosted(false)
            .with_addressing(Addressing::new().with_database(true))
            .with_vendor("floe"))
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(config::config_schema())
    }

    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
        profile::generate(request)
    }

    fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        packages::required()
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        check::validate(request, &*self.variables, &self.kept)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        floe_plugin_common::client_pod(request.workload_size)
    }
}

export_plugin! {
    plugin: Snowflake = Snowflake::default(),
    name: "snowflake",
    version: env!("CARGO_PKG_VERSION"),
    // Python's requests, which snowflake-connector-python brings along, trusts the certificate authorities of the first two.
    // The third widens the hosts to which a workload's token is sent.
    env: ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES"],
}
