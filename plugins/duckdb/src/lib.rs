//! DuckDB as a floe compute: in memory, in a file, with attached databases.
//!
//! dbt runs DuckDB inside its own process, so this plugin writes the profile, says which Python packages and which pod
//! dbt needs, and looks at the database before dbt does. It never builds anything itself.
//!
//! # What a check sends
//!
//! A live check sends these statements and no others ([`PROBE_STATEMENTS`]):
//!
//! | statement | to | why |
//! |---|---|---|
//! | `SELECT version(), current_database(), current_schema()` | a database in memory, and each local file, opened read-only | the engine starts, the file is a database |
//! | `LOAD <extension>` | a database in memory | an extension of the settings is there and fits |
//! | `SET <setting> = '<value>'` | a database in memory | DuckDB knows the setting and takes the value |
//!
//! and, where the manifest has an Iceberg catalog, these to the database in memory:
//!
//! | statement | why |
//! |---|---|
//! | `CREATE OR REPLACE SECRET <name> (<options>)` | logs in to the catalog; opens a storage with given credentials |
//! | `ATTACH IF NOT EXISTS <warehouse> AS <catalog> (<options>, READ_ONLY true)` | mounts it |
//! | `CALL enable_logging('HTTP')` | in memory, for the status of the listing |
//! | `SELECT response.status::VARCHAR FROM duckdb_logs_parsed('HTTP') WHERE ends_with(request.url, '/namespaces')` | that status |
//! | `SELECT schema_name FROM duckdb_schemas() WHERE database_name = <catalog>` | lists the namespaces |
//! | `SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = <catalog> ORDER BY schema_name = <schema> DESC LIMIT 1` | finds a table |
//! | `DESCRIBE <table>` | loads it, with what the catalog vends |
//! | `SELECT name FROM duckdb_secrets() WHERE starts_with(name, '__internal_ic_')` | whether it vended |
//! | `SELECT count(*) FROM iceberg_snapshots(<table>)` | reads its metadata file |
//! | `SELECT count(*) FROM glob(<prefix>)` | lists metadata files with given credentials |
//!
//! Nothing is installed or downloaded (`autoinstall_known_extensions` is off), no secret outlives the check, nothing else
//! that is remote is attached, and no file comes into being.
//!
//! # What a check keeps
//!
//! Nothing is held open, whatever a check is asked to keep: while DuckDB has a file open, nobody can write it. But a check that
//! is to keep its connection remembers which files it has opened, and a file that has not changed since (nor the write-ahead
//! log beside it) is only looked at by the operating system, which takes no lock.

mod catalog;
mod check;
mod config;
mod literals;
mod location;
mod memory;
mod packages;
mod profile;
mod resources;
mod rules;
mod timeout;

pub use check::PROBE_STATEMENTS;
pub use config::{
    AdapterPlugin, AttachOptions, Attachment, ConfigOptions, CredentialProvider, DuckDbSecret, EngineSettings,
    Extension, Filesystem, Flights, Retries, Scalar, Settings,
};

use floe_plugin_api::{
    Addressing, CatalogAttachment, CatalogAttachmentRequest, CheckRequest, ComputePlugin, ConfigSchema,
    ConfigSchemaRequest, ConnectionResult, DbtPackages, DbtPackagesRequest, MetadataRequest, PluginMetadata,
    PluginResult, ProfileRequest, ProfileResponse, ResourceSpec, ResourcesRequest, export_plugin,
};

/// The plugin. It holds no file and nothing else open between calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct DuckDb;

impl ComputePlugin for DuckDb {
    fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
        Ok(PluginMetadata::new("DuckDB", "duckdb")
            .with_description("DuckDB inside dbt's own process, in memory or in a file")
            .with_self_hosted(true)
            .with_addressing(Addressing::new().with_database(true))
            .with_vendor("floe"))
    }

    fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
        Ok(floe_plugin_common::config_schema::<Settings>())
    }

    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
        profile::generate(request)
    }

    fn get_required_dbt_packages(&self, request: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
        packages::required(&Settings::of(&request.config)?)
    }

    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
        check::validate(request)
    }

    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec> {
        resources::required(&Settings::of(&request.config)?, request.workload_size)
    }

    fn get_catalog_attachment_sql(&self, request: &CatalogAttachmentRequest) -> PluginResult<CatalogAttachment> {
        let settings = Settings::of(&request.config)?;
        let mount = catalog::Mount::of(&request.catalog)?;
        catalog::statements(&settings, &mount, request.engine_version.as_deref()).map(CatalogAttachment::statements)
    }
}

export_plugin! {
    plugin: DuckDb = DuckDb,
    name: "duckdb",
    version: env!("CARGO_PKG_VERSION"),
    // DuckDB looks for extensions below it, and `~/` in a path means it.
    env: ["HOME"],
}
