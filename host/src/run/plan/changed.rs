//! What was built by another compute the last time: its history is there, and not where it would go on now.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::OWNER_CHANGED;
use crate::run::graph::Graphs;
use crate::run::place;

/// Which compute built a node when that last went well, in one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    nodes: BTreeMap<String, String>,
}

impl Built {
    /// Reads it. Where it is not there, or is no such file, nothing is known.
    pub fn read(path: &Utf8Path) -> Self {
        std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Notes that a compute built a node.
    pub fn note(&mut self, node: &str, compute: &str) {
        self.nodes.insert(node.to_owned(), compute.to_owned());
    }

    /// Writes it.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn write(&self, path: &Utf8Path) -> Result<(), Diagnostic> {
        place::write(path, &serde_json::to_vec_pretty(self).unwrap_or_default())
    }

    /// An error for each model that would go on from nothing, or from what is old.
    pub(super) fn moved(&self, plan: &Plan, graphs: &Graphs) -> Vec<Diagnostic> {
        let steps = plan.nodes.values().filter(|node| node.step.is_some());
        let keeps = steps.filter(|node| matches!(node.materialized.as_deref(), Some("incremental" | "snapshot")));
        keeps
            .filter_map(|node| {
                let former = self.nodes.get(&node.node).filter(|former| **former != node.compute)?;
                let what = if node.resource_type == "snapshot" { "snapshot" } else { "incremental model" };
                let name = graphs.node(&node.node).map_or(node.name.as_str(), |found| found.name.as_str());
                Some(
                    Diagnostic::error(
                        &OWNER_CHANGED,
                        format!(
                            "{what} `{name}` was built by compute `{former}`, and is now to run on `{}`: it would go on without what is there",
                            node.compute
                        ),
                        format!(
                            "copy its table, or let it begin anew with `floe run --select {name} --full-refresh`; or keep it on `{former}`"
                        ),
                    )
                    .for_compute(&node.compute),
                )
            })
            .collect()
    }
}
