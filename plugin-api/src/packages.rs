//! The Python packages that dbt needs for a compute.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::builder::optional_setters;
use crate::config::ComputeConfig;
use crate::error::{ErrorKind, PluginError, PluginResult};

/// Asks for [`DbtPackages`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DbtPackagesRequest {
    /// The compute: a setting may need an extra (`dbt-spark[PyHive]`).
    pub config: ComputeConfig,
}

impl DbtPackagesRequest {
    /// Asks for the packages of a compute.
    pub fn new(config: ComputeConfig) -> Self {
        Self { config }
    }
}

/// One requirement by PEP 508 with a lower and an upper bound: `dbt-duckdb>=1.11,<2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageRequirement(String);

impl PackageRequirement {
    /// `name>=lower,<upper`, right by construction.
    ///
    /// # Errors
    /// [`ErrorKind::PluginExecution`] where the name is none by PEP 508 or a bound is no release number (`1.11`).
    pub fn between(name: &str, lower: &str, upper: &str) -> PluginResult<Self> {
        Self::with_extras(name, &[], lower, upper)
    }

    /// `name[extra,…]>=lower,<upper`.
    ///
    /// # Errors
    /// As [`PackageRequirement::between`]; an extra follows the rule for names.
    pub fn with_extras(name: &str, extras: &[&str], lower: &str, upper: &str) -> PluginResult<Self> {
        for part in std::iter::once(&name).chain(extras) {
            if !is_name(part) {
                return Err(wrong(format!("{part:?} is no package name by PEP 508")));
            }
        }
        for bound in [lower, upper] {
            if !is_release(bound) {
                return Err(wrong(format!("{bound:?} is no release number such as 1.11")));
            }
        }
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        Ok(Self(format!("{name}{extras}>={lower},<{upper}")))
    }

    /// The requirement as pip reads it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn wrong(message: String) -> PluginError {
    PluginError::new(ErrorKind::PluginExecution, message).with_reason("package_requirement")
}

/// PEP 508: letters, digits, `.`, `_`, `-`; a letter or digit at both ends.
fn is_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// The release part of PEP 440: numbers between dots.
fn is_release(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

/// What dbt needs for a compute.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DbtPackages {
    /// Requirements, each with a lower and an upper bound.
    pub packages: Vec<PackageRequirement>,
    /// Versions of Python that they support, by PEP 440: `>=3.10,<3.14`; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
}

impl DbtPackages {
    /// The packages.
    pub fn new(packages: Vec<PackageRequirement>) -> Self {
        Self { packages, requires_python: None }
    }

    optional_setters! {
        /// Sets the versions of Python that they support.
        with_requires_python => requires_python: String;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_is_right_by_construction() {
        let plain = PackageRequirement::between("dbt-duckdb", "1.11", "2").unwrap();
        assert_eq!(plain.as_str(), "dbt-duckdb>=1.11,<2");
        let extras = PackageRequirement::with_extras("dbt-spark", &["PyHive"], "1.10", "1.12").unwrap();
        assert_eq!(extras.as_str(), "dbt-spark[PyHive]>=1.10,<1.12");
    }

    #[test]
    fn what_pip_could_not_read_is_refused() {
        for (name, lower) in [("", "1"), ("-x", "1"), ("x y", "1"), ("x", ""), ("x", "1."), ("x", "1;os_name")] {
            assert!(PackageRequirement::between(name, lower, "2").is_err(), "{name:?} {lower:?}");
        }
    }
}
