//! What a manifest may write, and the settings that make a call fail.

use floe_plugin_api::schemars::JsonSchema;
use floe_plugin_api::serde::Deserialize;
use floe_plugin_api::{ComputeConfig, ErrorKind, PluginError, PluginResult, Secret};

/// The settings of this plugin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "floe_plugin_api::serde", deny_unknown_fields)]
#[schemars(crate = "floe_plugin_api::schemars")]
pub(crate) struct Settings {
    /// The database file; in memory when absent.
    #[serde(default)]
    #[schemars(extend("x-floe-path" = true))]
    pub(crate) path: Option<String>,
    /// Schema that dbt builds into.
    #[serde(default = "main_schema")]
    pub(crate) schema: String,
    /// Something that must not be seen.
    #[serde(default)]
    pub(crate) password: Option<Secret>,
    /// Seconds until an idle connection is closed.
    #[serde(default)]
    #[schemars(extend("x-floe-unit" = "seconds", "x-floe-role" = "pool"))]
    pub(crate) idle_seconds: Option<u32>,
    /// How a check ends.
    #[serde(default)]
    pub(crate) check: Outcome,
    /// The call fails with this kind of error.
    #[serde(default)]
    fails: Option<Failure>,
}

/// How a check ends.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(crate = "floe_plugin_api::serde", rename_all = "snake_case")]
#[schemars(crate = "floe_plugin_api::schemars")]
pub(crate) enum Outcome {
    #[default]
    Healthy,
    Degraded,
    Unhealthy,
}

/// The kinds of error that a plugin may give.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "floe_plugin_api::serde", rename_all = "snake_case")]
#[schemars(crate = "floe_plugin_api::schemars")]
enum Failure {
    Configuration,
    Connection,
    Timeout,
    Query,
    PluginExecution,
    Panic,
}

fn main_schema() -> String {
    "main".to_owned()
}

impl Settings {
    /// The settings of a compute, or the failure that they ask for.
    pub(crate) fn of(config: &ComputeConfig) -> PluginResult<Self> {
        let settings: Self = config.connection_as()?;
        let kind = match settings.fails {
            None => return Ok(settings),
            Some(Failure::Configuration) => ErrorKind::Configuration,
            Some(Failure::Connection) => ErrorKind::Connection,
            Some(Failure::Timeout) => ErrorKind::Timeout,
            Some(Failure::Query) => ErrorKind::Query,
            Some(Failure::PluginExecution) => ErrorKind::PluginExecution,
            #[allow(clippy::panic, reason = "the boundary makes an error of it")]
            Some(Failure::Panic) => panic!("as the settings ask"),
        };
        Err(PluginError::new(kind, "the settings ask for a failure")
            .with_reason("asked_for")
            .with_help("leave out `fails`")
            .with_correlation_id("the plugin's own"))
    }
}
