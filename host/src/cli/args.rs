//! Arguments that several subcommands take.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Which product.
#[derive(Debug, Clone, Args)]
pub(super) struct ProductArgs {
    /// The spec; beside it lies the dbt project
    #[arg(long, value_name = "FILE", default_value = "floe.yaml")]
    pub(super) spec: Utf8PathBuf,

    /// The manifest, in place of the spec's own `platform.manifest`
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<Utf8PathBuf>,

    #[command(flatten)]
    pub(super) plugins: PluginArgs,
}

/// How strict to be.
#[derive(Debug, Clone, Args)]
pub(super) struct StrictArgs {
    /// Fail on warnings too, and write nothing then
    #[arg(long)]
    pub(super) deny_warnings: bool,

    /// Load nothing that floe.lock does not pin, and fail where there is no floe.lock
    #[arg(long)]
    pub(super) locked: bool,
}

/// Where plugins are.
#[derive(Debug, Clone, Args)]
pub(super) struct PluginArgs {
    /// Look for plugins in this folder, and nowhere else
    #[arg(long, value_name = "FOLDER")]
    pub(super) plugins_dir: Option<Utf8PathBuf>,
}
