//! `floe status`.

use camino::Utf8PathBuf;
use serde_json::json;

use super::answer::Answer;
use super::args::ProductArgs;
use super::run::{counts, word};
use super::table::{seconds, table};
use crate::run::journal::{Outcome, Past};
use crate::run::place::Place;
use crate::run::results::Status;
use crate::run::{name_in, one_line};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The spec of the product
    #[arg(long, value_name = "FILE", default_value = ProductArgs::SPEC)]
    spec: Utf8PathBuf,

    /// The run; the newest without
    #[arg(long, value_name = "ID")]
    run: Option<String>,

    /// The newest run of this environment
    #[arg(long = "env", value_name = "NAME", conflicts_with = "run")]
    environment: Option<String>,
}

pub(super) fn run(args: &Args) -> Answer {
    let folder = args.spec.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(".".into());
    let folder = folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned());
    let place = Place::of(&folder);
    match Past::find(&place, args.run.as_deref(), args.environment.as_deref()) {
        Ok(past) => {
            let begun = &past.begun;
            let run = json!({
                "run": begun.run,
                "folder": place.shown(&past.folder),
                "environment": begun.environment,
                "outcome": past.outcome,
                "begun": begun.begun,
                "seconds": past.seconds,
                "resumes": begun.resumes,
                "resume_command": past.resume_command(),
                "running": past.running,
            });
            Answer::text(text(&past))
                .with("runs", vec![run])
                .with("steps", past.steps.clone())
                .with("results", past.results.clone())
        }
        Err(problem) => Answer::default()
            .with_diagnostics([problem])
            .with("runs", json!([]))
            .with("steps", json!([]))
            .with("results", json!([])),
    }
}

fn text(past: &Past) -> String {
    let begun = &past.begun;
    let outcome = match past.outcome {
        Outcome::Success => "success",
        Outcome::Error => "failed",
        Outcome::Interrupted => "interrupted",
        Outcome::Running => "going on",
        Outcome::Killed => "killed: it ended without a word",
    };
    let took = past.seconds.map(|took| format!(", took {}", seconds(took))).unwrap_or_default();
    let resumes = begun.resumes.as_ref().map(|id| format!(", goes on with {id}")).unwrap_or_default();
    let mut text =
        format!("run {} in {}, begun {}{took}{resumes}: {outcome}\n\n", begun.run, begun.environment, begun.begun);
    let steps: Vec<_> = begun.steps.iter().map(|step| step_row(past, step)).collect();
    text.push_str(&table(["step", "compute", "status", "took", "nodes and tests"], &steps));
    let nodes: Vec<_> = past
        .results
        .iter()
        .map(|result| {
            let why = match (&result.because, result.status) {
                (Some(cause), _) => format!("behind {}", name_in(cause)),
                (None, Status::Success) => String::new(),
                (None, _) => result.message.as_deref().map(one_line).unwrap_or_default(),
            };
            [
                result.step.to_string(),
                result.compute.clone(),
                format!("{} {}", result.resource_type.replace('_', " "), result.name),
                word(result).to_owned(),
                result.seconds.map(seconds).unwrap_or_default(),
                result.query_id.clone().unwrap_or_default(),
                why,
            ]
        })
        .collect();
    if !nodes.is_empty() {
        text.push('\n');
        text.push_str(&table(["step", "compute", "what", "status", "took", "query", "why"], &nodes));
    }
    if !past.running.is_empty() {
        let verb = if past.outcome == Outcome::Running { "running" } else { "not ended" };
        let names: Vec<&str> = past.running.iter().map(|id| name_in(id)).collect();
        text.push_str(&format!("\n{verb}: {}\n", names.join(", ")));
    }
    if let Some(command) = past.resume_command() {
        text.push_str(&format!("\ngo on with: {command}\n"));
    }
    text
}

fn step_row(past: &Past, step: &crate::run::plan::Step) -> [String; 5] {
    let ended = past.steps.iter().find(|ended| ended.step == step.step);
    let status = match ended {
        Some(ended) => ended.status.as_str(),
        None if past.started.contains(&step.step) && past.outcome == Outcome::Running => "running",
        None if past.started.contains(&step.step) => "not ended",
        None => "not begun",
    };
    let results = past.results.iter().filter(|result| result.step == step.step);
    [
        step.step.to_string(),
        step.compute.clone(),
        status.to_owned(),
        ended.map(|ended| seconds(ended.seconds)).unwrap_or_default(),
        counts(results),
    ]
}
