//! Ties the compiler's `ComputeSource` to the plugins that are found.

use std::time::Duration;

use floe_plugin_api::Request;
use semver::VersionReq;

use super::args::PluginArgs;
use crate::compile::source::{ComputeSession, ComputeSource, PluginIdentity};
use crate::diagnostics::Diagnostic;
use crate::plugins::trust::Policy;
use crate::plugins::{Launcher, PluginHost, SearchOptions, Worker};
use crate::telemetry;

/// How long a plugin may take for a call that only computes. The slowest takes milliseconds.
const CALL_DEADLINE: Duration = Duration::from_secs(5);

/// The plugins of the search path, as far as the manifests allow them.
pub(super) fn plugin_host(args: &PluginArgs, policy: Policy) -> PluginHost {
    plugin_host_without_manifest(args).with_policy(policy)
}

/// The same for a command that has no manifest, and so nobody's demands to fulfil.
pub(super) fn plugin_host_without_manifest(args: &PluginArgs) -> PluginHost {
    let folder = args.plugins_dir.clone().map(camino::Utf8PathBuf::into_std_path_buf);
    // Where the system does not say which binary this is, the one on the PATH is a good guess.
    let launcher = Launcher::this_program().unwrap_or_else(|_| Launcher::new("floe"));
    PluginHost::discover(&SearchOptions::from_environment(folder), launcher)
}

/// The plugins that are found, as the compiler sees them.
pub(super) struct Plugins<'a> {
    host: &'a PluginHost,
}

impl<'a> Plugins<'a> {
    pub(super) fn new(host: &'a PluginHost) -> Self {
        Self { host }
    }
}

/// A worker, and which binary runs in it.
pub(super) struct Session {
    identity: PluginIdentity,
    worker: Worker,
}

impl ComputeSource for Plugins<'_> {
    type Session = Session;

    fn find(&self, plugin: &str, requirement: Option<&VersionReq>) -> Result<(), Diagnostic> {
        let found = self.host.find(plugin)?;
        requirement.map_or(Ok(()), |requirement| found.fulfils(requirement))
    }

    fn open(&self, plugin: &str) -> Result<Session, Diagnostic> {
        let found = self.host.find(plugin)?;
        let identity = PluginIdentity {
            name: found.record.name.clone(),
            version: found.record.version.clone(),
            floe_api_version: found.record.floe_api_version.clone(),
            file: found.path.file_name().unwrap_or_default().to_owned(),
            target: found.record.target.clone(),
            sha256: telemetry::phase("hash", || {
                // What is pinned is hashed here too, so that its time is not that of the worker.
                self.host.examine(found);
                found.sha256()
            })?,
        };
        let worker = telemetry::phase("worker", || self.host.start(found))?;
        Ok(Session { identity, worker })
    }
}

impl ComputeSession for Session {
    fn identity(&self) -> &PluginIdentity {
        &self.identity
    }

    fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, Diagnostic> {
        self.worker.call(request, CALL_DEADLINE)
    }

    fn close(self) -> Vec<Diagnostic> {
        self.worker.finish()
    }
}
