//! `floe compile`.

use camino::Utf8PathBuf;
use serde_json::json;

use super::answer::Answer;
use super::args::{ProductArgs, StrictArgs};
use super::product;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// The folder of the artifacts, replaced as a whole; relative to the spec's folder
    #[arg(long, value_name = "FOLDER", default_value = "target/floe")]
    out: Utf8PathBuf,

    /// Only these environments; all of the spec's without
    #[arg(long = "env", value_name = "NAME")]
    environments: Vec<String>,

    /// Check everything and write nothing
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args) -> Answer {
    let (compiled, mut diagnostics) = product::compile(&args.product, &args.strict, &args.environments, &args.out);
    let Some(compiled) = compiled else {
        return Answer::default()
            .with_diagnostics(diagnostics)
            .with("transforms", json!([]))
            .with("computes", json!([]));
    };
    let out = compiled.project_dir.join(&args.out);
    let mut text = String::new();
    if args.check {
        text = format!("{}: no errors; nothing was written\n", compiled.artifacts.product.name);
    } else {
        match telemetry::phase("write", || compiled.write(&out)) {
            Ok(()) => text = product::summary(&compiled, &out),
            Err(error) => diagnostics.push(error),
        }
    }
    let computes = product::computes(&compiled);
    Answer::text(text)
        .with_diagnostics(diagnostics)
        .with("transforms", compiled.artifacts.transforms)
        .with("computes", computes)
}
