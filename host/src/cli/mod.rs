//! The command line: one file a subcommand. Parses arguments, calls the rooms below, renders. No logic.

mod answer;
mod args;
mod compile;
mod completions;
mod dbt;
mod env;
mod explain;
mod health;
mod init;
mod parity;
mod plan;
mod plugin;
mod product;
mod progress;
mod run;
mod schema;
mod status;
mod table;
mod wiring;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use args::Format;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::machine::TELEMETRY;
use crate::telemetry;

/// Governed, per-transform compute engines for dbt.
#[derive(Debug, Parser)]
#[command(name = "floe", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit status: 0 fine, 1 errors (diagnostics say which), 2 usage, 130 interrupted.")]
struct Cli {
    /// How to print the result: text for people, one JSON object for machines
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first floe.yaml and manifest.yaml for an existing dbt project, and explain them
    Init(init::Args),
    /// Check spec, manifest and plugins, and write the artifacts that dbt runs with
    Compile(compile::Args),
    /// Show what runs where, and in which order
    Plan(plan::Args),
    /// Run the plan with dbt, step by step, each model on the compute that owns it
    Run(run::Args),
    /// Show what became of a run, and how to go on with it
    Status(status::Args),
    /// Run one plain dbt command, set up for one compute
    Dbt(dbt::Args),
    /// Check the connections of all computes, side by side
    Health(health::Args),
    /// Look at what dbt needs around it
    #[command(subcommand)]
    Env(env::Command),
    /// Compare two artifacts: every transform must run on the same compute in both
    Parity(parity::Args),
    /// Look at plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Print the JSON Schema of a document, for editors
    #[command(subcommand)]
    Schema(schema::Command),
    /// Explain the code of a diagnostic
    Explain(explain::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

impl Command {
    /// As it is typed.
    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Compile(_) => "compile",
            Self::Plan(_) => "plan",
            Self::Run(_) => "run",
            Self::Status(_) => "status",
            Self::Dbt(_) => "dbt",
            Self::Health(_) => "health",
            Self::Env(_) => "env",
            Self::Parity(_) => "parity",
            Self::Plugin(_) => "plugin",
            Self::Schema(_) => "schema",
            Self::Explain(_) => "explain",
            Self::Completions(_) => "completions",
        }
    }
}

/// Runs the command line. A worker is dispatched before this is called.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return answer::usage(&error),
    };
    let telemetry = telemetry::start(cli.command.name());
    let id = telemetry::correlation_id();
    let answer = match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Run(args) => run::run(&args, cli.format),
        Command::Status(args) => status::run(&args),
        Command::Dbt(args) => dbt::run(&args),
        Command::Health(args) => health::run(&args, cli.format, id),
        Command::Env(command) => env::run(&command),
        Command::Parity(args) => parity::run(&args),
        Command::Plugin(command) => plugin::run(&command),
        Command::Schema(command) => schema::run(&command),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Cli::command()),
    };
    let answer = answer.with_diagnostics(telemetry.problems().into_iter().map(not_exported));
    if let Some(first) = answer.first_error() {
        telemetry.failed(first.code.id, &first.message);
    }
    let code = answer.print(cli.format, id);
    telemetry.finish();
    code
}

fn not_exported(why: String) -> Diagnostic {
    Diagnostic::warning(
        &TELEMETRY,
        why,
        "set OTEL_EXPORTER_OTLP_ENDPOINT to an OTLP receiver of the protocol `http/protobuf`; \
         docs/observability.md lists the variables",
    )
}
