//! What a manifest may write below `config:` of a Databricks compute: the keys of a dbt-databricks profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows. Keys and defaults are those of `DatabricksCredentials` in dbt-databricks 1.12.8
//! (`dbt/adapters/databricks/credentials.py`), and of databricks-sql-connector 4.4 and databricks-sdk 0.117 behind it.
//!
//! Three keys of that class are left out, since dbt-databricks 1.12 reads them and does nothing with them:
//! `oauth_redirect_url`, `connect_max_idle`, and `oauth_scopes`, which only the driver's `use_kernel` would take.

mod auth;
mod http_path;
mod tags;

pub use auth::{AuthChoice, AuthType, Login};
pub use floe_plugin_common::Scalar;
pub use http_path::{HttpPath, Target};
pub use tags::QueryTags;

use std::collections::BTreeMap;

use floe_plugin_api::{ComputeConfig, ConfigSchema, PluginResult, Secret};
use floe_plugin_common::{Flag, Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The catalog into which dbt-databricks builds where none is named.
pub(crate) const LEGACY_CATALOG: &str = "hive_metastore";

/// Settings of a Databricks compute.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Host of the workspace, alone: no scheme, no port, no path. `dbc-1a2b3c4d-5e6f.cloud.databricks.com`,
    /// `adb-1234567890123456.7.azuredatabricks.net`.
    #[schemars(length(min = 1))]
    pub host: String,
    /// Where statements run: `/sql/1.0/warehouses/<id>` for a SQL warehouse, `/sql/protocolv1/o/<workspace>/<cluster>` for
    /// a cluster; with `?o=<workspace>` behind it where the host is an account's. The connection details of the warehouse
    /// or cluster show it.
    #[schemars(length(min = 1))]
    pub http_path: String,
    /// Catalog of Unity Catalog that dbt builds into. Default: `hive_metastore`, which is the one from before Unity Catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub catalog: Option<String>,
    /// Another name of `catalog`, as dbt's own relations have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub database: Option<String>,
    /// Schema that dbt builds into. dbt makes it when it is missing, where the user may.
    #[schemars(length(min = 1))]
    pub schema: String,
    /// Personal access token, or another token that is sent as it is. Stands alone: without `auth_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// How dbt logs in without `token`: `oauth` (by `client_id` and `client_secret`, by `azure_client_id` and
    /// `azure_client_secret`, else in a browser), `env-oidc` or `file-oidc` (a token of another identity provider, which
    /// Databricks is told to trust; from dbt-databricks 1.12.8 on).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<AuthChoice>,
    /// Client id of the service principal (`oauth`, `env-oidc`, `file-oidc`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub client_id: Option<String>,
    /// Its OAuth secret (`oauth`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Application id in Microsoft Entra ID (`oauth`, on Azure).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub azure_client_id: Option<String>,
    /// Its client secret (`oauth`, on Azure).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_client_secret: Option<Secret>,
    /// Path of the file with the token of the other identity provider (`file-oidc`). It is read anew for every login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub oidc_token_filepath: Option<String>,
    /// Warehouses and clusters besides `http_path`, by the name that a model's `databricks_compute` writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<BTreeMap<String, NamedCompute>>,
    /// Parameters of the session, as `SET` takes them: text, numbers, true or false. `statement_timeout` (seconds, 0 to
    /// 172800) is floe's `timeout_seconds` where that is set; what is secret must be a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "timeout"))]
    pub session_properties: Option<BTreeMap<String, Scalar>>,
    /// Parameters of the driver, databricks-sql-connector: `_socket_timeout` (seconds for one answer; default: 600),
    /// `_retry_stop_after_attempts_count` (default: 30), `_tls_trusted_ca_file`, `http_headers`, `use_cloud_fetch`, … What
    /// is secret must be a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub connection_parameters: Option<Map<String, Value>>,
    /// Tags of every statement, for the query history: a map of texts of at most 128 characters, or its JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_tags: Option<QueryTags>,
    /// How often dbt tries again to open a session. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub connect_retries: Option<Whole>,
    /// Seconds between two tries, and no limit of one: dbt-databricks means it so. Default: the square of the try's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub connect_timeout: Option<Whole>,
    /// Tries again after any error of the driver. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retry_all: Option<Flag>,
}

/// A warehouse or cluster besides the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedCompute {
    /// As the `http_path` of the compute.
    #[schemars(length(min = 1))]
    pub http_path: String,
}

/// Shows what no user can have put a secret into.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("host", &self.host).field("http_path", &self.http_path).finish_non_exhaustive()
    }
}

impl Settings {
    /// The settings of a compute.
    ///
    /// # Errors
    /// Where they do not fit the schema, which the host has checked before.
    pub fn of(config: &ComputeConfig) -> PluginResult<Self> {
        config.connection_as()
    }

    /// The catalog, under either of its names.
    pub fn catalog(&self) -> &str {
        self.catalog.as_deref().or(self.database.as_deref()).map_or(LEGACY_CATALOG, str::trim)
    }

    /// How dbt logs in; the rules refuse settings that do not say it.
    pub fn login(&self) -> Option<Login> {
        Login::of(self)
    }

    /// A parameter of the driver.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.connection_parameters.as_ref()?.get(name)
    }

    /// A parameter of the driver that is a flag: Python's truth.
    pub fn has_flag(&self, name: &str) -> bool {
        match self.parameter(name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(_) => true,
        }
    }

    /// All `http_path`s: the first, then the named ones.
    pub fn http_paths(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let named =
            self.compute.iter().flatten().map(|(name, compute)| (Some(name.as_str()), compute.http_path.as_str()));
        std::iter::once((None, self.http_path.as_str())).chain(named)
    }
}

/// The JSON Schema of the settings.
pub(crate) fn config_schema() -> ConfigSchema {
    floe_plugin_common::config_schema::<Settings>()
}
