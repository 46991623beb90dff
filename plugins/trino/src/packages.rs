//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

use crate::config::{Method, Settings};

/// The packages of a compute.
///
/// * dbt-core stays below 1.12: from 1.12.1 on it does not install where only package registries can be reached.
/// * dbt-trino 1.11 is the version whose profile keys the settings are. It asks for `trino>=0.336,<1`.
/// * Kerberos is an extra of trino-python-client. Both bind the Kerberos library of the machine: the Python packages
///   below them (gssapi, krb5) are compiled against its headers where no wheel fits.
///
/// # Errors
/// Never, as the requirements are right.
pub(crate) fn required(settings: &Settings) -> PluginResult<DbtPackages> {
    let mut packages = vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::between("dbt-trino", "1.11", "1.12")?,
    ];
    let extra = match settings.method() {
        Method::Kerberos => Some("kerberos"),
        Method::Gssapi => Some("gssapi"),
        _ => None,
    };
    if let Some(extra) = extra {
        packages.push(PackageRequirement::with_extras("trino", &[extra], "0.336", "1")?);
    }
    Ok(DbtPackages::new(packages).with_requires_python(">=3.10,<3.14"))
}
