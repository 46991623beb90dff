//! What a manifest may write below `config:` of a DuckDB compute: the keys of a dbt-duckdb profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows.

mod attach;
mod extension;
mod path_text;
mod python;
mod secret;
mod settings;

pub use attach::{AttachOptions, Attachment};
pub use extension::Extension;
pub use floe_plugin_common::Scalar;
use path_text::PathText;
pub use python::{AdapterPlugin, Filesystem, Flights, Retries};
pub use secret::DuckDbSecret;
pub use settings::{ConfigOptions, EngineSettings};

use floe_plugin_api::{ComputeConfig, PluginResult, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::location::Location;

/// Settings of a DuckDB compute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Database file that dbt builds into, or `:memory:` for a database that is gone when dbt ends, or `md:<database>`
    /// for MotherDuck. A relative path counts from the dbt project's folder. Default: `:memory:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-path" = true))]
    pub path: Option<String>,
    /// Schema that dbt builds into. dbt makes it when it is missing. Default: `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub schema: Option<String>,
    /// Database that dbt builds into: the name that DuckDB derives from `path` (`a` for `data/a.duckdb`), or the alias
    /// of an attached database. Default: the name derived from `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub database: Option<String>,
    /// The database at `path` is a DuckLake although its path does not begin with `ducklake:`, as on MotherDuck.
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_ducklake: Option<bool>,
    /// Options that DuckDB takes only when it starts, such as `allow_unsigned_extensions`. Values: text, numbers,
    /// true or false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_options: Option<ConfigOptions>,
    /// Extensions that dbt installs and loads, in order: a name, or a name and the repository that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Vec<Extension>>,
    /// Settings of the engine, such as `memory_limit`; dbt sends each as `SET name = 'value'` on every connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<EngineSettings>,
    /// Secrets that DuckDB uses to reach storage, databases and catalogs; dbt makes each with `CREATE SECRET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<DuckDbSecret>>,
    /// Deprecated by dbt-duckdb: `aws` makes one S3 secret from the AWS credential chain. Write an entry in `secrets`
    /// with `provider: credential_chain` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_credential_provider: Option<CredentialProvider>,
    /// Further databases that dbt attaches, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<Vec<Attachment>>,
    /// Python file systems (fsspec) that DuckDB may read and write through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystems: Option<Vec<Filesystem>>,
    /// Folder below which dbt writes external materializations; a relative path counts from the dbt project's folder.
    /// Default: the dbt project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-path" = true))]
    pub external_root: Option<String>,
    /// dbt-duckdb modules that load sources, store results or prepare connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugins: Option<Vec<AdapterPlugin>>,
    /// Folders that dbt adds to Python's module search path; relative paths count from the dbt project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PathText>")]
    pub module_paths: Option<Vec<String>>,
    /// Runs every statement on its own, without transactions; an attached Iceberg catalog needs it. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_transactions: Option<bool>,
    /// Keeps the database open between the statements of one dbt run. Set to false to let other processes in between
    /// them; a database in memory is always kept. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool"))]
    pub keep_open: Option<bool>,
    /// What dbt tries again, and how often. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retries: Option<Retries>,
    /// Python models on MotherDuck Flights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flights: Option<Flights>,
    /// Access token of MotherDuck, for `md:` paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motherduck_token: Option<Secret>,
}

/// Where credentials come from when `secrets` does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialProvider {
    /// The AWS credential chain.
    Aws,
}

impl Settings {
    /// The settings of a compute.
    ///
    /// # Errors
    /// Where they do not fit the schema, which the host has checked before.
    pub fn of(config: &ComputeConfig) -> PluginResult<Self> {
        config.connection_as()
    }

    /// Where `path` points.
    pub fn location(&self) -> Location {
        Location::of(self.path.as_deref().unwrap_or(""))
    }

    /// The attached databases.
    pub fn attached(&self) -> &[Attachment] {
        self.attach.as_deref().unwrap_or_default()
    }

    /// The extensions to load, in order.
    pub fn extensions(&self) -> &[Extension] {
        self.extensions.as_deref().unwrap_or_default()
    }

    /// `settings`, by name, as dbt sends them and in its order.
    pub(crate) fn engine_settings(&self) -> Vec<(String, Scalar)> {
        self.settings.as_ref().map(EngineSettings::in_order).unwrap_or_default()
    }

    /// `config_options`, by name, in dbt's order.
    pub(crate) fn start_options(&self) -> Vec<(String, Scalar)> {
        self.config_options.as_ref().map(ConfigOptions::in_order).unwrap_or_default()
    }

    /// Whether dbt talks to MotherDuck.
    pub fn uses_motherduck(&self) -> bool {
        let motherduck = |location: Location| matches!(location, Location::MotherDuck);
        motherduck(self.location()) || self.attached().iter().any(|entry| motherduck(entry.location()))
    }

    /// The memory limit that the engine will hold, as it is written.
    pub fn memory_limit(&self) -> Option<&str> {
        let settings = self.settings.as_ref().and_then(EngineSettings::memory_limit);
        settings.or_else(|| self.config_options.as_ref().and_then(ConfigOptions::memory_limit))
    }
}
