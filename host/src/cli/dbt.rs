//! `floe dbt`.

use std::process::ExitStatus;

use super::answer::Answer;
use super::args::{ProductArgs, StrictArgs};
use super::{product, progress};
use crate::diagnostics::Diagnostic;
use crate::run::prepare::environment;
use crate::run::{Session, command};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// The compute
    #[arg(long, value_name = "NAME")]
    compute: String,

    /// The environment; the spec's first without
    #[arg(long = "env", value_name = "NAME")]
    environment: Option<String>,

    /// dbt's own arguments, behind `--`
    #[arg(last = true, required = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

pub(super) fn run(args: &Args) -> Answer {
    let mut diagnostics = command::check(&args.arguments, &args.compute);
    if !diagnostics.is_empty() {
        return Answer::verbatim("").with_diagnostics(diagnostics);
    }
    let (compiled, more) = product::compile_to_run(&args.product, &args.strict);
    diagnostics.extend(more);
    let Some(compiled) = compiled else { return Answer::verbatim("").with_diagnostics(diagnostics) };
    diagnostics.extend(product::unknown(std::slice::from_ref(&args.compute), product::approved(&compiled)));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Answer::verbatim("").with_diagnostics(diagnostics);
    }
    let environment = environment(&compiled, args.environment.as_deref());
    let session = match Session::open(&compiled, &environment, &[args.compute.as_str()], &progress::line) {
        Ok(session) => session,
        Err(errors) => return Answer::verbatim("").with_diagnostics(diagnostics.into_iter().chain(errors)),
    };
    let ended = command::run(&session, &args.compute, &args.arguments);
    if !ended.left_out.is_empty() {
        let mut computes: Vec<&str> = ended.left_out.values().map(String::as_str).collect();
        computes.sort_unstable();
        computes.dedup();
        let count = ended.left_out.len();
        let what = if count == 1 { "1 node or test was".to_owned() } else { format!("{count} nodes and tests were") };
        progress::line(&format!("{what} left out: they run on {}", computes.join(", ")));
    }
    let failed = ended.status.is_none_or(|status| !status.success());
    diagnostics.extend(ended.diagnostics);
    Answer::verbatim("")
        .with_diagnostics(diagnostics)
        .denied(failed)
        .ending_as(ended.status.as_ref().and_then(ExitStatus::code))
}
