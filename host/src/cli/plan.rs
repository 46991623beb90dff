//! `floe plan`.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::json;

use super::answer::Answer;
use super::args::{ProductArgs, ScopeArgs, StrictArgs};
use super::table::table;
use super::{product, progress};
use crate::run::plan::{Plan, PlannedNode, Step, show};
use crate::run::{name_in, prepare};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    /// Print another form of the plan
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Form>,
}

/// A form that is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for a POSIX shell that run the plan with dbt alone
    Shell,
    /// A graph for Graphviz
    Dot,
}

pub(super) fn run(args: &Args) -> Answer {
    let (compiled, mut diagnostics) = product::compile_to_run(&args.product, &args.strict);
    let empty = |answer: Answer| {
        answer.with("steps", json!([])).with("nodes", json!([])).with("edges", json!([])).with("transforms", json!([]))
    };
    let Some(compiled) = compiled else {
        return empty(Answer::default().with_diagnostics(diagnostics)).with("computes", json!([]));
    };
    let ask = args.scope.ask();
    let (answer, more) = prepare::with(&compiled, &ask, &progress::line, |prepared| {
        let plan = prepared.plan;
        let answer = match args.form {
            Some(Form::Dot) => Answer::verbatim(show::dot(plan)),
            Some(Form::Shell) => {
                let (session, graphs, addresses) = (prepared.session, prepared.graphs, prepared.addresses);
                match show::shell(session, graphs, addresses, prepared.scope, plan, ask.full_refresh) {
                    // A plan that cannot be run has no lines that run it.
                    Ok(lines) if prepared.is_sound => Answer::verbatim(lines),
                    Ok(_) => Answer::verbatim(""),
                    Err(error) => return (Answer::verbatim(""), vec![error]),
                }
            }
            None => Answer::text(text(plan)),
        };
        let nodes: Vec<PlannedNode> = plan.nodes.values().cloned().collect();
        (answer.with("steps", plan.steps.clone()).with("nodes", nodes).with("edges", plan.edges.clone()), Vec::new())
    });
    diagnostics.extend(more);
    product::deny_warnings(&args.strict, &mut diagnostics);
    let answer = match answer {
        Some(answer) => answer.with("transforms", json!(compiled.artifacts.transforms)),
        None => empty(Answer::default()),
    };
    answer.with_diagnostics(diagnostics).with("computes", product::computes(&compiled))
}

fn text(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        return String::new();
    }
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| [step.step.to_string(), step.compute.clone(), step.plugin.clone(), builds(plan, step), after(step)])
        .collect();
    let mut text = table(["step", "compute", "plugin", "runs", "after"], &steps);
    let mut nodes: Vec<&PlannedNode> = plan.nodes.values().collect();
    nodes.sort_by_key(|node| (node.step.unwrap_or(usize::MAX), node.is_test()));
    let nodes: Vec<_> = nodes
        .iter()
        .map(|node| {
            [
                node.step.map_or_else(|| "-".to_owned(), |step| step.to_string()),
                node.compute.clone(),
                node.resource_type.replace('_', " "),
                node.name.clone(),
                node.materialized.clone().filter(|kind| *kind != node.resource_type).unwrap_or_default(),
                because(node),
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&table(["step", "compute", "kind", "name", "built as", "because"], &nodes));
    if !plan.edges.is_empty() {
        let name = |id: &String| plan.nodes.get(id).map_or_else(|| id.clone(), |node| node.name.clone());
        let edges: Vec<_> = plan
            .edges
            .iter()
            .map(|edge| {
                let writer = match &edge.environment {
                    Some(environment) => format!("{} ({environment})", edge.writer),
                    None => edge.writer.clone(),
                };
                [
                    name(&edge.child),
                    edge.reader.clone(),
                    name_in(&edge.parent).to_owned(),
                    writer,
                    edge.address.to_string(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&table(["reader", "on", "reads", "of", "as"], &edges));
    }
    text
}

/// `3 models, 1 seed, 2 tests`.
fn builds(plan: &Plan, step: &Step) -> String {
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for node in step.nodes.iter().chain(&step.tests).filter_map(|id| plan.nodes.get(id)) {
        let kind = if node.is_test() { "test" } else { node.resource_type.as_str() };
        *counts.entry((node.is_test(), kind)).or_default() += 1;
    }
    let parts = counts.iter().map(|((_, kind), count)| format!("{count} {kind}{}", if *count == 1 { "" } else { "s" }));
    parts.collect::<Vec<_>>().join(", ")
}

fn after(step: &Step) -> String {
    if step.after.is_empty() {
        return "-".to_owned();
    }
    step.after.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn because(node: &PlannedNode) -> String {
    match &node.transform {
        Some(transform) => format!("transform {transform}"),
        None if node.is_test() => "its models".to_owned(),
        None => "the default".to_owned(),
    }
}
