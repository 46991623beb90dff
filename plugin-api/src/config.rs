//! The configuration of one compute, and the schema that a plugin gives for its part.

use std::fmt;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::builder::optional_setters;
use crate::error::{ErrorKind, PluginError, PluginResult};

/// The plugin's own settings, by key. They may hold secrets, so `Debug` shows the keys alone.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Connection(Map<String, Value>);

impl Connection {
    /// Wraps settings that fit the plugin's schema.
    pub fn new(settings: Map<String, Value>) -> Self {
        Self(settings)
    }

    /// The settings. Do not print them.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The variable in which whoever starts dbt says how long a node may take there at most, in seconds: floe allows single
/// transforms and models more than their compute, and what the adapter itself holds must not end them early.
pub const TIMEOUT_VARIABLE: &str = "FLOE_NODE_TIMEOUT_SECONDS";

/// One compute: what is floe's for every engine, and the plugin's own part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComputeConfig {
    /// Name of the compute in the manifest.
    pub name: String,
    /// Name of the plugin.
    pub plugin: String,
    /// dbt threads, 1 to 64.
    pub threads: u16,
    /// Wall time in seconds that one dbt node may take; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// Seconds that opening a connection may take; the adapter's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout_seconds: Option<u32>,
    /// The plugin's own settings, checked by the host against the plugin's schema.
    #[serde(default)]
    pub connection: Connection,
}

impl ComputeConfig {
    /// `timeout_seconds` as a dbt expression for a profile: the compute's own, where [`TIMEOUT_VARIABLE`] does not say another.
    /// It renders as a number; inside a longer text as digits.
    pub fn timeout_expression(&self) -> Option<String> {
        Some(format!("{{{{ env_var('{TIMEOUT_VARIABLE}', '{}') | int }}}}", self.timeout_seconds?))
    }

    /// A compute with 4 threads (the default) and no settings of its own.
    pub fn new(name: impl Into<String>, plugin: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            plugin: plugin.into(),
            threads: 4,
            timeout_seconds: None,
            connect_timeout_seconds: None,
            connection: Connection::default(),
        }
    }

    /// Sets the dbt threads, 1 to 64.
    #[must_use]
    pub fn with_threads(mut self, threads: u16) -> Self {
        self.threads = threads;
        self
    }

    /// Sets the plugin's own settings.
    #[must_use]
    pub fn with_connection(mut self, settings: Map<String, Value>) -> Self {
        self.connection = Connection::new(settings);
        self
    }

    optional_setters! {
        /// Sets the wall time in seconds that one dbt node may take.
        with_timeout_seconds => timeout_seconds: u32;
        /// Sets the seconds that opening a connection may take.
        with_connect_timeout_seconds => connect_timeout_seconds: u32;
    }

    /// The plugin's settings as its own type.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] naming the key where the settings do not fit the type. The host has checked them
    /// against the schema, so this speaks of a schema that disagrees with the type.
    pub fn connection_as<T: DeserializeOwned>(&self) -> PluginResult<T> {
        T::deserialize(Value::Object(self.connection.0.clone())).map_err(|_| {
            // serde's text quotes the offending value, which may be a secret.
            PluginError::new(
                ErrorKind::Configuration,
                format!("the settings of compute `{}` do not fit the plugin's own type", self.name),
            )
            .with_reason("settings")
            .with_help("this is a defect of the plugin: its schema accepts what its code does not; tell its vendor")
        })
    }
}

/// Asks for [`ConfigSchema`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConfigSchemaRequest {}

impl ConfigSchemaRequest {
    /// The request; it has no fields yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// JSON Schema (draft 2020-12) of the plugin's own settings: an object that accepts nothing but what it names.
///
/// Beside the standard keywords floe reads these on a property: `x-floe-secret: true`, only a reference is accepted
/// (see [`crate::Secret`]); `x-floe-path: true`, a path, relative to the dbt project's folder; `x-floe-unit`, such as
/// `seconds`; `x-floe-role`, one of `timeout`, `pool`, `retry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConfigSchema {
    /// The schema.
    pub schema: Value,
}

impl ConfigSchema {
    /// A schema that was written by hand.
    pub fn new(schema: Value) -> Self {
        Self { schema }
    }

    /// The schema of a type; its doc comments become the descriptions. Derive `Deserialize` on it with
    /// `deny_unknown_fields`, so that the schema closes the object.
    pub fn of<T: JsonSchema>() -> Self {
        let generator = SchemaSettings::draft2020_12().into_generator();
        Self { schema: generator.into_root_schema_for::<T>().to_value() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Settings {
        /// Name of the server.
        host: String,
        password: Option<Secret>,
    }

    #[test]
    fn a_derived_schema_is_closed_and_marks_secrets() {
        let schema = ConfigSchema::of::<Settings>().schema;
        assert_eq!(schema["additionalProperties"], Value::Bool(false));
        assert_eq!(schema["properties"]["host"]["description"], "Name of the server.");
        assert!(schema["properties"]["password"].to_string().contains("x-floe-secret"), "{schema:#}");
    }

    #[test]
    fn debug_of_a_config_shows_no_value() {
        let settings = serde_json::json!({"password": "hunter2"}).as_object().cloned().unwrap();
        let config = ComputeConfig::new("pg", "redshift").with_connection(settings);
        assert!(!format!("{config:?}").contains("hunter2"));
        let error = config.connection_as::<Vec<u8>>().unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
