//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

/// The packages of a compute.
///
/// * dbt-core stays below 1.12: from 1.12.1 on it does not install where only package registries can be reached.
/// * dbt-bigquery 1.12.1 is the version whose profile keys the settings are. It takes dbt-core 1.11 too.
///
/// # Errors
/// Never, as the requirements are right.
pub(crate) fn required() -> PluginResult<DbtPackages> {
    Ok(DbtPackages::new(vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::between("dbt-bigquery", "1.12.1", "1.13")?,
    ])
    .with_requires_python(">=3.10,<3.14"))
}
