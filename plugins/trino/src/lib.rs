//! Trino as a floe compute, and what speaks its protocol: Starburst Enterprise and Galaxy.
//!
//! dbt only sends statements to the coordinator, so this plugin writes the profile for dbt-trino, says which Python
//! packages and which pod dbt needs, and looks at the coordinator before dbt does, by Trino's own client protocol.
//!
//! # What a check sends
//!
//! A live check asks for `/v1/info`, without credentials, and sends these statements and no others
//! ([`PROBE_STATEMENTS`]):
//!
//! | statement | why |
//! |---|---|
//! | `SELECT current_user` | the login, and the user as the engine sees it |
//! | `SELECT 1` | the login, where the engine does not know `current_user`; `dbt debug` sends the same |
//! | `SHOW SCHEMAS FROM "<catalog>" LIKE '<schema>'` | the catalog is there and may be used; whether the schema is there |
//!
//! None of them reads data or makes anything. Each takes a place in a resource group for a moment; one that does not
//! come to its turn before the deadline is cancelled. To a cluster of Starburst Galaxy no statement is sent at all,
//! since it would wake it.
//!
//! A check that is to keep its connection keeps it with TLS and all; the protocol has no session.

mod check;
mod config;
mod packages;
mod profile;
mod rules;

pub use check::PROBE_STATEMENTS;
pub use config::{
    Cert, Choice, FailureStrategy, HeaderText, Method, Mutual, MutualMode, Scalar, Scheme, Settings, Trust,
};

use std::fmt;
use std::sync::Arc;

use floe_plugin_api::{
    Addressing, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult, DbtPackages,
    DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest, ProfileResponse, ResourceSpec,
    ResourcesRequest, export_plugin,
};

/// Reads a variable of the environment.
type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The plugin. Between calls it holds a connection, where a check is to keep it, and nothing else.
#[derive(Clone)]
pub struct Trino {
    variables: Variables,
    kept: Arc<check::Connections>,
}

impl Default for Trino {
    /// Sees the variables of this process.
    fn default() -> Self {
        Self::seeing(floe_plugin_common::check::proxy::variable)
    }
}

impl Trino {
    /// A plugin whose checks see these variables in place of the process's: those of proxies and of certificate
    /// authorities, as Python's requests reads them.
    pub fn seeing(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Arc::new(variables), kept: Arc::default() }
    }
}

impl fmt::Debug for Trino {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trino")
    }
}

impl ComputePlugin for Trino {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("Trino", "trino")
            .with_description("a Trino or Starburst cluster, to which dbt sends its statements")
            // The same words reach a cluster of one's own and one that somebody else runs (Starburst Galaxy). Most run
            // their own; and what counts here is the same for both: the pod holds dbt alone.
            .with_self_hosted(true)
            .with_addressing(Addressing::new().with_database(true))
            .with_vendor("floe"))
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(config::config_schema())
    }

    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
        profile::generate(request)
    }

    fn get_required_dbt_packages(&self, request: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        packages::required(&Settings::of(&request.config)?)
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        check::validate(request, &*self.variables, &self.kept)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        floe_plugin_common::client_pod(request.workload_size)
    }
}

export_plugin! {
    plugin: Trino = Trino::default(),
    name: "trino",
    version: env!("CARGO_PKG_VERSION"),
    // Python's requests, by which dbt-trino talks, trusts the certificate authorities of the first two, and
    // trino-python-client goes through the third. (The host shows HTTP_PROXY and its like to every plugin.)
    env: ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SOCKS_PROXY"],
}
