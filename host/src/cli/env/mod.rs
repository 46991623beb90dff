//! `floe env`: the variables here, the Python environments and what plain dbt needs in files of their own.

mod activate;
mod python;

use camino::Utf8Path;
use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::answer::Answer;
use crate::cli::args::{ProductArgs, StrictArgs};
use crate::cli::product;
use crate::cli::table::table;
use crate::documents::secrets::{Availability, Surroundings};
use crate::run::variables::{Variable, variables};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a Python environment for each compute, from the packages that its plugin asks for
    Sync(python::SyncArgs),
    /// List the Python environments, and whether they can be used as they are
    List(python::ListArgs),
    /// Print what plain dbt needs for one compute, for a POSIX shell: eval "$(floe env activate --compute C)"
    Activate(activate::Args),
    /// List the environment variables that dbt needs, and whether they are there; never a value
    Vars(VarsArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct VarsArgs {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// The environment in which dbt is to run; the spec's first without
    #[arg(long = "env", value_name = "NAME")]
    environment: Option<String>,

    /// Print another form of the list
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Form>,

    /// Fail where a variable is missing or its file cannot be read
    #[arg(long)]
    deny_missing: bool,
}

/// A form that is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for a POSIX shell, which looks the values up and exports them for dbt
    Shell,
}

pub(super) fn run(command: &Command) -> Answer {
    match command {
        Command::Sync(args) => python::sync(args),
        Command::List(args) => python::list(args),
        Command::Activate(args) => activate::run(args),
        Command::Vars(args) => vars(args),
    }
}

fn vars(args: &VarsArgs) -> Answer {
    let wanted: Vec<String> = args.environment.iter().cloned().collect();
    let (compiled, diagnostics) = product::compile(&args.product, &args.strict, &wanted, Utf8Path::new("target/floe"));
    let Some(compiled) = compiled else {
        return Answer::default().with_diagnostics(diagnostics).with("variables", json!([]));
    };
    let surroundings = Surroundings::of_process(&compiled.project_dir);
    let environment = compiled.artifacts.environments.first().map_or("", |environment| environment.name.as_str());
    let found = variables(&compiled.needs, environment, &surroundings);
    let is_missing = |variable: &Variable| !matches!(variable.status, Availability::Set | Availability::Default);
    let answer = match args.form {
        Some(Form::Shell) => {
            Answer::verbatim(found.iter().filter_map(Variable::export).map(|line| line + "\n").collect::<String>())
        }
        None => Answer::text(text(&found, environment)),
    };
    answer
        .with_diagnostics(diagnostics)
        .with("variables", json!(found))
        .denied(args.deny_missing && found.iter().any(is_missing))
}

fn text(found: &[Variable], environment: &str) -> String {
    if found.is_empty() {
        return format!("dbt needs no variable in environment {environment}\n");
    }
    let rows: Vec<_> = found
        .iter()
        .map(|variable| {
            let status = match variable.status {
                Availability::Set => "set",
                Availability::Default => "default",
                Availability::Missing => "missing",
                Availability::Unreadable => "unreadable",
            };
            [variable.variable.clone(), variable.source_text(), status.to_owned(), variable.computes.join(", ")]
        })
        .collect();
    table(["variable", "source", "status", "computes"], &rows)
}
