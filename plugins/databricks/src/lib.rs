//! Databricks as a floe compute: SQL warehouses and clusters.
//!
//! dbt only sends statements, so this plugin writes the profile for dbt-databricks, says which Python packages and which pod
//! dbt needs, and looks at the workspace before dbt does, by Databricks' own REST interface.
//!
//! # What a check sends
//!
//! A live check sends no statement, opens no session and starts nothing: it asks for the state of things.
//!
//! | request | why |
//! |---|---|
//! | `GET /.well-known/databricks-config`, and the document of OAuth that it names | where tokens are granted |
//! | `POST` to the token's address | the login, where `token` is not the login itself |
//! | `GET /aad/auth` | the tenant of Microsoft Entra ID, which the workspace tells everyone |
//! | `GET /api/2.0/preview/scim/v2/Me` | the token is taken, and the user as Databricks sees it |
//! | `GET /api/2.0/sql/warehouses/<id>` | the warehouse is there, may be used, and its state |
//! | `GET /api/2.0/clusters/get` | the same of a cluster |
//! | `GET /api/2.1/unity-catalog/catalogs/<catalog>` | the catalog is there and may be seen |
//! | `GET /api/2.1/unity-catalog/schemas/<catalog>.<schema>` | whether the schema is there |

mod check;
mod config;
mod packages;
mod profile;
mod rules;

pub use config::{AuthChoice, AuthType, HttpPath, Login, NamedCompute, QueryTags, Scalar, Settings, Target};

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

/// The plugin. Between calls it holds the tokens that it was granted, in memory alone, and a connection, where a check is to
/// keep it.
#[derive(Clone)]
pub struct Databricks {
    variables: Variables,
    tokens: Arc<Tokens>,
    kept: Arc<check::Connections>,
}

impl Default for Databricks {
    /// Sees the variables of this process.
    fn default() -> Self {
        Self::seeing(floe_plugin_common::check::proxy::variable)
    }
}

impl Databricks {
    /// A plugin whose checks see these variables in place of the process's: those of proxies, of certificate authorities
    /// and of databricks-sdk.
    pub fn seeing(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variables: Arc::new(variables), tokens: Arc::new(Tokens::new()), kept: Arc::default() }
    }

    /// With a clock of its own for the life of tokens, for tests.
    #[must_use]
    pub fn with_clock(mut self, now: fn() -> Instant) -> Self {
        self.tokens = Arc::new(Tokens::with_clock(now));
        self
    }
}

impl fmt::Debug for Databricks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Databricks")
    }
}

impl ComputePlugin for Databricks {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("Databricks", "databricks")
            .with_description("a SQL warehouse or cluster of Databricks, to which dbt sends its statements")
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

    fn get_required_dbt_packages(&self, request: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        packages::required(&Settings::of(&request.config)?)
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        check::validate(request, &*self.variables, &self.tokens, &self.kept)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        floe_plugin_common::client_pod(request.workload_size)
    }
}

export_plugin! {
    plugin: Databricks = Databricks::default(),
    name: "databricks",
    version: env!("CARGO_PKG_VERSION"),
    // Python's requests, by which databricks-sdk logs in, trusts the authorities of the first two. The others are those of
    // databricks-sdk: the token of another identity provider, Azure's tenant, and what makes it log in otherwise than the
    // profile says, of which no secret is looked at.
    env: [
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "DATABRICKS_OIDC_TOKEN",
        "DATABRICKS_OIDC_TOKEN_ENV",
        "DATABRICKS_OIDC_TOKEN_FILEPATH",
        "DATABRICKS_OIDC_TOKEN_FILE",
        "DATABRICKS_AUTH_TYPE",
        "DATABRICKS_CONFIG_PROFILE",
        "DATABRICKS_CLIENT_ID",
        "DATABRICKS_USERNAME",
        "DATABRICKS_GOOGLE_SERVICE_ACCOUNT",
        "DATABRICKS_AZURE_RESOURCE_ID",
        "DATABRICKS_METADATA_SERVICE_URL",
        "ARM_CLIENT_ID",
        "ARM_TENANT_ID",
        "ARM_USE_MSI",
    ],
}
