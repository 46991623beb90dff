//! One step: one `dbt build` with exactly its nodes and tests.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Map;

use super::Run;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{DBT_FAILED, DBT_WARNS, DOCS};
use crate::run::graph::partial_parse;
use crate::run::launcher::{Event, Invocation, Launch, NodeEvent, Request, SILENT, longest};
use crate::run::one_line;
use crate::run::plan::Step;
use crate::run::secrets::Variables;
use crate::run::state::defer_arguments;

/// dbt's documentation of what a compute built, in a step's folder.
pub(super) const DOCS_FOLDER: &str = "docs";

/// dbt's target path, in a step's folder.
pub(super) const TARGET_FOLDER: &str = "target";

/// Where a step keeps what is its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folders<'a> {
    /// Everything that dbt writes.
    pub(super) step: &'a Utf8Path,
    /// What it defers to.
    pub(super) state: &'a Utf8Path,
}

/// What dbt tells of a node.
pub(super) enum Told {
    /// It begins.
    Started(String),
    /// It has ended.
    Ended(NodeEvent),
}

/// Runs a step; comes back with what dbt says besides its results.
pub(super) fn run(
    run: &Run<'_>,
    step: &Step,
    wanted: &[String],
    folders: Folders<'_>,
    variables: Option<&Variables>,
    take: &mut dyn FnMut(Told),
) -> Vec<Diagnostic> {
    let empty = Variables::default();
    let variables = variables.unwrap_or(&empty);
    let mut found = Vec::new();
    let outcome = start(run, step, wanted, folders, variables, take, &mut found);
    if let Err(error) = outcome {
        found.push(error);
    }
    scrub_files(folders.step, variables);
    found
}

fn start(
    run: &Run<'_>,
    step: &Step,
    wanted: &[String],
    folders: Folders<'_>,
    variables: &Variables,
    take: &mut dyn FnMut(Told),
    found: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let (session, folder) = (run.session, folders.step);
    let (target, logs) = (folder.join(TARGET_FOLDER), folder.join("logs"));
    for path in [&target, &logs] {
        session.place.make(path)?;
    }
    let request = Request {
        task: "run",
        report: folder.join("report.jsonl"),
        invocations: invocations(run, step, wanted, folders),
        partial_parse_from: partial_parse(session, &step.compute),
        target_path: target,
        foreign: Map::new(),
        compute: step.compute.clone(),
        timeouts: run.plan.timeouts(wanted),
        default_timeout: session.default_timeout(&step.compute),
        lock: Some(session.place.build_lock(&session.environment)),
    };
    let mut context = session.context(step.step, run.plan.steps.len());
    context.extend(longest(request.timeouts.values().copied()));
    let launch = Launch {
        place: &session.place,
        python: session.program(&step.compute, "python"),
        request: &request,
        variables,
        context,
        is_interactive: false,
    };
    let mut built = None;
    let ended = launch.run(|event| match event {
        Event::NodeStarted { id } => take(Told::Started(id)),
        Event::Node(node) => take(Told::Ended(node)),
        Event::Warning { message } => found.push(warning(step, &message)),
        Event::End { name, error, .. } if name == "build" => built = Some(error),
        Event::End { ok: false, error, .. } => found.push(no_docs(step, error.as_deref().unwrap_or("see its log"))),
        _ => {}
    })?;
    let log = session.place.shown(&logs).join("dbt.log");
    match &built {
        Some(None) => {}
        Some(Some(error)) => found.push(failed(step, error, &log)),
        None => found.push(failed(step, &ended.why(), &log)),
    }
    Ok(())
}

fn invocations(run: &Run<'_>, step: &Step, wanted: &[String], folders: Folders<'_>) -> Vec<Invocation> {
    let (session, folder) = (run.session, folders.step);
    let mut args = vec!["build".to_owned()];
    args.extend(session.dbt_arguments(&step.compute, &folder.join(TARGET_FOLDER), &folder.join("logs")));
    args.extend(SILENT.iter().map(|argument| (*argument).to_owned()));
    args.extend(defer_arguments(folders.state));
    args.extend(["--indirect-selection", "empty"].map(str::to_owned));
    if run.options.full_refresh {
        args.push("--full-refresh".to_owned());
    }
    if run.options.fail_fast {
        args.push("--fail-fast".to_owned());
    }
    let mut invocations = vec![Invocation { name: "build".to_owned(), args, select: Some(wanted.to_vec()) }];
    let is_last = !run.plan.steps.iter().any(|other| other.step > step.step && other.compute == step.compute);
    if is_last {
        let mut args = vec!["docs".to_owned(), "generate".to_owned(), "--no-compile".to_owned()];
        args.extend(session.dbt_arguments(&step.compute, &folder.join(DOCS_FOLDER), &folder.join("logs")));
        args.extend(SILENT.iter().map(|argument| (*argument).to_owned()));
        let own = run.graphs.nodes().filter(|(node, owned)| owned.compute == step.compute && !node.is_ephemeral());
        let own = own.map(|(node, _)| node.unique_id.clone()).collect();
        invocations.push(Invocation { name: "docs".to_owned(), args, select: Some(own) });
    }
    invocations
}

/// What dbt wrote must hold no secret either: it keeps its own log clean, and knows nothing of errors that engines send.
fn scrub_files(folder: &Utf8Path, variables: &Variables) {
    let scrubber = variables.scrubber();
    if scrubber.is_empty() {
        return;
    }
    let mut folders: Vec<Utf8PathBuf> = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in at.read_dir_utf8().into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path.to_owned());
            } else if let Ok(text) = fs::read_to_string(path)
                && let std::borrow::Cow::Owned(clean) = scrubber.scrub(&text)
            {
                // What cannot be cleaned is not kept.
                if fs::write(path, clean).is_err() {
                    let _ = fs::remove_file(path);
                }
            }
        }
    }
}

fn failed(step: &Step, why: &str, log: &Utf8Path) -> Diagnostic {
    Diagnostic::error(
        &DBT_FAILED,
        format!("dbt on compute `{}` did not run step {}: {}", step.compute, step.step, one_line(why)),
        format!("the whole of it is in {log}"),
    )
    .for_compute(&step.compute)
}

fn warning(step: &Step, message: &str) -> Diagnostic {
    Diagnostic::warning(
        &DBT_WARNS,
        format!("dbt on compute `{}` warns: {}", step.compute, one_line(message)),
        "see dbt's documentation of it",
    )
    .for_compute(&step.compute)
}

fn no_docs(step: &Step, why: &str) -> Diagnostic {
    Diagnostic::warning(
        &DOCS,
        format!("dbt on compute `{}` did not describe what it built: {}", step.compute, one_line(why)),
        "the models are built; the catalog of the run lacks those of this compute",
    )
    .for_compute(&step.compute)
}
