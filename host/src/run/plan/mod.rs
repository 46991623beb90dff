//! What runs where, and in which order: dbt's graph, cut into as few dbt commands as there must be.
//!
//! `address` says what a compute calls the tables of others, `reach` checks each edge between two computes, `tests` finds the
//! compute of each test, `blocking` which test holds up what, `order` cuts the graph into steps, `changed` finds what moved to
//! another compute since it was built, `limit` says how long a node may take, `digest` tells plans apart.

pub mod address;
mod blocking;
mod changed;
pub(super) mod digest;
mod limit;
mod order;
mod reach;
pub mod show;
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use floe_plugin_api::Storage;
use serde::{Deserialize, Serialize};

use super::graph::{Graphs, Node};
use super::{Session, name_in};
use crate::diagnostics::codes::run::{HOOKS, MEMORY_IN_STEPS, ORDER, SHARED_SOURCE, UNIT_TEST_ALONE};
use crate::diagnostics::{Diagnostic, listed};
use address::{Address, Addresses};

pub use changed::Built;

/// The compute of a node, or of the model that a test is about; `None` for what is switched off there.
pub fn home_of(graphs: &Graphs, session: &Session<'_>, id: &str) -> Option<String> {
    match graphs.owners.get(id) {
        Some(owned) => graphs.node(id).map(|_| owned.compute.clone()),
        None => tests::home(graphs, id, &session.compiled.artifacts.compute_registry.default),
    }
}

/// A node and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedNode {
    /// dbt's id.
    pub node: String,
    /// Its name.
    pub name: String,
    /// `model`, `seed`, `snapshot`, `function`, `test` or `unit_test`.
    pub resource_type: String,
    /// The compute that runs it.
    pub compute: String,
    /// Why: the transform that claims it, as the spec selects it. None: nothing claims it, so the default does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<String>,
    /// How dbt builds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub materialized: Option<String>,
    /// Where it is built, as its own compute names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Wall time in seconds that it may take, from its first statement. None: as long as it likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// The step that runs it; none for what is part of those that use it (an ephemeral model) and for what is not selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
}

impl PlannedNode {
    /// Whether it is a test of any kind.
    pub fn is_test(&self) -> bool {
        matches!(self.resource_type.as_str(), "test" | "unit_test")
    }
}

/// A model that reads what another compute wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// What is read.
    pub parent: String,
    /// What reads.
    pub child: String,
    /// The compute that writes.
    pub writer: String,
    /// The compute that reads.
    pub reader: String,
    /// The environment from which it is read, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// What the reader calls it.
    pub address: Address,
}

/// One dbt command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Number, from 1.
    pub step: usize,
    /// The compute, the same in every environment.
    pub compute: String,
    /// Its plugin.
    pub plugin: String,
    /// What it builds, by dbt's ids.
    pub nodes: Vec<String>,
    /// The tests that run with it.
    pub tests: Vec<String>,
    /// The transforms that claim any of it.
    pub transforms: Vec<String>,
    /// Steps that have to come before.
    pub after: Vec<usize>,
}

/// What runs where, and in which order.
#[derive(Debug, Default)]
pub struct Plan {
    /// The environment.
    pub environment: String,
    /// Everything that is selected, by id, and what is read of the rest.
    pub nodes: BTreeMap<String, PlannedNode>,
    /// Reads between computes, or between environments.
    pub edges: Vec<Edge>,
    /// The steps.
    pub steps: Vec<Step>,
    /// What holds each node up when it fails: what it depends on, and tests of what it depends on.
    pub waits_for: BTreeMap<String, BTreeSet<String>>,
}

/// What of the graph is planned.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// Only these nodes and tests.
    pub selected: Option<&'a BTreeSet<String>>,
    /// Where the others are read: their environment.
    pub deferred: Option<Deferred<'a>>,
    /// Which compute built what.
    pub built: Option<&'a Built>,
}

