//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

use crate::ADAPTER;

/// dbt itself and the adapter, each with a lower and an upper bound.
pub(crate) fn required() -> PluginResult<DbtPackages> {
    // TODO 4: set the bounds to the versions that you have tried.
    // Set the name of the adapter's package too, where it is another one. `floe plugin test
    // --resolve-packages` asks the package index whether they can be installed together.
    Ok(DbtPackages::new(vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::between(&format!("dbt-{ADAPTER}"), "1.0", "2")?,
    ]))
}
