//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

/// The packages of a compute.
///
/// * dbt-core stays below 1.12: from 1.12.1 on it does not install where only package registries can be reached.
/// * dbt-snowflake 1.12 is the version whose profile keys the settings are; it runs on dbt-core 1.10 and later, and asks for
///   `snowflake-connector-python>=4.2,<5`, with which programmatic access tokens and workload identities come.
///
/// # Errors
/// Never, as the requirements are right.
pub(crate) fn required() -> PluginResult<DbtPackages> {
    let packages = vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::between("dbt-snowflake", "1.12", "1.13")?,
    ];
    Ok(DbtPackages::new(packages).with_requires_python(">=3.10,<3.14"))
}
