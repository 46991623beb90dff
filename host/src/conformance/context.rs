//! What is known of the plugin so far, and what it is asked with.

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::{ComputeConfig, PluginMetadata};
use tempfile::TempDir;

use super::Options;
use super::network::Network;
use super::settings::{Sample, aimed};
use crate::compile::schema::SettingsSchema;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::conformance as codes;
use crate::plugins::describe_io;

/// What is known of the plugin so far.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) network: Network,
    folder: TempDir,
    pub(super) metadata: Option<PluginMetadata>,
    pub(super) schema: Option<SettingsSchema>,
    /// The keys at the top that say a port.
    pub(super) ports: Vec<String>,
    /// Settings that it accepts, the smallest first.
    pub(super) samples: Vec<Sample>,
    /// Why there are none, where the plugin has rules that its schema does not say.
    pub(super) needs_settings: Option<String>,
    /// What is wrong with the settings of the file.
    pub(super) wrong_settings: Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    pub(super) fn new(options: &'a Options) -> Result<Self, Diagnostic> {
        let failed = |error: std::io::Error| {
            Diagnostic::error(
                &codes::NOT_TESTED,
                format!("the plugin cannot be tested here: {}", describe_io(&error)),
                "see whether this machine lets you open ports on 127.0.0.1 and write to the temporary folder (TMPDIR)",
            )
        };
        Ok(Self {
            options,
            network: Network::new().map_err(failed)?,
            folder: tempfile::Builder::new().prefix("floe-plugin-test-").tempdir().map_err(failed)?,
            metadata: None,
            schema: None,
            ports: Vec::new(),
            samples: Vec::new(),
            needs_settings: None,
            wrong_settings: Vec::new(),
        })
    }

    /// Whether the engine runs where its user does: then a check may go to where its settings lead.
    pub(super) fn is_local(&self) -> bool {
        self.metadata.as_ref().is_some_and(|metadata| metadata.self_hosted)
    }

    /// The largest settings that it accepts.
    pub(super) fn largest(&self) -> Option<&Sample> {
        self.samples.iter().max_by_key(|sample| sample.profile.connection.as_map().len())
    }

    /// The same settings, leading to a port of this machine; `None` where nothing in them says where they lead.
    pub(super) fn aimed(&self, config: &ComputeConfig, port: u16) -> Option<ComputeConfig> {
        aimed(config, port, &self.ports)
    }

    /// A folder that stands for the dbt project's.
    pub(super) fn folder(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap_or(Utf8Path::new("/tmp"))
    }

    /// The folder of the file with the settings, from which its relative paths count.
    pub(super) fn folder_of_settings(&self) -> Utf8PathBuf {
        let named = self.options.settings.as_deref().and_then(Utf8Path::parent);
        let named = named.filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        camino::absolute_utf8(named).unwrap_or_else(|_| named.to_owned())
    }
}
