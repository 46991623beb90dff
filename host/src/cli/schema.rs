//! `floe schema`.

use clap::Subcommand;
use floe_plugin_api::ConfigSchemaRequest;
use serde_json::Value;

use super::answer::Answer;
use super::args::PluginArgs;
use super::wiring::{self, Plugins};
use crate::compile::manifest_schema;
use crate::compile::source::{ComputeSession as _, ComputeSource as _};
use crate::plugins::Found;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Of `manifest.yaml`, the settings of all installed plugins included
    Manifest(ManifestArgs),
    /// Of `floe.yaml`
    Spec,
    /// Of the settings that a plugin takes below a compute's `config`
    Plugin(NameArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ManifestArgs {
    #[command(flatten)]
    plugins: PluginArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct NameArgs {
    /// Name of the plugin
    name: String,

    #[command(flatten)]
    plugins: PluginArgs,
}

pub(super) fn run(command: &Command) -> Answer {
    match command {
        Command::Manifest(args) => manifest(args),
        Command::Spec => printed(&crate::documents::schema::spec_schema()),
        Command::Plugin(args) => {
            let host = wiring::plugin_host_without_manifest(&args.plugins);
            let mut session = match Plugins::new(&host).open(&args.name) {
                Ok(session) => session,
                Err(error) => return Answer::verbatim("").with_diagnostics([error]),
            };
            let answer = match session.call(&ConfigSchemaRequest::new()) {
                Ok(answer) => printed(&answer.schema),
                Err(error) => Answer::verbatim("").with_diagnostics([error]),
            };
            answer.with_diagnostics(session.close())
        }
    }
}

/// What is wrong with a plugin is a warning: the schema of the rest is there.
fn manifest(args: &ManifestArgs) -> Answer {
    let host = wiring::plugin_host_without_manifest(&args.plugins);
    let here = || host.list().iter().filter(|found| found.shadowed_by.is_none());
    let usable = here().filter(|found| found.outcome.is_ok()).filter_map(Found::name);
    let refused = here().filter_map(|found| found.outcome.as_ref().err()).filter(|refused| !refused.is_foreign());
    let refused = refused.flat_map(|refused| refused.reasons.iter().cloned()).map(manifest_schema::as_warning);
    let mut diagnostics: Vec<_> = host.problems().iter().cloned().chain(refused).collect();
    let usable: Vec<String> = usable.map(str::to_owned).collect();
    let (mut schemas, more) = manifest_schema::ask(&Plugins::new(&host), &usable);
    diagnostics.extend(more);
    schemas.sort_by(|one, two| one.plugin.cmp(&two.plugin));
    let (schema, more) = manifest_schema::compose(&schemas);
    diagnostics.extend(more);
    printed(&schema).with_diagnostics(diagnostics)
}

fn printed(schema: &Value) -> Answer {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    Answer::verbatim(text)
}
