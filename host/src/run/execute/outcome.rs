//! What became of each node, and what that holds up.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde::Serialize;

use super::Run;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::NODE_FAILED;
use crate::run::launcher::NodeEvent;
use crate::run::one_line;
use crate::run::plan::{Plan, Step};

/// What is said of a node of which dbt says nothing.
const NOT_RUN: &str = "dbt did not run it";

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Built, or passed.
    Success,
    /// A test that only warns found something.
    Warn,
    /// It could not be built, or a test found something.
    Error,
    /// It was not run: what it needs failed.
    Skipped,
}

/// What became of a node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeResult {
    /// dbt's id.
    pub node: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub resource_type: String,
    /// The compute.
    pub compute: String,
    /// The step.
    pub step: usize,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// dbt's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// For what was skipped: the node or test whose failure is the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// The results of a run as they come.
pub(super) struct Outcomes<'a> {
    plan: &'a Plan,
    results: BTreeMap<String, NodeResult>,
    order: Vec<String>,
}

impl<'a> Outcomes<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, results: BTreeMap::new(), order: Vec::new() }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.results.values().any(|result| result.status == Status::Error)
    }

    /// Skips what of a step waits for a failure; comes back with what was skipped.
    pub(super) fn block(&mut self, step: &Step) -> Vec<NodeResult> {
        let mut skipped = Vec::new();
        loop {
            let held_up: Vec<(String, String)> =
                self.open(step).filter_map(|id| Some((id.clone(), self.cause(id)?))).collect();
            if held_up.is_empty() {
                return skipped;
            }
            for (id, because) in held_up {
                skipped.extend(self.note(step, &id, Status::Skipped, None, None, Some(because)));
            }
        }
    }

    /// What of a step has not ended.
    fn open<'s>(&'s self, step: &'s Step) -> impl Iterator<Item = &'s String> {
        step.nodes.iter().chain(&step.tests).filter(|id| !self.results.contains_key(*id))
    }

    /// The failure that a node waits for.
    fn cause(&self, id: &str) -> Option<String> {
        let waits = self.plan.waits_for.get(id)?;
        let failed = waits.iter().filter_map(|other| self.results.get(other));
        let mut failed = failed.filter(|result| matches!(result.status, Status::Error | Status::Skipped));
        failed.next().map(|result| result.because.clone().unwrap_or_else(|| result.node.clone()))
    }

    pub(super) fn runnable(&self, step: &Step) -> Vec<String> {
        let open: BTreeSet<&String> = self.open(step).collect();
        open.into_iter().cloned().collect()
    }

    /// Takes what dbt says of a node.
    pub(super) fn take(&mut self, step: &Step, event: NodeEvent) -> Option<NodeResult> {
        let status = match event.status.as_str() {
            "success" | "pass" | "no-op" | "reused" => Status::Success,
            "warn" => Status::Warn,
            "skipped" => Status::Skipped,
            _ => Status::Error,
        };
        let because = if status == Status::Skipped { self.cause(&event.id) } else { None };
        let message = event.message.filter(|message| !message.is_empty());
        self.note(step, &event.id, status, event.seconds, message, because)
    }

    /// What dbt was asked for and said nothing of is no success; where dbt itself failed, it failed.
    pub(super) fn without_result(&mut self, step: &Step, wanted: &[String], dbt_failed: bool) -> Vec<NodeResult> {
        let silent: Vec<String> = wanted.iter().filter(|id| !self.results.contains_key(*id)).cloned().collect();
        let note = |id: String| {
            let because = self.cause(&id);
            let status = if dbt_failed && because.is_none() { Status::Error } else { Status::Skipped };
            self.note(step, &id, status, None, Some(NOT_RUN.to_owned()), because)
        };
        silent.into_iter().filter_map(note).collect()
    }

    fn note(
        &mut self,
        step: &Step,
        id: &str,
        status: Status,
        seconds: Option<f64>,
        message: Option<String>,
        because: Option<String>,
    ) -> Option<NodeResult> {
        // Hooks are no part of the plan.
        let node = self.plan.nodes.get(id)?;
        let result = NodeResult {
            node: id.to_owned(),
            name: node.name.clone(),
            resource_type: node.resource_type.clone(),
            compute: step.compute.clone(),
            step: step.step,
            status,
            seconds: seconds.map(super::rounded),
            message,
            because,
        };
        self.order.push(id.to_owned());
        self.results.insert(id.to_owned(), result.clone());
        Some(result)
    }

    pub(super) fn of(&self, step: &Step) -> Vec<&NodeResult> {
        step.nodes.iter().chain(&step.tests).filter_map(|id| self.results.get(id)).collect()
    }

    pub(super) fn into_results(mut self) -> Vec<NodeResult> {
        self.order.iter().filter_map(|id| self.results.remove(id)).collect()
    }
}

/// How a step went, of how its nodes did.
pub(super) fn of_step(nodes: &[&NodeResult]) -> &'static str {
    let has = |status: Status| nodes.iter().any(|node| node.status == status);
    match (has(Status::Error), has(Status::Success) || has(Status::Warn)) {
        (true, _) => "error",
        (false, true) => "success",
        (false, false) => "skipped",
    }
}

/// An error for each node that failed.
pub(super) fn diagnostics(run: &Run<'_>, results: &[NodeResult], folder: &Utf8Path) -> Vec<Diagnostic> {
    let folder = run.session.place.shown(folder);
    // That dbt failed as a whole has been told.
    let is_own = |result: &&NodeResult| result.message.as_deref() != Some(NOT_RUN);
    let failed = results.iter().filter(|result| result.status == Status::Error).filter(is_own);
    failed
        .map(|result| {
            let held_up: Vec<&str> = results
                .iter()
                .filter(|other| other.because.as_ref() == Some(&result.node))
                .map(|other| other.name.as_str())
                .collect();
            let kind = result.resource_type.replace('_', " ");
            let message = result.message.as_deref().map(one_line).unwrap_or_default();
            let skips = match held_up.len() {
                0 => String::new(),
                count => format!("; {count} node{} behind it did not run", if count == 1 { "" } else { "s" }),
            };
            Diagnostic::error(
                &NODE_FAILED,
                format!("{kind} `{}` failed on compute `{}`: {message}{skips}", result.name, result.compute),
                format!("dbt's log and compiled SQL are in {folder}/steps/{}-{}", result.step, result.compute),
            )
            .for_compute(&result.compute)
        })
        .collect()
}
