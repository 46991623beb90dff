//! What dbt-duckdb does in Python.

use floe_plugin_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A Python file system (fsspec). Besides the keys named here any argument of the file system may stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Filesystem {
    /// Protocol of the file system, as fsspec names it: `s3`, `gcs`, `abfs`, `github`.
    pub fs: String,
    /// Access key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// Secret key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// User name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Account key of Azure storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_key: Option<Secret>,
    /// Connection string of Azure storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<Secret>,
    #[serde(flatten)]
    #[allow(missing_docs, reason = "a description would be shown for every argument")]
    pub other: Map<String, Value>,
}

/// A dbt-duckdb module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterPlugin {
    /// One of dbt-duckdb's own (`excel`, `gsheet`, `glue`, `iceberg`, `delta`, `postgres`, `sqlalchemy`, `motherduck`),
    /// or a Python module on `module_paths`.
    #[schemars(length(min = 1))]
    pub module: String,
    /// Name under which sources and models refer to it. Default: the module's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The module's own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<Map<String, Value>>,
}

/// What dbt tries again. It waits 1, 2, 4, … seconds between the attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// Attempts to open the database, for instance until another process closes it. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16), extend("x-floe-role" = "retry"))]
    pub connect_attempts: Option<u32>,
    /// Attempts to run a statement. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16), extend("x-floe-role" = "retry"))]
    pub query_attempts: Option<u32>,
    /// Names of the Python exceptions after which it tries again. Default: `[IOException]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retryable_exceptions: Option<Vec<String>>,
}

/// Python models on MotherDuck Flights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flights {
    /// Submits every Python model to a Flight. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled_by_default: Option<bool>,
    /// Label of the MotherDuck access token that the Flight uses. Default: MotherDuck's built-in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_name: Option<String>,
    /// Seconds that MotherDuck lets a run take; 0: no limit. Default: the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds", "x-floe-role" = "timeout"))]
    pub max_runtime_sec: Option<u32>,
    /// Size of the runner. Default: the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<InstanceType>,
    /// Seconds that dbt waits for a run before it cancels it. Default: 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds", "x-floe-role" = "timeout"))]
    pub timeout_sec: Option<u32>,
    /// Seconds between two looks at a run. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds"))]
    pub poll_interval_sec: Option<f64>,
    /// Lines of a failed run's log that dbt shows. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_lines: Option<u32>,
    /// Address of a run's log, with `{flight_id}` and `{run_number}`. Default: MotherDuck's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_url_template: Option<String>,
    /// Python requirements of every Flight, besides each model's `packages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<Vec<String>>,
    /// Version of duckdb in the Flight. Default: that of the Python environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duckdb_version: Option<String>,
}

/// Size of a Flight's runner, by its memory in GB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InstanceType {
    /// 4 GB.
    F4,
    /// 16 GB.
    F16,
    /// 32 GB.
    F32,
}
