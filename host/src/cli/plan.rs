//! `floe plan`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use clap::ValueEnum;
use serde_json::json;

use super::answer::Answer;
use super::args::{ProductArgs, ScopeArgs, StrictArgs};
use super::table::table;
use super::{product, progress};
use crate::run::kubernetes::{self, Asked, Wish, is_label, is_name};
use crate::run::place::ARTIFACTS;
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

    #[command(flatten)]
    kubernetes: KubernetesArgs,
}

/// What `--as k8s` writes besides.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of --as k8s")]
struct KubernetesArgs {
    /// The image that runs each step: it holds floe, its plugins, the product and its Python environments
    #[arg(long, value_name = "REF")]
    image: Option<String>,

    /// The folder of the product in the image [default: /product]
    #[arg(long, value_name = "PATH")]
    workdir: Option<Utf8PathBuf>,

    /// The namespace of the Jobs; without, that of whoever applies them
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,

    /// The service account of the pods; without, they get no token of any
    #[arg(long, value_name = "NAME")]
    service_account: Option<String>,

    /// The Kubernetes secret that holds all variables [default: one a compute, PRODUCT-ENV-COMPUTE-secrets]
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,

    /// The PersistentVolumeClaim on which the files of computes lie
    #[arg(long, value_name = "NAME")]
    volume_claim: Option<String>,
}

impl KubernetesArgs {
    /// The same in the words of the room below; none where another form is asked for.
    fn wish(&self, form: Option<Form>) -> Result<Option<Wish>, String> {
        let names = [
            ("--namespace", &self.namespace, is_label as fn(&str) -> bool),
            ("--service-account", &self.service_account, is_name),
            ("--secret", &self.secret, is_name),
            ("--volume-claim", &self.volume_claim, is_name),
        ];
        if form != Some(Form::K8s) {
            let others = [("--image", self.image.is_some()), ("--workdir", self.workdir.is_some())];
            let given = names.iter().map(|(option, value, _)| (*option, value.is_some())).chain(others);
            let given: Vec<_> = given.filter(|(_, is_given)| *is_given).map(|(option, _)| option).collect();
            return match given.as_slice() {
                [] => Ok(None),
                [option, ..] => Err(format!("`{option}` is for `--as k8s`")),
            };
        }
        let Some(image) = self.image.clone() else {
            return Err("`--as k8s` needs `--image REF`: the image that runs each step".to_owned());
        };
        if image.is_empty() || image.contains(char::is_whitespace) {
            return Err(format!("`{image}` cannot be the name of an image"));
        }
        for (option, value, fits) in names {
            if let Some(value) = value.as_ref().filter(|value| !fits(value)) {
                return Err(format!(
                    "`{value}` of `{option}` cannot be a name in Kubernetes: use lowercase letters, digits and `-`"
                ));
            }
        }
        let workdir = self.workdir.clone().unwrap_or_else(|| "/product".into());
        if !workdir.is_absolute() || workdir.as_str().contains(':') {
            return Err(format!("`--workdir {workdir}` is no absolute path in an image"));
        }
        Ok(Some(Wish {
            image,
            workdir,
            namespace: self.namespace.clone(),
            service_account: self.service_account.clone(),
            secret: self.secret.clone(),
            volume_claim: self.volume_claim.clone(),
        }))
    }
}

/// A form that is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for a POSIX shell that run the plan with dbt alone
    Shell,
    /// A graph for Graphviz
    Dot,
    /// A Kubernetes Job a step, as YAML
    #[value(name = "k8s")]
    K8s,
}

pub(super) fn run(args: &Args) -> Answer {
    let wish = match args.kubernetes.wish(args.form) {
        Ok(wish) => wish,
        Err(message) => return Answer::usage(message),
    };
    let (compiled, mut diagnostics) = match args.form {
        // Lines for plain dbt, which does not hold all that floe does.
        Some(Form::Shell) => product::compile(&args.product, &args.strict, &[], Utf8Path::new(ARTIFACTS)),
        _ => product::compile_to_run(&args.product, &args.strict),
    };
    let empty = |answer: Answer| {
        answer.with("steps", json!([])).with("nodes", json!([])).with("edges", json!([])).with("transforms", json!([]))
    };
    let Some(compiled) = compiled else {
        return empty(Answer::default().with_diagnostics(diagnostics)).with("computes", json!([]));
    };
    let ask = args.scope.ask();
    let asked = Asked {
        ask: &ask,
        spec: &args.product.spec,
        manifest: args.product.manifest.as_deref(),
        is_locked: args.strict.locked,
    };
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
            Some(Form::K8s) => match wish.as_ref().map(|wish| kubernetes::jobs(prepared, &asked, wish)) {
                Some(Ok(jobs)) if prepared.is_sound => Answer::verbatim(jobs),
                Some(Err(errors)) if prepared.is_sound => return (Answer::verbatim(""), errors),
                _ => Answer::verbatim(""),
            },
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
