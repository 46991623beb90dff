//! What a plugin says of itself.

use serde::{Deserialize, Serialize};

use crate::builder::{optional_setters, setters};

/// Asks for [`PluginMetadata`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MetadataRequest {}

impl MetadataRequest {
    /// The request; it has no fields yet.
    pub fn new() -> Self {
        Self::default()
    }
}

/// How a compute can name a table that another compute wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Addressing {
    /// Relations carry a database (catalog) part: `database.schema.table`.
    #[serde(default)]
    pub database: bool,
    /// A schema may carry a prefix with a dot: `lake.schema.table` on an engine without databases.
    #[serde(default)]
    pub schema_prefix: bool,
}

impl Addressing {
    /// An engine that can name nothing outside its own schemas.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets whether relations carry a database part.
        with_database => database: bool;
        /// Sets whether a schema may carry a dotted prefix.
        with_schema_prefix => schema_prefix: bool;
    }
}

/// What a plugin is. Name, version and API version come from `export_plugin!`, which stamps them over whatever stands
/// there, so that they cannot differ from the static record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PluginMetadata {
    /// Name of the plugin, as manifests write it.
    #[serde(default)]
    pub name: String,
    /// Version (semver) of the plugin.
    #[serde(default)]
    pub version: String,
    /// Version (semver) of the boundary that it was built for.
    #[serde(default)]
    pub floe_api_version: String,
    /// Name of the engine, for people: `DuckDB`.
    pub engine: String,
    /// The dbt adapter's `type`: `duckdb`.
    pub dbt_adapter: String,
    /// One line on what it does.
    #[serde(default)]
    pub description: String,
    /// Whether the engine runs on the user's own machines or pods, so that its resources are the user's to size;
    /// false for a service that somebody else runs.
    #[serde(default)]
    pub self_hosted: bool,
    /// How it names what another compute wrote.
    #[serde(default)]
    pub addressing: Addressing,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Where its documentation is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
}

impl PluginMetadata {
    /// Metadata for an engine (`DuckDB`) and its dbt adapter's type (`duckdb`).
    pub fn new(engine: impl Into<String>, dbt_adapter: impl Into<String>) -> Self {
        Self { engine: engine.into(), dbt_adapter: dbt_adapter.into(), ..Self::default() }
    }

    setters! {
        /// Sets the line on what it does.
        with_description => description: String;
        /// Sets whether the engine runs on the user's own machines.
        with_self_hosted => self_hosted: bool;
        /// Sets how it names what another compute wrote.
        with_addressing => addressing: Addressing;
    }

    optional_setters! {
        /// Sets who makes it.
        with_vendor => vendor: String;
        /// Sets where its documentation is.
        with_homepage => homepage: String;
    }
}
