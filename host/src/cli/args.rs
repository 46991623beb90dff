//! Arguments that several subcommands take.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use crate::run::prepare::Ask;
use crate::run::select::Selection;

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
    #[arg(long, value_name = "FILE", default_value = ProductArgs::SPEC)]
    pub(super) spec: Utf8PathBuf,

    /// The manifest, in place of the spec's own `platform.manifest`
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<Utf8PathBuf>,

    #[command(flatten)]
    pub(super) plugins: PluginArgs,
}

impl ProductArgs {
    /// The spec, where no other is named.
    pub(super) const SPEC: &'static str = "floe.yaml";
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

/// What of a product is planned or run.
#[derive(Debug, Clone, Args)]
pub(super) struct ScopeArgs {
    /// The environment; the spec's first without
    #[arg(long = "env", value_name = "NAME")]
    environment: Option<String>,

    /// Only what dbt selects by this; each node runs on the compute that owns it
    #[arg(long, short, value_name = "DBT-SELECTION", num_args = 1..)]
    select: Vec<String>,

    /// Leave out what dbt selects by this
    #[arg(long, value_name = "DBT-SELECTION", num_args = 1..)]
    exclude: Vec<String>,

    /// The folder of a dbt manifest to compare with, for `--select state:modified`
    #[arg(long, value_name = "FOLDER")]
    state: Option<Utf8PathBuf>,

    /// Read what is not selected from this environment
    #[arg(long, value_name = "NAME")]
    defer_to: Option<String>,

    /// Begin incremental models anew
    #[arg(long)]
    full_refresh: bool,
}

impl ScopeArgs {
    /// The environment, where one is named.
    pub(super) fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }

    /// The same in the words of the room below.
    pub(super) fn ask(&self) -> Ask {
        let absolute = |path: &Utf8PathBuf| camino::absolute_utf8(path).unwrap_or_else(|_| path.clone());
        Ask {
            environment: self.environment.clone(),
            selection: Selection {
                select: self.select.clone(),
                exclude: self.exclude.clone(),
                state: self.state.as_ref().map(absolute),
                exactly: None,
            },
            full_refresh: self.full_refresh,
            defer_to: self.defer_to.clone(),
        }
    }
}
