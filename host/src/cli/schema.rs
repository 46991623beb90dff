//! `floe schema`.

use clap::Subcommand;
use floe_plugin_api::ConfigSchemaRequest;
use serde_json::Value;

use super::answer::Answer;
use super::args::PluginArgs;
use super::wiring::{self, Plugins};
use crate::compile::source::{ComputeSession as _, ComputeSource as _};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Of `manifest.yaml`
    Manifest,
    /// Of `floe.yaml`
    Spec,
    /// Of the settings that a plugin takes below a compute's `config`
    Plugin(NameArgs),
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
        Command::Manifest => printed(&crate::documents::schema::manifest_schema()),
        Command::Spec => printed(&crate::documents::schema::spec_schema()),
        Command::Plugin(args) => {
            let host = wiring::plugin_host(&args.plugins);
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

fn printed(schema: &Value) -> Answer {
    let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text.push('\n');
    Answer::verbatim(text)
}