/// Another environment, from which is read what is not selected.
#[derive(Debug, Clone, Copy)]
pub struct Deferred<'a> {
    /// Its graphs.
    pub graphs: &'a Graphs,
    /// Its tables, as the computes of this environment see them.
    pub addresses: &'a Addresses<'a>,
    /// Its name.
    pub environment: &'a str,
}

impl Scope<'_> {
    fn has(&self, id: &str) -> bool {
        self.selected.is_none_or(|selected| selected.contains(id))
    }
}

impl Plan {
    /// Plans an environment. What is wrong is found before anything runs.
    pub fn of(
        session: &Session<'_>,
        graphs: &Graphs,
        addresses: &Addresses<'_>,
        scope: &Scope<'_>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut reach = reach::Reach::new(session, graphs, addresses, scope);
        let test_computes = tests::computes(graphs, &mut reach, scope, session);
        let (edges, mut diagnostics) = reach.finish();
        let mut graph = order::Graph::default();
        for (node, owned) in graphs.nodes().filter(|(node, _)| scope.has(&node.unique_id) && !node.is_ephemeral()) {
            graph.add(&node.unique_id, &owned.compute, built_parents(graphs, node, scope));
        }
        for (id, compute) in &test_computes {
            let Some(test) = graphs.seen_by(compute, id) else {
                continue;
            };
            if test.resource_type == "test" {
                graph.add(id, compute, built_parents(graphs, test, scope));
            }
        }
        blocking::add(&mut graph, graphs);
        add_declared_order(&mut graph, session, graphs);
        let order = match order::steps(&graph, &graphs.computes) {
            Ok(order) => order,
            Err(circle) => {
                diagnostics.push(contradiction(graphs, &circle));
                Vec::new()
            }
        };
        let mut plan = Self { environment: session.environment.clone(), edges, ..Self::default() };
        plan.fill(session, graphs, &order, &test_computes, scope);
        diagnostics.extend(plan.limit(session, graphs));
        plan.waits_for = graph.into_waits_for();
        if let Some(built) = scope.built {
            diagnostics.extend(built.moved(&plan, graphs));
        }
        diagnostics.extend(unit_tests_alone(&plan));
        diagnostics.extend(memory_in_steps(session, &plan));
        diagnostics.extend(hooks(graphs, &plan));
        diagnostics.extend(shared_sources(graphs, scope));
        (plan, diagnostics)
    }

