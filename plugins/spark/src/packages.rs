//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

use crate::config::{Method, Settings};
use crate::rules;

/// The packages of a compute.
///
/// * dbt-core stays below 1.12: from 1.12.1 on it does not install where only package registries can be reached.
/// * dbt-spark 1.11 is the version whose profile keys the settings are. Its extra brings the driver of the method along:
///   PyHive with the pure Python SASL, pyodbc, or Spark itself.
/// * Kerberos is a module of its own, built against the machine's Kerberos libraries.
///
/// # Errors
/// Where the settings contradict each other.
pub(crate) fn required(settings: &Settings) -> PluginResult<DbtPackages> {
    let method = rules::verify(settings)?;
    let extra = match method {
        Method::Thrift | Method::Http => "PyHive",
        Method::Odbc => "ODBC",
        Method::Session => "session",
    };
    let mut packages = vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::with_extras("dbt-spark", &[extra], "1.11", "1.12")?,
    ];
    if settings.auth() == Some("KERBEROS") {
        packages.push(PackageRequirement::between("kerberos", "1.3", "2")?);
    }
    Ok(DbtPackages::new(packages).with_requires_python(">=3.10,<3.14"))
}
