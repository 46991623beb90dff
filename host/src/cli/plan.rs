//! `floe plan`.

use camino::Utf8Path;
use serde_json::json;

use super::answer::Answer;
use super::args::{ProductArgs, StrictArgs};
use super::product;
use super::table::table;
use crate::compile::Compiled;
use crate::run::plan::{Step, steps};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// Only these environments; all of the spec's without
    #[arg(long = "env", value_name = "NAME")]
    environments: Vec<String>,
}

pub(super) fn run(args: &Args) -> Answer {
    let out = Utf8Path::new("target/floe");
    let (compiled, diagnostics) = product::compile(&args.product, &args.strict, &args.environments, out);
    let Some(compiled) = compiled else {
        let answer = Answer::default().with_diagnostics(diagnostics);
        return answer.with("steps", json!([])).with("transforms", json!([])).with("computes", json!([]));
    };
    let steps = steps(&compiled.artifacts, out.as_str());
    Answer::text(text(&compiled, &steps))
        .with_diagnostics(diagnostics)
        .with("steps", json!(steps))
        .with("transforms", json!(compiled.artifacts.transforms))
        .with("computes", product::computes(&compiled))
}

fn text(compiled: &Compiled, steps: &[Step]) -> String {
    let transforms: Vec<_> = compiled
        .artifacts
        .transforms
        .iter()
        .map(|transform| {
            [
                transform.selects.clone(),
                transform.compute.clone(),
                why(transform.compute_from).to_owned(),
                transform.workload_size.to_owned(),
            ]
        })
        .collect();
    let rows: Vec<_> = steps
        .iter()
        .map(|step| [step.step.to_string(), step.compute.clone(), step.plugin.clone(), transforms_of(step)])
        .collect();
    let mut text = String::new();
    if !transforms.is_empty() {
        text.push_str(&table(["transform", "compute", "because", "size"], &transforms));
        text.push('\n');
    }
    text.push_str(&table(["step", "compute", "plugin", "runs"], &rows));
    for command in steps.iter().flat_map(|step| step.commands.values()) {
        text.push_str(&format!("\n    {command}"));
    }
    if steps.iter().any(|step| !step.commands.is_empty()) {
        text.push('\n');
    }
    text
}

fn why(compute_from: &str) -> &'static str {
    if compute_from == "transform" { "the transform says so" } else { "it is the default" }
}

fn transforms_of(step: &Step) -> String {
    if step.transforms.is_empty() { "the whole project".to_owned() } else { step.transforms.join(", ") }
}
