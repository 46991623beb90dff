//! The trait that a plugin implements.

use crate::catalog::{CatalogAttachment, CatalogAttachmentRequest};
use crate::check::{CheckRequest, ConnectionResult};
use crate::config::{ConfigSchema, ConfigSchemaRequest};
use crate::error::PluginResult;
use crate::metadata::{MetadataRequest, PluginMetadata};
use crate::packages::{DbtPackages, DbtPackagesRequest};
use crate::profile::{ProfileRequest, ProfileResponse};
use crate::resources::{ResourceSpec, ResourcesRequest};

/// A compute engine for floe.
///
/// Every method takes one request document and returns one response document. A panic becomes an error of the call.
/// All but [`validate_connection`](Self::validate_connection) are pure: the same request gives the same answer, nothing
/// is connected to, read or written. There is no method that executes a query: dbt executes all SQL.
///
/// Write nothing to standard output. What goes to standard error reaches floe's log.
///
/// Leaving out a required method does not compile:
///
/// ```compile_fail,E0046
/// struct Half;
/// impl floe_plugin_api::ComputePlugin for Half {}
/// ```
pub trait ComputePlugin: Send + Sync + 'static {
    /// What the plugin is: engine, adapter, whether the engine is self-hosted.
    fn metadata(&self, request: &MetadataRequest) -> PluginResult<PluginMetadata>;

    /// JSON Schema (draft 2020-12) of the plugin's own settings. The host refuses what it does not name, and every
    /// literal where it says secret.
    fn config_schema(&self, request: &ConfigSchemaRequest) -> PluginResult<ConfigSchema>;

    /// One output of dbt's `profiles.yml` for the compute, with which `dbt debug` passes, and what belongs to it.
    fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse>;

    /// The Python packages that dbt needs for the compute, each with a lower and an upper bound.
    fn get_required_dbt_packages(&self, request: &DbtPackagesRequest) -> PluginResult<DbtPackages>;

    /// Checks the connection with a native driver, before the request's deadline, changing nothing and costing nothing:
    /// no table is made, no warehouse woken. An engine that cannot be used is an unhealthy
    /// [`ConnectionResult`]; an error is for a request that cannot be carried out.
    ///
    /// Unless the request says `keep_connection`, nothing is left open: no thread, file, socket or child.
    fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult>;

    /// CPU, memory, local disk and GPUs of the Kubernetes pod in which dbt runs for the compute.
    fn get_resource_requirements(&self, request: &ResourcesRequest) -> PluginResult<ResourceSpec>;

    /// The SQL with which the engine mounts an Iceberg catalog; by default it needs none.
    fn get_catalog_attachment_sql(&self, _request: &CatalogAttachmentRequest) -> PluginResult<CatalogAttachment> {
        Ok(CatalogAttachment::none_needed())
    }
}
