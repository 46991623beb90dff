//! What became of each node, and what that holds up.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{NODE_FAILED, TIMED_OUT};
use crate::run::launcher::{NodeEvent, Timeout};
use crate::run::one_line;
use crate::run::plan::{Plan, Step};
use crate::run::results::{NodeResult, Status};
use camino::Utf8Path;

/// What is said of a node of which dbt says nothing.
const NOT_RUN: &str = "dbt did not run it";

/// What is said of it where the run was interrupted.
const STOPPED: &str = "the run was interrupted";

/// How dbt ended, for the nodes of which it says nothing; with those that it had begun.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended<'a> {
    /// As it should.
    Well,
    /// It failed, or was killed.
    Failed(&'a BTreeSet<String>),
    /// It was told to end.
    Interrupted(&'a BTreeSet<String>),
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
                skipped.extend(self.note(step, &id, Status::Skipped, None, Some(because)));
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
        let mut failed =
            failed.filter(|result| matches!(result.status, Status::Error | Status::Skipped | Status::Interrupted));
        failed.next().map(|result| result.because.clone().unwrap_or_else(|| result.node.clone()))
    }

    pub(super) fn runnable(&self, step: &Step) -> Vec<String> {
        let open: BTreeSet<&String> = self.open(step).collect();
        open.into_iter().cloned().collect()
    }

    /// Takes what dbt says of a node.
    pub(super) fn take(&mut self, step: &Step, event: NodeEvent) -> Option<NodeResult> {
        // Hooks are no part of the plan.
        let node = self.plan.nodes.get(&event.id)?;
        let mut result = NodeResult::of_event(event, node.name.clone(), node.resource_type.clone(), step);
        if result.status == Status::Skipped {
            result.because = self.cause(&result.node);
        }
        Some(self.add(result))
    }

    /// What dbt was asked for and said nothing of is no success; where dbt itself failed, what had begun failed.
    pub(super) fn without_result(&mut self, step: &Step, wanted: &[String], ended: Ended<'_>) -> Vec<NodeResult> {
        let began = |id: &String| match ended {
            Ended::Interrupted(started) | Ended::Failed(started) => started.contains(id),
            Ended::Well => false,
        };
        let silent = wanted.iter().filter(|id| !self.results.contains_key(*id));
        // What had begun first: it is why the others did not.
        let (first, rest): (Vec<&String>, Vec<&String>) = silent.partition(|id| began(id));
        let mut noted = Vec::new();
        for id in first.into_iter().chain(self.by_need(rest)) {
            let because = self.cause(id);
            let (status, message) = match ended {
                Ended::Interrupted(_) if began(id) => (Status::Interrupted, STOPPED),
                Ended::Interrupted(_) => (Status::Skipped, STOPPED),
                // Where nothing began, dbt failed before it began anything.
                Ended::Failed(started) if because.is_none() && (started.is_empty() || began(id)) => {
                    (Status::Error, NOT_RUN)
                }
                _ => (Status::Skipped, NOT_RUN),
            };
            noted.extend(self.note(step, id, status, Some(message.to_owned()), because));
        }
        noted
    }

    /// What others wait for before these.
    fn by_need<'i>(&self, ids: Vec<&'i String>) -> Vec<&'i String> {
        let mut open: BTreeSet<&'i String> = ids.into_iter().collect();
        let mut ordered = Vec::new();
        while !open.is_empty() {
            let waits = |id: &&String| {
                self.plan.waits_for.get(*id).is_some_and(|needs| needs.iter().any(|need| open.contains(need)))
            };
            let (_, free): (Vec<&String>, Vec<&String>) = open.iter().partition(|id| waits(id));
            // A plan has no circles; if it had, all would be as good as any.
            let next = if free.is_empty() { open.iter().copied().collect() } else { free };
            for id in next {
                open.remove(id);
                ordered.push(id);
            }
        }
        ordered
    }

    fn note(
        &mut self,
        step: &Step,
        id: &str,
        status: Status,
        message: Option<String>,
        because: Option<String>,
    ) -> Option<NodeResult> {
        let node = self.plan.nodes.get(id)?;
        Some(self.add(NodeResult {
            node: id.to_owned(),
            name: node.name.clone(),
            resource_type: node.resource_type.clone(),
            compute: step.compute.clone(),
            step: step.step,
            status,
            seconds: None,
            message,
            query_id: None,
            timeout: None,
            because,
        }))
    }

    fn add(&mut self, result: NodeResult) -> NodeResult {
        self.order.push(result.node.clone());
        self.results.insert(result.node.clone(), result.clone());
        result
    }

    pub(super) fn of(&self, step: &Step) -> Vec<&NodeResult> {
        step.nodes.iter().chain(&step.tests).filter_map(|id| self.results.get(id)).collect()
    }

    pub(super) fn into_results(mut self) -> Vec<NodeResult> {
        self.order.iter().filter_map(|id| self.results.remove(id)).collect()
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
            let skips = match held_up.len() {
                0 => String::new(),
                count => format!("; {count} node{} behind it did not run", if count == 1 { "" } else { "s" }),
            };
            let log = format!("dbt's log and compiled SQL are in {folder}/steps/{}-{}", result.step, result.compute);
            if let Some(timeout) = &result.timeout {
                timed_out(result, &kind, timeout, &skips, &log)
            } else {
                let message = result.message.as_deref().map(one_line).unwrap_or_default();
                Diagnostic::error(
                    &NODE_FAILED,
                    format!("{kind} `{}` failed on compute `{}`: {message}{skips}", result.name, result.compute),
                    log,
                )
            }
            .for_compute(&result.compute)
        })
        .collect()
}

fn timed_out(result: &NodeResult, kind: &str, timeout: &Timeout, skips: &str, log: &str) -> Diagnostic {
    let engine = match (timeout.cancel_sent, timeout.engine_confirmed, &timeout.problem) {
        (_, true, _) => "cancelled".to_owned(),
        (true, false, _) => {
            "told to cancel, which the engine did not confirm: look there whether it still runs".to_owned()
        }
        (false, false, Some(problem)) => format!("not cancelled ({}): it may still run", one_line(problem)),
        (false, false, None) => "not cancelled: it may still run".to_owned(),
    };
    let query = timeout.query_id.as_ref().map(|id| format!(", query {id}")).unwrap_or_default();
    Diagnostic::error(
        &TIMED_OUT,
        format!(
            "{kind} `{}` on compute `{}` took longer than `timeout_seconds: {}`: {engine} after {:.2} s{query}{skips}",
            result.name, result.compute, timeout.timeout_seconds, timeout.seconds
        ),
        format!(
            "make it cheaper, or let it take longer: `meta: {{floe: {{timeout_seconds: …}}}}` in the model's config; {log}"
        ),
    )
}
