//! `floe env activate`.

use camino::Utf8Path;

use crate::cli::answer::Answer;
use crate::cli::args::{ProductArgs, StrictArgs};
use crate::cli::{product, progress};
use crate::diagnostics::Diagnostic;
use crate::run::place::ARTIFACTS;
use crate::run::{Session, activate, prepare};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
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
}

pub(super) fn run(args: &Args) -> Answer {
    let nothing = || Answer::verbatim("");
    let (compiled, mut diagnostics) = product::compile(&args.product, &args.strict, &[], Utf8Path::new(ARTIFACTS));
    let Some(compiled) = compiled else { return nothing().with_diagnostics(diagnostics) };
    diagnostics.extend(product::unknown(std::slice::from_ref(&args.compute), product::approved(&compiled)));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return nothing().with_diagnostics(diagnostics);
    }
    let environment = prepare::environment(&compiled, args.environment.as_deref());
    let lines = Session::open(&compiled, &environment, &[args.compute.as_str()], &progress::line)
        .and_then(|session| activate::lines(&session, &args.compute));
    match lines {
        Ok(lines) => Answer::verbatim(lines).with_diagnostics(diagnostics),
        Err(errors) => nothing().with_diagnostics(diagnostics.into_iter().chain(errors)),
    }
}
