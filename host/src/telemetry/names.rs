//! The names under which metrics, traces and logs speak of the same things. The operators' page lists them.
//!
//! Where OpenTelemetry's semantic conventions for database clients have a name (`db.system.name`, `db.namespace`,
//! `error.type`), that one is used.

/// The instrumentation scope.
pub const SCOPE: &str = "floe";
/// A compute.
pub const COMPUTE: &str = "floe.compute";
/// Its plugin.
pub const PLUGIN: &str = "floe.plugin";
/// The plugin's version.
pub const PLUGIN_VERSION: &str = "floe.plugin.version";
/// The environment.
pub const ENVIRONMENT: &str = "floe.environment";
/// How something is, or how it ended: `healthy`, `error`, …
pub const STATUS: &str = "floe.status";
/// What ties an error to its log lines and its trace.
pub const CORRELATION_ID: &str = "floe.correlation_id";
/// The code of a diagnostic.
pub const CODE: &str = "floe.code";
/// dbt's id of a node.
pub const NODE: &str = "floe.node";
/// What the engine calls a statement.
pub const QUERY_ID: &str = "floe.query_id";
/// The method of a plugin.
pub const METHOD: &str = "floe.method";
/// The engine, by the semantic conventions.
pub const SYSTEM: &str = "db.system.name";
/// Database or catalog, by the semantic conventions.
pub const NAMESPACE: &str = "db.namespace";
/// The class of an error, by the semantic conventions.
pub const ERROR_TYPE: &str = "error.type";

/// The name for a field of a log event: the same in logs as elsewhere.
pub(super) fn of_log_field(field: &'static str) -> String {
    match field {
        "compute" => COMPUTE.to_owned(),
        "reason" => ERROR_TYPE.to_owned(),
        "plugin_version" => PLUGIN_VERSION.to_owned(),
        other => format!("floe.{other}"),
    }
}

/// `db.system.name` of an engine that dbt reaches by an adapter: the conventions' own word where there is one, else the
/// adapter's, which they allow.
pub fn system(dbt_adapter: &str) -> &str {
    match dbt_adapter {
        "redshift" => "aws.redshift",
        "postgres" => "postgresql",
        "sqlserver" => "microsoft.sql_server",
        other => other,
    }
}
