//! What differs between versions of DuckDB.

use floe_plugin_api::PluginResult;
use floe_plugin_common::wrong;

/// A version of DuckDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u64, u64, u64);

/// The first that writes to a catalog.
const FIRST: Version = Version(1, 4, 0);
/// The version that the live check runs, and the least that dbt gets.
const OURS: Version = Version(1, 5, 5);

impl Version {
    /// Reads `1.5.5` or `v1.5.5`; what the packages of the plugin bring where nothing is said.
    ///
    /// # Errors
    /// A configuration error for what is no version, and for one that cannot write to a catalog.
    pub(crate) fn of(text: Option<&str>) -> PluginResult<Self> {
        let Some(text) = text else { return Ok(OURS) };
        let mut parts = text.trim_start_matches('v').split(['.', '-', '+']).map(str::parse);
        let mut part = || parts.next().and_then(Result::ok);
        let version = match (part(), part(), part()) {
            (Some(major), Some(minor), Some(patch)) => Self(major, minor, patch),
            _ => {
                return Err(wrong(
                    "engine_version",
                    format!("`{text}` is no version of DuckDB"),
                    "write it as `1.5.5`",
                ));
            }
        };
        if version < FIRST {
            return Err(wrong(
                "engine_version",
                format!("DuckDB {text} cannot write to an Iceberg catalog"),
                "use DuckDB 1.4 or newer",
            ));
        }
        Ok(version)
    }

    /// Whether it knows the options that came with 1.5.4.
    pub(crate) fn has_compatibility_options(self) -> bool {
        self >= Self(1, 5, 4)
    }

    /// What it calls the catalog's address: `URI` from 2.0 on, where `ENDPOINT` is deprecated.
    pub(crate) fn address_option(self) -> &'static str {
        if self >= Self(2, 0, 0) { "URI" } else { "ENDPOINT" }
    }
}
