//! `floe run`.

use std::collections::BTreeMap;

use serde_json::json;

use super::answer::Answer;
use super::args::{Format, ProductArgs, ScopeArgs, StrictArgs};
use super::table::{seconds, table};
use super::{product, progress};
use crate::compile::Compiled;
use crate::diagnostics::Diagnostic;
use crate::run::execute::{Options, Ran, Run};
use crate::run::journal::Outcome;
use crate::run::prepare::{self, Ask};
use crate::run::results::{NodeResult, Status};
use crate::run::resume::{self, Resumed};

/// As a shell says it of a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

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

    /// Go on with a run, the newest without an id: only what failed, was skipped or was not come to
    #[arg(
        long,
        value_name = "RUN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["select", "exclude", "state", "defer_to", "full_refresh", "fail_fast"]
    )]
    resume: Option<String>,

    /// Run this step of the plan alone; somebody else sees to the order
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    step: Option<usize>,

    /// With --step: refuse where the plan here is not the one with this digest
    #[arg(long, value_name = "DIGEST", requires = "step")]
    plan: Option<String>,
}

impl Args {
    /// What is asked for where nothing is resumed.
    fn asked(&self) -> (Ask, Options) {
        let ask = self.scope.ask();
        let options =
            Options { full_refresh: ask.full_refresh, fail_fast: self.fail_fast, step: self.step, resumes: None };
        (ask, options)
    }
}

pub(super) fn run(args: &Args, format: Format) -> Answer {
    let (compiled, mut diagnostics) = product::compile_to_run(&args.product, &args.strict);
    let empty = |answer: Answer| answer.with("runs", json!([])).with("steps", json!([])).with("results", json!([]));
    let Some(compiled) = compiled else { return empty(Answer::default().with_diagnostics(diagnostics)) };
    let resumed = match resumed(args, &compiled) {
        Ok(resumed) => resumed,
        Err(problem) => return empty(Answer::default().with_diagnostics(diagnostics).with_diagnostics([problem])),
    };
    let (ask, options) = resumed.map_or_else(|| args.asked(), |resumed| (resumed.ask, resumed.options));
    let told = progress::OfRun::new(format);
    let (ran, more) = prepare::with(&compiled, &ask, &progress::line, |prepared| {
        let is_denied = args.strict.deny_warnings && prepared.has_warnings;
        if !prepared.is_sound || prepared.plan.steps.is_empty() || is_denied {
            return (None, Vec::new());
        }
        if let Some(problem) = options.step.and_then(|step| prepared.plan.refuse_step(step, args.plan.as_deref())) {
            return (None, vec![problem]);
        }
        let run = Run {
            session: prepared.session,
            graphs: prepared.graphs,
            addresses: prepared.addresses,
            scope: prepared.scope,
            plan: prepared.plan,
            options,
        };
        match run.execute(&|progress| told.tell(&progress)) {
            Ok(mut ran) => {
                let diagnostics = std::mem::take(&mut ran.diagnostics);
                (Some(ran), diagnostics)
            }
            Err(errors) => (None, errors),
        }
    });
    told.end();
    diagnostics.extend(more);
    product::deny_warnings(&args.strict, &mut diagnostics);
    let Some(ran) = ran.flatten() else { return empty(Answer::default().with_diagnostics(diagnostics)) };
    let place = ran.folder.strip_prefix(&compiled.project_dir).unwrap_or(&ran.folder).to_string();
    let code = (ran.outcome == Outcome::Interrupted).then_some(INTERRUPTED);
    Answer::text(text(&ran, &place))
        .with_diagnostics(diagnostics)
        .with("runs", json!([{"run": ran.id, "folder": place, "outcome": ran.outcome}]))
        .with("steps", ran.steps.clone())
        .with("results", ran.results.clone())
        .ending_as(code)
}

fn resumed(args: &Args, compiled: &Compiled) -> Result<Option<Resumed>, Diagnostic> {
    let Some(id) = &args.resume else { return Ok(None) };
    let id = Some(id.as_str()).filter(|id| !id.is_empty());
    resume::of(compiled, id, args.scope.environment()).map(Some)
}

fn text(ran: &Ran, place: &str) -> String {
    let rows: Vec<_> = ran
        .steps
        .iter()
        .map(|step| {
            let results = ran.results.iter().filter(|result| result.step == step.step);
            [
                step.step.to_string(),
                step.compute.clone(),
                step.status.as_str().to_owned(),
                seconds(step.seconds),
                counts(results),
            ]
        })
        .collect();
    format!(
        "{}\ndbt's artifacts of the run: {place}\n",
        table(["step", "compute", "status", "took", "nodes and tests"], &rows)
    )
}

/// `3 done, 1 failed`.
pub(super) fn counts<'r>(results: impl Iterator<Item = &'r NodeResult>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for result in results {
        *counts.entry(word(result)).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    counts.join(", ")
}

/// How a node went.
pub(super) fn word(result: &NodeResult) -> &'static str {
    match result.status {
        Status::Success => "done",
        Status::Warn => "warned",
        Status::Error if result.timeout.is_some() => "timed out",
        Status::Error => "failed",
        Status::Skipped => "skipped",
        Status::Interrupted => "interrupted",
    }
}
