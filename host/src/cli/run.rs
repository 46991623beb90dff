//! `floe run`.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde_json::json;

use super::answer::Answer;
use super::args::{ProductArgs, ScopeArgs, StrictArgs};
use super::table::{seconds, table};
use super::{product, progress};
use crate::run::execute::outcome::Status;
use crate::run::execute::{Options, Ran, Run};
use crate::run::place::ARTIFACTS;
use crate::run::prepare;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    /// Stop at the first failure
    #[arg(long)]
    fail_fast: bool,
}

pub(super) fn run(args: &Args) -> Answer {
    let (compiled, mut diagnostics) = product::compile(&args.product, &args.strict, &[], Utf8Path::new(ARTIFACTS));
    let empty = |answer: Answer| answer.with("runs", json!([])).with("steps", json!([])).with("results", json!([]));
    let Some(compiled) = compiled else { return empty(Answer::default().with_diagnostics(diagnostics)) };
    let ask = args.scope.ask();
    let options = Options { full_refresh: ask.full_refresh, fail_fast: args.fail_fast };
    let (ran, more) = prepare::with(&compiled, &ask, &progress::line, |prepared| {
        let is_denied = args.strict.deny_warnings && prepared.has_warnings;
        if !prepared.is_sound || prepared.plan.steps.is_empty() || is_denied {
            return (None, Vec::new());
        }
        let run = Run {
            session: prepared.session,
            graphs: prepared.graphs,
            addresses: prepared.addresses,
            scope: prepared.scope,
            plan: prepared.plan,
            options,
        };
        match run.execute(&|told| progress::of_run(&told)) {
            Ok(mut ran) => {
                let diagnostics = std::mem::take(&mut ran.diagnostics);
                (Some(ran), diagnostics)
            }
            Err(errors) => (None, errors),
        }
    });
    diagnostics.extend(more);
    product::deny_warnings(&args.strict, &mut diagnostics);
    let Some(ran) = ran.flatten() else { return empty(Answer::default().with_diagnostics(diagnostics)) };
    let place = ran.folder.strip_prefix(&compiled.project_dir).unwrap_or(&ran.folder).to_string();
    Answer::text(text(&ran, &place))
        .with_diagnostics(diagnostics)
        .with("runs", json!([{"run": ran.id, "folder": place}]))
        .with("steps", ran.steps.clone())
        .with("results", ran.results.clone())
}

fn text(ran: &Ran, place: &str) -> String {
    let rows: Vec<_> = ran
        .steps
        .iter()
        .map(|step| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for result in ran.results.iter().filter(|result| result.step == step.step) {
                let word = match result.status {
                    Status::Success => "done",
                    Status::Warn => "warned",
                    Status::Error => "failed",
                    Status::Skipped => "skipped",
                };
                *counts.entry(word).or_default() += 1;
            }
            let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
            [
                step.step.to_string(),
                step.compute.clone(),
                step.status.to_owned(),
                seconds(step.seconds),
                counts.join(", "),
            ]
        })
        .collect();
    format!(
        "{}\ndbt's artifacts of the run: {place}\n",
        table(["step", "compute", "status", "took", "nodes and tests"], &rows)
    )
}
