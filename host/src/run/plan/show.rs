//! A plan in other forms: lines for a shell that runs it without floe, and a graph for Graphviz.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Plan, Step};
use crate::diagnostics::Diagnostic;
use crate::documents::secrets::Surroundings;
use crate::run::Session;
use crate::run::graph::{Graphs, Node};
use crate::run::plan::Scope;
use crate::run::plan::address::Addresses;
use crate::run::state::{self, defer_arguments};
use crate::run::variables::{Variable, quoted, variables};

/// POSIX shell that runs the plan with the dbt of each compute's environment. What each compute defers to is written.
///
/// # Errors
/// Where that cannot be written.
pub fn shell(
    session: &Session<'_>,
    graphs: &Graphs,
    addresses: &Addresses<'_>,
    scope: &Scope<'_>,
    plan: &Plan,
    full_refresh: bool,
) -> Result<String, Diagnostic> {
    let environment = &session.environment;
    let mut text = String::from("# Run this in the folder of the dbt project.\nset -eu\n");
    let surroundings = Surroundings::of_process(&session.place.project_dir);
    let needed = variables(&session.compiled.needs, environment, &surroundings);
    let used: BTreeSet<&str> = plan.steps.iter().map(|step| step.compute.as_str()).collect();
    let needed =
        needed.iter().filter(|variable| variable.computes.iter().any(|compute| used.contains(compute.as_str())));
    text.extend(needed.filter_map(Variable::export).map(|line| line + "\n"));
    text.push_str(&format!("export FLOE_ENV={environment}\n"));
    for compute in used {
        state::write(session, graphs, addresses, scope, compute, state_of(session, compute))?;
    }
    for step in &plan.steps {
        text.push_str(&format!("\n# step {} of {}: {}\n", step.step, plan.steps.len(), step.compute));
        text.push_str(&line(session, graphs, plan, step, full_refresh));
        text.push('\n');
    }
    Ok(text)
}

/// What the lines defer to: their own, since another command may plan something else before they run.
fn state_of(session: &Session<'_>, compute: &str) -> Utf8PathBuf {
    session.place.dbt(&session.environment).join("shell/state").join(compute)
}

fn line(session: &Session<'_>, graphs: &Graphs, plan: &Plan, step: &Step, full_refresh: bool) -> String {
    let place = &session.place;
    let seen = |path: &Utf8Path| place.shown(path).to_string();
    let folder = place.dbt(&session.environment).join("shell").join(format!("{}-{}", step.step, step.compute));
    let mut words: Vec<String> = session
        .context(step.step, plan.steps.len())
        .into_iter()
        .filter(|(name, _)| name != "FLOE_ENV")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.push(seen(&session.program(&step.compute, "dbt")));
    let mut arguments = vec!["build".to_owned()];
    arguments.extend(session.dbt_arguments(&step.compute, &folder.join("target"), &folder.join("logs")));
    arguments.extend(defer_arguments(&state_of(session, &step.compute)));
    arguments.extend(["--indirect-selection", "empty"].map(str::to_owned));
    if full_refresh {
        arguments.push("--full-refresh".to_owned());
    }
    arguments.push("--select".to_owned());
    let all = graphs.manifests.get(&step.compute).map(|manifest| &manifest.nodes);
    arguments.extend(all.into_iter().flat_map(|all| selectors(all, step)));
    words.extend(arguments.iter().map(|argument| {
        let argument =
            if *argument == place.project_dir.as_str() { ".".to_owned() } else { seen(Utf8Path::new(argument)) };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@".contains(c);
        if argument.chars().all(is_plain) { argument } else { quoted(&argument) }
    }));
    words.join(" ")
}

/// dbt's selectors for exactly the nodes and tests of a step.
fn selectors(all: &BTreeMap<String, Node>, step: &Step) -> Vec<String> {
    let wanted: BTreeSet<&String> = step.nodes.iter().chain(&step.tests).collect();
    // The name of a folder may be that of a model beside it: dbt then takes all below for meant.
    let mut others: BTreeSet<&[String]> = BTreeSet::new();
    for (_, node) in all.iter().filter(|(id, _)| !wanted.contains(id)) {
        others.extend((1..node.fqn.len()).map(|length| &node.fqn[..length]));
    }
    wanted
        .iter()
        .filter_map(|id| all.get(*id))
        .map(|node| {
            let name = format!("fqn:{}", node.fqn.join("."));
            if others.contains(node.fqn.as_slice()) { format!("{name},path:{}", node.original_file_path) } else { name }
        })
        .collect()
}

/// A graph in Graphviz's language: a cluster a step, an arrow for what holds up what.
pub fn dot(plan: &Plan) -> String {
    let mut text = format!("digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box];\n", escaped(&plan.environment));
    for step in &plan.steps {
        text.push_str(&format!(
            "  subgraph cluster_{} {{\n    label=\"step {}: {}\";\n",
            step.step,
            step.step,
            escaped(&step.compute)
        ));
        for id in step.nodes.iter().chain(&step.tests) {
            let Some(node) = plan.nodes.get(id) else { continue };
            let shape = if step.tests.contains(id) { ", shape=ellipse" } else { "" };
            text.push_str(&format!("    \"{}\" [label=\"{}\"{shape}];\n", escaped(id), escaped(&node.name)));
        }
        text.push_str("  }\n");
    }
    let crossing: BTreeMap<(&str, &str), String> =
        plan.edges.iter().map(|edge| ((edge.parent.as_str(), edge.child.as_str()), edge.address.to_string())).collect();
    for (child, parents) in &plan.waits_for {
        let is_planned = |id: &String| plan.nodes.get(id).is_some_and(|node| node.step.is_some());
        for parent in parents.iter().filter(|parent| is_planned(parent) && is_planned(child)) {
            let label = crossing.get(&(parent.as_str(), child.as_str()));
            let label =
                label.map_or_else(String::new, |address| format!(" [label=\"{}\", style=bold]", escaped(address)));
            text.push_str(&format!("  \"{}\" -> \"{}\"{label};\n", escaped(parent), escaped(child)));
        }
    }
    text.push_str("}\n");
    text
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
