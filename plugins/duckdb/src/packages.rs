//! The Python packages that dbt needs.

use floe_plugin_api::{DbtPackages, PackageRequirement, PluginResult};

use crate::config::Settings;

/// A package with its lower and upper bound.
type Needs = (&'static str, &'static str, &'static str);

/// Requirements of dbt-duckdb's own modules, by module: they are imported when the module is used.
const MODULES: [(&str, &[Needs]); 5] = [
    ("excel", &[("pandas", "2", "4"), ("openpyxl", "3.1", "4")]),
    ("gsheet", &[("gspread", "6", "7"), ("pandas", "2", "4")]),
    ("iceberg", &[("pyiceberg", "0.8", "1")]),
    ("delta", &[("deltalake", "0.18", "2"), ("pyarrow", "15", "30"), ("pandas", "2", "4")]),
    ("sqlalchemy", &[("sqlalchemy", "2", "3"), ("pandas", "2", "4")]),
];

/// The packages of a compute.
///
/// * dbt-core stays below 1.12: from 1.12.1 on it does not install where only package registries can be reached.
/// * dbt-duckdb 1.11.1 is the version whose profile keys the settings are.
/// * duckdb is at least the version that the live check runs, and below 2.0: a file that DuckDB 2.0 has written is one
///   that 1.x refuses.
///
/// # Errors
/// Never, as the requirements are right.
pub(crate) fn required(settings: &Settings) -> PluginResult<DbtPackages> {
    let modules: Vec<&str> = settings.plugins.iter().flatten().map(|plugin| plugin.module.as_str()).collect();
    let mut extras = Vec::new();
    if modules.contains(&"glue") {
        extras.push("glue");
    }
    if settings.uses_motherduck() {
        extras.push("md");
    }
    let mut packages = vec![
        PackageRequirement::between("dbt-core", "1.11", "1.12")?,
        PackageRequirement::with_extras("dbt-duckdb", &extras, "1.11.1", "1.12")?,
        PackageRequirement::between("duckdb", "1.5.5", "2")?,
    ];
    if settings.filesystems.as_ref().is_some_and(|list| !list.is_empty()) {
        packages.push(PackageRequirement::between("fsspec", "2024.2", "2028")?);
    }
    for (_, needs) in MODULES.iter().filter(|(module, _)| modules.contains(module)) {
        for (name, lower, upper) in *needs {
            packages.push(PackageRequirement::between(name, lower, upper)?);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    packages.retain(|package| seen.insert(package.clone()));
    Ok(DbtPackages::new(packages).with_requires_python(">=3.10,<3.14"))
}
