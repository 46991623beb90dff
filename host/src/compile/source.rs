//! What the compiler knows of plugins: this trait, and nothing of files, processes or libraries.

use floe_plugin_api::Request;
use semver::VersionReq;
use serde::Serialize;

use crate::diagnostics::Diagnostic;

/// Which binary a compute runs on; goes into the artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginIdentity {
    /// Name of the plugin.
    pub name: String,
    /// Its version (semver).
    pub version: String,
    /// Version of the boundary that it was built for.
    pub floe_api_version: String,
    /// Name of the file, without its folder: that differs from machine to machine.
    pub file: String,
    /// Target triple that it was built for.
    pub target: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// Where plugins come from.
pub trait ComputeSource: Sync {
    /// A plugin that answers.
    type Session: ComputeSession;

    /// Finds a plugin and checks it against the manifest's version requirement. Nothing of it is executed.
    ///
    /// # Errors
    /// One diagnostic, without a place in a file: the caller knows who asked for the plugin.
    fn find(&self, plugin: &str, requirement: Option<&VersionReq>) -> Result<(), Diagnostic>;

    /// Starts a plugin.
    ///
    /// # Errors
    /// One diagnostic, without a place in a file.
    fn open(&self, plugin: &str) -> Result<Self::Session, Diagnostic>;
}

/// A plugin that answers. Calls that only compute: nothing here connects anywhere.
pub trait ComputeSession {
    /// Which binary it is.
    fn identity(&self) -> &PluginIdentity;

    /// Calls the plugin.
    ///
    /// # Errors
    /// One diagnostic naming the plugin and the method.
    fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, Diagnostic>;

    /// Ends it; what it did besides answering (noise, processes left behind) comes back as diagnostics.
    fn close(self) -> Vec<Diagnostic>;
}
