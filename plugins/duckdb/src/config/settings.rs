//! The engine's settings and start options.

use floe_plugin_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Scalar;
use super::attach::OrderedScalars;

/// Settings of the engine. Besides those named here any setting of DuckDB or of an extension may stand: text, a number,
/// true or false; the live check says which DuckDB does not know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EngineSettings {
    /// Memory that DuckDB may use before it spills to `temp_directory` or fails the model with an out-of-memory error:
    /// a number with a unit, `4GB` (1000^3 bytes) or `4GiB` (1024^3). Default: 80 % of the memory of the machine or
    /// container. dbt and Python models need memory besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "bytes"))]
    pub memory_limit: Option<String>,
    /// Folder to which DuckDB spills what does not fit into `memory_limit`; empty: never spill. Default: `<path>.tmp`
    /// for a file, `.tmp` for a database in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-path" = true))]
    pub temp_directory: Option<String>,
    /// Disk that `temp_directory` may take, with a unit: `20GB`. Default: 90 % of what is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "bytes"))]
    pub max_temp_directory_size: Option<String>,
    /// Threads of the engine for one query; not the compute's `threads`, which are dbt's models at a time. Default: the
    /// cores of the machine or container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub threads: Option<u32>,
    /// Keeps the order of rows through queries that have no `ORDER BY`; false saves much memory. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preserve_insertion_order: Option<bool>,
    /// Folder with extensions. DuckDB installs `extensions` before it reads this: set it in `config_options` for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-path" = true))]
    pub extension_directory: Option<String>,
    /// Time zone of the session: `Europe/Berlin`. Default: the machine's.
    #[serde(rename = "TimeZone", default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Seconds that one HTTP request may take (extension httpfs). Default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds", "x-floe-role" = "timeout"))]
    pub http_timeout: Option<u64>,
    /// Times that a failed HTTP request is tried again (extension httpfs). Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub http_retries: Option<u64>,
    /// Password of the HTTP proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_proxy_password: Option<Secret>,
    /// Region of S3 (extension httpfs). An entry in `secrets` is the newer way for all `s3_` settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_region: Option<String>,
    /// Endpoint of S3 (extension httpfs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_endpoint: Option<String>,
    /// Access key id of S3 (extension httpfs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_access_key_id: Option<Secret>,
    /// Secret access key of S3 (extension httpfs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_secret_access_key: Option<Secret>,
    /// Session token of S3 (extension httpfs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_session_token: Option<Secret>,
    /// Connection string of Azure storage (extension azure).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_storage_connection_string: Option<Secret>,
    /// Access token of MotherDuck; the compute's own `motherduck_token` does the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motherduck_token: Option<Secret>,
    #[serde(flatten)]
    #[allow(missing_docs, reason = "a description would be shown for every setting")]
    pub other: OrderedScalars,
}

/// Options that DuckDB takes only when it starts. Besides those named here any option of DuckDB may stand: text, a
/// number, true or false; the live check says which DuckDB does not know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigOptions {
    /// Loads extensions that nobody has signed. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_unsigned_extensions: Option<bool>,
    /// Folder with extensions, below which DuckDB looks for `v<version>/<platform>/<name>.duckdb_extension`: what is
    /// there is not downloaded. Default: `~/.duckdb/extensions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-path" = true))]
    pub extension_directory: Option<String>,
    /// Repository from which DuckDB downloads extensions, for a mirror of your own. Default: DuckDB's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_extension_repository: Option<String>,
    /// Access token of MotherDuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motherduck_token: Option<Secret>,
    #[serde(flatten)]
    #[allow(missing_docs, reason = "a description would be shown for every option")]
    pub other: OrderedScalars,
}

impl EngineSettings {
    /// The memory limit, under either of its names.
    pub fn memory_limit(&self) -> Option<&str> {
        self.memory_limit.as_deref().or_else(|| self.other.get("max_memory")?.as_str())
    }

    /// Every setting by name, as dbt sends them, in the profile's order.
    pub fn in_order(&self) -> Vec<(String, Scalar)> {
        in_order(self)
    }
}

impl ConfigOptions {
    /// The memory limit, under either of its names.
    pub fn memory_limit(&self) -> Option<&str> {
        self.other.get("memory_limit").or_else(|| self.other.get("max_memory"))?.as_str()
    }

    /// Every option by name, in the profile's order.
    pub fn in_order(&self) -> Vec<(String, Scalar)> {
        in_order(self)
    }
}

/// What a map writes into the profile is what dbt sends, so it is read back from there.
fn in_order(map: &impl Serialize) -> Vec<(String, Scalar)> {
    let written = serde_json::to_value(map).unwrap_or_default();
    let entries = if let Value::Object(entries) = written { entries } else { Map::new() };
    entries.into_iter().filter_map(|(name, value)| Some((name, Scalar::deserialize(value).ok()?))).collect()
}