    fn fill(
        &mut self,
        session: &Session<'_>,
        graphs: &Graphs,
        order: &[order::Batch],
        tests: &BTreeMap<String, String>,
        scope: &Scope<'_>,
    ) {
        let transforms = &session.compiled.artifacts.transforms;
        for (node, owned) in graphs.nodes().filter(|(node, _)| scope.has(&node.unique_id)) {
            let transform = owned.transform.map(|at| transforms[at].selects.clone());
            self.nodes.insert(node.unique_id.clone(), planned(node, &owned.compute, transform));
        }
        for (id, compute) in tests {
            if let Some(test) = graphs.seen_by(compute, id) {
                self.nodes.insert(id.clone(), planned(test, compute, None));
            }
        }
        let mut step_of: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, batch) in order.iter().enumerate() {
            step_of.extend(batch.nodes.iter().map(|id| (id.as_str(), at + 1)));
        }
        // A unit test runs right before its model: dbt sees to that.
        let unit_tests = tests.keys().filter_map(|id| {
            self.nodes.get(id).filter(|test| test.resource_type == "unit_test")?;
            let model = tests::tested_model(graphs, id)?;
            Some((id.clone(), *step_of.get(model.as_str())?))
        });
        let unit_tests: Vec<_> = unit_tests.collect();
        let mut steps: Vec<Step> =
            order.iter().enumerate().map(|(at, batch)| step(session, at + 1, &batch.compute)).collect();
        for (id, number) in step_of.iter().map(|(id, number)| ((*id).to_owned(), *number)) {
            self.place(&mut steps, id, number);
        }
        for (id, number) in unit_tests {
            self.place(&mut steps, id, number);
        }
        for (step, batch) in steps.iter_mut().zip(order) {
            step.after.clone_from(&batch.after);
        }
        self.steps = steps;
    }

    /// How long each of these may take, in seconds, where there is a limit.
    pub fn timeouts<'n>(&self, ids: impl IntoIterator<Item = &'n String>) -> BTreeMap<String, u32> {
        let limited = ids.into_iter().filter_map(|id| Some((id.clone(), self.nodes.get(id)?.timeout_seconds?)));
        limited.collect()
    }

    /// Notes how long each node may take.
    fn limit(&mut self, session: &Session<'_>, graphs: &Graphs) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for planned in self.nodes.values_mut() {
            let Some(node) = graphs.seen_by(&planned.compute, &planned.node) else { continue };
            let owned = graphs.owners.get(&planned.node);
            let transform =
                owned.and_then(|owned| owned.transform).map(|at| &session.compiled.artifacts.transforms[at]);
            match limit::of(session, node, &planned.compute, transform) {
                Ok(seconds) => planned.timeout_seconds = seconds,
                Err(problem) => problems.push(*problem),
            }
        }
        problems
    }

    fn place(&mut self, steps: &mut [Step], id: String, number: usize) {
        let (Some(node), Some(step)) = (self.nodes.get_mut(&id), steps.get_mut(number - 1)) else { return };
        node.step = Some(number);
        if let Some(transform) = node.transform.as_ref().filter(|transform| !step.transforms.contains(transform)) {
            step.transforms.push(transform.clone());
        }
        if node.is_test() { step.tests.push(id) } else { step.nodes.push(id) }
    }
}

fn planned(node: &Node, compute: &str, transform: Option<String>) -> PlannedNode {
    let is_relation = node.is_built() && !node.is_ephemeral();
    let identifier = node.alias.as_ref().unwrap_or(&node.name);
    let relation = || {
        let parts = node.database.iter().chain(&node.schema).chain([identifier]);
        parts.map(String::as_str).collect::<Vec<_>>().join(".")
    };
    PlannedNode {
        node: node.unique_id.clone(),
        name: node.version().map_or_else(|| node.name.clone(), |version| format!("{}.v{version}", node.name)),
        resource_type: node.resource_type.clone(),
        compute: compute.to_owned(),
        transform,
        materialized: node.is_built().then(|| node.materialized().to_owned()),
        relation: is_relation.then(relation),
        timeout_seconds: None,
        step: None,
    }
}

fn step(session: &Session<'_>, number: usize, compute: &str) -> Step {
    Step {
        step: number,
        compute: compute.to_owned(),
        plugin: session.compute(compute).map(|entry| entry.plugin.clone()).unwrap_or_default(),
        nodes: Vec::new(),
        tests: Vec::new(),
        transforms: Vec::new(),
        after: Vec::new(),
    }
}

/// What of a node's parents runs too: through ephemeral models, and what is not selected, to what these read. dbt keeps that
/// order within a command.
fn built_parents(graphs: &Graphs, node: &Node, scope: &Scope<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = node.parents().iter().map(String::as_str).collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match graphs.node(id) {
            Some(parent) if !parent.is_ephemeral() && scope.has(id) => drop(found.insert(id.to_owned())),
            Some(parent) => open.extend(parent.parents().iter().map(String::as_str)),
            None => {}
        }
    }
    found
}

/// `dependsOn`: all of a transform behind the models that it names.
fn add_declared_order(graph: &mut order::Graph, session: &Session<'_>, graphs: &Graphs) {
    let transforms = &session.compiled.artifacts.transforms;
    if transforms.iter().all(|transform| transform.depends_on.is_empty()) {
        return;
    }
    let mut named: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (node, _) in graphs.nodes() {
        let version = node.version().map(|version| format!("{}.v{version}", node.name));
        for name in version.into_iter().chain([node.name.clone()]) {
            named.entry(name).or_default().push(&node.unique_id);
        }
    }
    for (node, owned) in graphs.nodes() {
        let Some(transform) = owned.transform.map(|at| &transforms[at]) else { continue };
        for parent in transform.depends_on.iter().filter_map(|name| named.get(name)).flatten() {
            graph.wait(&node.unique_id, parent);
        }
    }
}

