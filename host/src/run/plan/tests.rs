//! The compute of each test: it runs once, on its model's compute if that can read all that the test reads, else on one that can.

use std::collections::BTreeMap;

use super::Scope;
use super::reach::{Reach, reads_all, reason};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::TEST_NOWHERE;
use crate::run::Session;
use crate::run::graph::{Graphs, Node};

/// The compute of every selected test.
pub(super) fn computes(
    graphs: &Graphs,
    reach: &mut Reach<'_>,
    scope: &Scope<'_>,
    session: &Session<'_>,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for id in graphs.tests().into_iter().filter(|id| scope.has(id)) {
        let Some(home) = home(graphs, id, &session.compiled.artifacts.compute_registry.default) else { continue };
        let others = graphs.computes.iter().filter(|compute| **compute != home);
        let mut refusals = Vec::new();
        let is_unit_test = graphs.test(id).is_some_and(|test| test.resource_type == "unit_test");
        for compute in std::iter::once(&home).chain(others.filter(|_| !is_unit_test)) {
            let Some(test) = graphs.seen_by(compute, id) else {
                continue;
            };
            match reads_all(reach, test, compute) {
                Ok(reads) => {
                    for (parent, read) in reads {
                        reach.add(read, &parent, id, compute);
                    }
                    found.insert(id.to_owned(), compute.clone());
                    break;
                }
                Err((parent, why)) => refusals.push((compute.clone(), parent, why)),
            }
        }
        if !found.contains_key(id) && !refusals.is_empty() {
            let problem = nowhere(graphs, session, id, &refusals);
            reach.refuse(problem);
        }
    }
    found
}

/// The compute of the model that a test is about.
pub(super) fn home(graphs: &Graphs, id: &str, default: &str) -> Option<String> {
    let test = graphs.test(id)?;
    // A test of a model that is switched off where it belongs is none.
    let model = test.attached_node.as_deref().or_else(|| first_built(graphs, test));
    match model {
        Some(model) => {
            let compute = &graphs.owners.get(model)?.compute;
            graphs.node(model)?;
            Some(compute.clone())
        }
        None => Some(default.to_owned()),
    }
}

/// The model of a unit test.
pub(super) fn tested_model(graphs: &Graphs, id: &str) -> Option<String> {
    let test = graphs.test(id)?;
    first_built(graphs, test).map(str::to_owned)
}

fn first_built<'n>(graphs: &Graphs, test: &'n Node) -> Option<&'n str> {
    test.parents().iter().map(String::as_str).find(|parent| graphs.owners.contains_key(*parent))
}

fn nowhere(
    graphs: &Graphs,
    session: &Session<'_>,
    id: &str,
    refusals: &[(String, String, super::address::Unreachable)],
) -> Diagnostic {
    let test = graphs.test(id);
    let name = test.map_or(id, |test| test.name.as_str());
    let why = refusals.iter().map(|(compute, parent, why)| {
        let parent = graphs.node(parent).map_or(parent.as_str(), |node| node.name.as_str());
        format!("`{compute}` cannot read `{parent}`, which {}", reason(why, compute, &session.environment))
    });
    Diagnostic::error(
        &TEST_NOWHERE,
        format!("no compute can run the test `{name}`: {}", why.collect::<Vec<_>>().join("; ")),
        "let one of the computes read all of its models: build them as tables in storage that it mounts (`reads` in the manifest), or remove the test",
    )
}
