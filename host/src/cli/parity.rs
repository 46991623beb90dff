//! `floe parity`.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::answer::Answer;
use crate::compile::artifacts::read::{self, ReadArtifacts};
use crate::compile::parity::compare::compare;
use crate::diagnostics::Diagnostic;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Artifacts: a folder that `floe compile` wrote, or the `compiled_artifacts.json` in it
    a: Utf8PathBuf,

    /// The artifacts to compare them with
    b: Utf8PathBuf,
}

pub(super) fn run(args: &Args) -> Answer {
    // Both are read, so that what is wrong with either is told at once; of one file it is told once.
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let mut load = |path: &Utf8Path| read::load(path).map_err(|errors| diagnostics.extend(errors)).ok();
    let (Some(a), Some(b)) = (load(&args.a), load(&args.b)) else {
        return Answer::default()
            .with_diagnostics(diagnostics)
            .with("transforms", json!([]))
            .with("artifacts", json!([]));
    };
    let found = compare(&a, &b);
    let differs = found.diagnostics.iter().any(Diagnostic::is_error);
    let count = found.transforms.len();
    let noun = if count == 1 { "transform" } else { "transforms" };
    let text = match (differs, found.differing()) {
        (false, _) => {
            let computes: Vec<_> = a.computes.keys().map(String::as_str).collect();
            format!("same: {count} {noun}, default {}, computes {}\n", a.default.value, computes.join(", "))
        }
        (true, differing) => format!("different: {differing} of {count} {noun}\n"),
    };
    Answer::text(text)
        .with_diagnostics(found.diagnostics)
        .with("transforms", json!(found.transforms))
        .with("artifacts", json!([artifacts(&a), artifacts(&b)]))
}

fn artifacts(read: &ReadArtifacts) -> Value {
    let default = &read.default.value;
    json!({
        "file": read.source.path().as_str(),
        "product": read.product.value,
        "default": {"compute": default, "plugin": read.plugin(default).map(|plugin| plugin.value.as_str())},
    })
}
