//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

use crate::config::{Login, Settings};

/// The packages of a compute.
///
/// * dbt-core stays below 1.12: from 1.12.1 on it does not install where only package registries can be reached.
/// * dbt-databricks 1.12 is the version whose profile keys the settings are. It brings dbt-spark below 1.11, so that it and
///   dbt-spark 1.11 need environments of their own.
/// * The federation of identities came with 1.12.8.
///
/// # Errors
/// Never, as the requirements are right.
pub(crate) fn required(settings: &Settings) -> PluginResult<DbtPackages> {
    let least = if settings.login().is_some_and(Login::is_federated) { "1.12.8" } else { "1.12" };
    let packages = vec![
        PackageRequirement::between("dbt-core", "1.11.2", "1.12")?,
        PackageRequirement::between("dbt-databricks", least, "1.13")?,
    ];
    Ok(DbtPackages::new(packages).with_requires_python(">=3.10,<3.14"))
}
