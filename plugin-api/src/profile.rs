//! The dbt profile of one compute in one environment.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::builder::setters;
use crate::catalog::CatalogConfig;
use crate::config::ComputeConfig;
use crate::error::{ErrorKind, PluginError, PluginResult};
use crate::warning::Warning;

/// Asks for [`ProfileResponse`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileRequest {
    /// The compute, with the environment's settings merged in. Secrets are dbt's `{{ env_var('…') }}` expressions, to
    /// be copied into the output as they are.
    pub config: ComputeConfig,
    /// Name of the product that is compiled.
    pub product: String,
    /// Name of the environment; it is the dbt target too.
    pub environment: String,
    /// The catalog that the compute mounts, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogConfig>,
    /// Folder in which the helper files will lie, relative to the dbt project's folder, with `/`.
    pub helper_dir: String,
}

impl ProfileRequest {
    /// Asks for the profile of a compute.
    pub fn new(
        config: ComputeConfig,
        product: impl Into<String>,
        environment: impl Into<String>,
        helper_dir: impl Into<String>,
    ) -> Self {
        Self {
            config,
            product: product.into(),
            environment: environment.into(),
            catalog: None,
            helper_dir: helper_dir.into(),
        }
    }

    setters! {
        /// Sets the catalog that the compute mounts.
        with_catalog => catalog: Option<CatalogConfig>;
    }
}

/// A file that dbt needs beside the profile: a macro, a Python module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HelperFile {
    /// Path below the request's `helper_dir`, with `/`, without `..`.
    pub path: String,
    /// Its text.
    pub content: String,
}

impl HelperFile {
    /// A helper file.
    ///
    /// # Errors
    /// [`ErrorKind::PluginExecution`] where the path is absolute, empty, or leaves the folder.
    pub fn new(path: impl Into<String>, content: impl Into<String>) -> PluginResult<Self> {
        let file = Self { path: path.into(), content: content.into() };
        file.check()?;
        Ok(file)
    }

    /// Whether the path stays in its folder; the host asks this of every file that it is given.
    ///
    /// # Errors
    /// [`ErrorKind::PluginExecution`] where it does not.
    pub fn check(&self) -> PluginResult<()> {
        let inside = Path::new(&self.path).components().all(|part| matches!(part, Component::Normal(_)));
        if self.path.is_empty() || self.path.contains(['\\', '\0']) || !inside {
            return Err(PluginError::new(
                ErrorKind::PluginExecution,
                format!("the helper file path {:?} leaves its folder", self.path),
            )
            .with_reason("helper_file")
            .with_help("give a relative path without `..`"));
        }
        Ok(())
    }
}

/// What the dbt adapter itself does when a query takes longer than `timeout_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum TimeoutEnforcement {
    /// It cancels the query in time.
    Native,
    /// It cancels the query, late by up to so many seconds.
    Coarse {
        /// How late, in seconds.
        granularity_seconds: u32,
    },
    /// It has no such setting: only floe's own runner holds the limit.
    #[default]
    None,
    /// A way of a later version of floe.
    #[serde(other)]
    Unknown,
}

/// Where the compute keeps what it builds: decides who can read it and what may run side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Storage {
    /// In the process: gone when dbt ends.
    Memory,
    /// In a file that one process at a time may write.
    File {
        /// The file, as the profile names it.
        path: String,
    },
    /// In a service or catalog that many may use at once.
    Service,
    /// Not said, or said in the words of a later version.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A profile and what belongs to it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileResponse {
    /// One output of a `profiles.yml`: `type`, `threads`, `schema` and the adapter's own keys.
    pub output: Map<String, Value>,
    /// Files that dbt needs beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helper_files: Vec<HelperFile>,
    /// What the adapter does about `timeout_seconds`.
    #[serde(default)]
    pub timeout: TimeoutEnforcement,
    /// Where the compute keeps what it builds.
    #[serde(default)]
    pub storage: Storage,
    /// What the user should know of this profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

impl ProfileResponse {
    /// A profile with nothing beside it.
    pub fn new(output: Map<String, Value>) -> Self {
        Self { output, ..Self::default() }
    }

    setters! {
        /// Sets the files that dbt needs beside it.
        with_helper_files => helper_files: Vec<HelperFile>;
        /// Sets what the adapter does about `timeout_seconds`.
        with_timeout => timeout: TimeoutEnforcement;
        /// Sets where the compute keeps what it builds.
        with_storage => storage: Storage;
        /// Sets what the user should know of this profile.
        with_warnings => warnings: Vec<Warning>;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helper_files_stay_in_their_folder() {
        for path in ["", "/etc/passwd", "../up", "a/../../b", "a\\b", "a\0b", "./a"] {
            assert!(HelperFile::new(path, "").is_err(), "{path:?}");
        }
        assert!(HelperFile::new("macros/timeout.sql", "").is_ok());
    }

    #[test]
    fn answers_of_a_later_version_are_read() {
        let later = serde_json::json!({
            "output": {"type": "duckdb"}, "novelty": 1,
            "timeout": {"kind": "server_side", "x": 1}, "storage": {"kind": "tape", "reel": 4},
        });
        let response: ProfileResponse = serde_json::from_value(later).unwrap();
        assert_eq!(response.timeout, TimeoutEnforcement::Unknown);
        assert_eq!(response.storage, Storage::Unknown);
    }
}
