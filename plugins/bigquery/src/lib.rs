//! BigQuery as a floe compute.
//!
//! dbt only sends statements to BigQuery, so this plugin writes the profile for dbt-bigquery, says which Python packages and
//! which pod dbt needs, and looks at the project before dbt does, by BigQuery's REST interface.
//!
//! # What a check sends
//!
//! A live check gets a token as dbt does, and sends one statement, as a dry run, which BigQuery looks at and does not run
//! ([`PROBE_STATEMENTS`]):
//!
//! | request | why |
//! |---|---|
//! | `POST …/jobs` with `dryRun`: `SELECT 1` | the token, the project, the location, the right to run statements |
//! | `GET …/datasets/<dataset>` | the dataset is there and may be seen, and where it is |
//!
//! A dry run costs nothing, makes no job and takes no slot
//! (<https://cloud.google.com/bigquery/docs/running-queries#dry-run>).

mod check;
mod config;
mod packages;
mod profile;
mod rules;

pub use check::PROBE_STATEMENTS;
pub use config::{Choice, Method, Priority, ServiceAccountKey, Settings, Submission, TokenEndpoint};

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use floe_plugin_api::{
    Addressing, CheckRequest, ComputePlugin, ConfigSchema, ConfigSchemaRequest, ConnectionResult, DbtPackages,
    DbtPackagesRequest, MetadataRequest, PluginMetadata, PluginResult, ProfileRequest, ProfileResponse, ResourceSpec,
    ResourcesRequest, export_plugin,
};
use floe_plugin_common::check::oauth::Tokens;

/// Reads a variable of the environment.
type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The plugin. Between calls it holds tokens, in memory alone, and a connection, where a check is to keep it.
#[derive(Clone)]
pub struct BigQuery {
    variables: Variables,
    tokens: Arc<Tokens>,
    kept: Arc<check::Connections>,
}

impl Default for BigQuery {
    /// Sees the variables of this process.
    fn default() -> Self {
        Self::seeing(floe_plugin_common::check::proxy::variable)
    }
}

impl BigQuery {
    /// A plugin whose checks see these variables in place of the process's: those of application default credentials, of
    /// proxies and of certificate authorities, as google-auth and Python's requests read them.
    pub fn seeing(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Arc::new(variables), tokens: Arc::new(Tokens::new()), kept: Arc::default() }
    }

    /// The same with another clock, by which tokens come to their end.
    #[must_use]
    pub fn with_clock(mut self, now: fn() -> Instant) -> Self {
        self.tokens = Arc::new(Tokens::with_clock(now));
        self
    }
}

impl fmt::Debug for BigQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BigQuery")
    }
}

impl ComputePlugin for BigQuery {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("BigQuery", "bigquery")
            .with_description("Google BigQuery, to which dbt sends its statements")
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
        check::validate(request, &*self.variables, &self.tokens, &self.kept)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        floe_plugin_common::client_pod(request.workload_size)
    }
}

export_plugin! {
    plugin: BigQuery = BigQuery::default(),
    name: "bigquery",
    version: env!("CARGO_PKG_VERSION"),
    // Where google-auth finds application default credentials, and whom Python's requests trusts. (The host shows
    // HTTP_PROXY and its like to every plugin.)
    env: [
        "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "HOME", "GCE_METADATA_HOST", "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
    ],
}