fn contradiction(graphs: &Graphs, circle: &[String]) -> Diagnostic {
    let names = circle.iter().map(|id| graphs.node(id).map_or(id.as_str(), |node| node.name.as_str()));
    Diagnostic::error(
        &ORDER,
        format!("`dependsOn` contradicts the order of dbt's own graph: {} wait for each other", listed(names.take(8))),
        "a transform that holds a model's parents cannot wait for that model: claim the model that waits by its `name`, in a transform of its own",
    )
}

/// dbt runs a unit test in a build where it builds the model, and otherwise not at all.
fn unit_tests_alone(plan: &Plan) -> Option<Diagnostic> {
    let alone = plan.nodes.values().filter(|node| node.resource_type == "unit_test" && node.step.is_none());
    let alone: Vec<&PlannedNode> = alone.collect();
    let first = alone.first()?;
    let names = listed(alone.iter().map(|node| node.name.as_str()).take(8));
    Some(Diagnostic::warning(
        &UNIT_TEST_ALONE,
        format!("unit tests whose models are not selected do not run: {names}"),
        format!(
            "select their models too, or run them alone: `floe dbt --compute {} -- test --select test_type:unit`",
            first.compute
        ),
    ))
}

fn memory_in_steps(session: &Session<'_>, plan: &Plan) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for compute in &session.computes {
        let steps: Vec<usize> =
            plan.steps.iter().filter(|step| step.compute == *compute).map(|step| step.step).collect();
        let storage = session.connection(compute).map(|connection| &connection.storage);
        if steps.len() < 2 || storage != Some(&Storage::Memory) {
            continue;
        }
        let steps = steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        found.push(
            Diagnostic::error(
                &MEMORY_IN_STEPS,
                format!(
                    "compute `{compute}` keeps what it builds in memory in environment `{}`, and is to run in several steps ({steps})",
                    session.environment
                ),
                "what one step builds is gone before the next: give the compute a file or a catalog, or run what lies between on it too",
            )
            .for_compute(compute),
        );
    }
    found
}

fn hooks(graphs: &Graphs, plan: &Plan) -> Option<Diagnostic> {
    let hooks: BTreeSet<&str> =
        graphs.manifests.values().flat_map(|manifest| manifest.hooks.iter().map(String::as_str)).collect();
    (plan.steps.len() > 1 && !hooks.is_empty()).then(|| {
        Diagnostic::warning(
            &HOOKS,
            format!("the hooks of the project ({}) run {} times, once in each step", listed(hooks), plan.steps.len()),
            "let them look at the variables FLOE_FIRST and FLOE_LAST (`true` or `false`), FLOE_STEP and FLOE_ENV where they are to run once",
        )
    })
}

/// dbt does not know that a source is the same table to two engines.
fn shared_sources(graphs: &Graphs, scope: &Scope<'_>) -> Vec<Diagnostic> {
    let mut readers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (node, owned) in graphs.nodes().filter(|(node, _)| scope.has(&node.unique_id)) {
        for source in node.parents().iter().filter(|parent| parent.starts_with("source.")) {
            readers.entry(source).or_default().insert(&owned.compute);
        }
    }
    let shared = readers.into_iter().filter(|(_, computes)| computes.len() > 1);
    shared
        .map(|(source, computes)| {
            Diagnostic::warning(
                &SHARED_SOURCE,
                format!("source `{}` is read on several computes: {}", name_in(source), listed(computes)),
                "floe does not move sources: see that its `database` and `schema` name the same table on each, with `target.type` where they differ",
            )
        })
        .collect()
}
