//! The live check of a connection.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::builder::{optional_setters, setters};
use crate::catalog::{CatalogConfig, VendedCredentials};
use crate::config::ComputeConfig;
use crate::error::{ErrorKind, PluginError};
use crate::warning::Warning;

/// Asks for [`ConnectionResult`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckRequest {
    /// The compute, with the environment's settings merged in and secrets resolved.
    pub config: ComputeConfig,
    /// Name of the environment.
    pub environment: String,
    /// Absolute path of the dbt project's folder, from which relative paths count.
    pub project_dir: String,
    /// The catalog that the compute mounts, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogConfig>,
    /// Credentials that another component got from the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vended_credentials: Option<VendedCredentials>,
    /// Milliseconds from now until the host gives up. Leave some for the answer.
    pub deadline_ms: u64,
    /// Id of the command that asked, for the engine's own log where it takes one.
    pub correlation_id: String,
    /// Whether the plugin should keep the connection for the next check. It must release everything otherwise.
    #[serde(default)]
    pub keep_connection: bool,
}

impl CheckRequest {
    /// Asks for a check within `deadline_ms` milliseconds.
    pub fn new(
        config: ComputeConfig,
        environment: impl Into<String>,
        project_dir: impl Into<String>,
        deadline_ms: u64,
        correlation_id: impl Into<String>,
    ) -> Self {
        Self {
            config,
            environment: environment.into(),
            project_dir: project_dir.into(),
            catalog: None,
            vended_credentials: None,
            deadline_ms,
            correlation_id: correlation_id.into(),
            keep_connection: false,
        }
    }

    setters! {
        /// Sets the catalog that the compute mounts.
        with_catalog => catalog: Option<CatalogConfig>;
        /// Sets credentials that another component got from the catalog.
        with_vended_credentials => vended_credentials: Option<VendedCredentials>;
        /// Sets whether the plugin should keep the connection.
        with_keep_connection => keep_connection: bool;
    }
}

/// How a compute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectionStatus {
    /// dbt can work with it as configured.
    Healthy,
    /// It can be used in part, or could not be checked in full; the warnings say what.
    Degraded,
    /// dbt cannot work with it.
    Unhealthy,
    /// A word of a later version of floe.
    #[serde(other)]
    Unknown,
}

/// A process that has the database open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InUseBy {
    /// Its process id.
    pub pid: u32,
    /// Its command, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl InUseBy {
    /// The process with an id.
    pub fn new(pid: u32) -> Self {
        Self { pid, command: None }
    }

    optional_setters! {
        /// Sets its command.
        with_command => command: String;
    }
}

/// What the check learned of the engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConnectionDetails {
    /// Version, as the engine says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// User, as the engine sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Role in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Database or catalog that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Schema or dataset that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The engine sleeps now and will start with the first query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub will_start: Option<bool>,
    /// The process that has the database open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_use_by: Option<InUseBy>,
    /// Whatever else the engine tells, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub other: Map<String, Value>,
}

impl ConnectionDetails {
    /// Nothing learned yet.
    pub fn new() -> Self {
        Self::default()
    }

    optional_setters! {
        /// Sets the engine's version.
        with_server_version => server_version: String;
        /// Sets the user as the engine sees it.
        with_user => user: String;
        /// Sets the role in force.
        with_role => role: String;
        /// Sets the database that was looked at.
        with_database => database: String;
        /// Sets the schema that was looked at.
        with_schema => schema: String;
        /// Sets that the engine will start with the first query.
        with_will_start => will_start: bool;
        /// Sets the process that has the database open.
        with_in_use_by => in_use_by: InUseBy;
    }

    /// Adds something else that the engine tells.
    #[must_use]
    pub fn with_other(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other.insert(name.into(), value.into());
        self
    }
}

/// One step of a check: `resolve`, `connect`, `tls`, `login`, `authorise`, …
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckStep {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub latency_ms: f64,
    /// Whether it went well.
    pub ok: bool,
}

impl CheckStep {
    /// A step that was taken.
    pub fn new(name: impl Into<String>, latency_ms: f64, ok: bool) -> Self {
        Self { name: name.into(), latency_ms, ok }
    }
}

/// What a check found. An engine that cannot be used is a result too, not an error of the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConnectionResult {
    /// How the compute is.
    pub status: ConnectionStatus,
    /// How long the check took, in milliseconds.
    pub latency_ms: f64,
    /// What was found, in one sentence.
    pub message: String,
    /// What the reader can do about it, where something is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Class of the failure, where unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ErrorKind>,
    /// A short stable word for the failure, where unhealthy: `dns`, `refused`, `not_a_database`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What should be known besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// What the check learned.
    #[serde(default)]
    pub details: ConnectionDetails,
    /// The steps that were taken, in order; the last is the one that failed, where unhealthy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CheckStep>,
    /// A kept connection was broken and has been opened anew.
    #[serde(default)]
    pub reconnected: bool,
    /// The plugin holds a connection for the next check.
    #[serde(default)]
    pub connection_kept: bool,
}

impl ConnectionResult {
    /// dbt can work with the compute.
    pub fn healthy(message: impl Into<String>) -> Self {
        Self {
            status: ConnectionStatus::Healthy,
            latency_ms: 0.0,
            message: message.into(),
            help: None,
            kind: None,
            reason: None,
            warnings: Vec::new(),
            details: ConnectionDetails::default(),
            steps: Vec::new(),
            reconnected: false,
            connection_kept: false,
        }
    }

    /// The compute can be used in part or was not checked in full, for the reason that the warning gives.
    pub fn degraded(message: impl Into<String>, warning: Warning) -> Self {
        Self { status: ConnectionStatus::Degraded, warnings: vec![warning], ..Self::healthy(message) }
    }

    /// dbt cannot work with the compute.
    pub fn unhealthy(error: PluginError) -> Self {
        Self {
            status: ConnectionStatus::Unhealthy,
            kind: Some(error.kind),
            reason: error.reason,
            help: error.help,
            ..Self::healthy(error.message)
        }
    }

    setters! {
        /// Sets how long the check took, in milliseconds.
        with_latency_ms => latency_ms: f64;
        /// Sets what should be known besides.
        with_warnings => warnings: Vec<Warning>;
        /// Sets what the check learned.
        with_details => details: ConnectionDetails;
        /// Sets the steps that were taken.
        with_steps => steps: Vec<CheckStep>;
        /// Sets that a kept connection has been opened anew.
        with_reconnected => reconnected: bool;
        /// Sets that the plugin holds a connection for the next check.
        with_connection_kept => connection_kept: bool;
    }
}
