//! The product that the arguments name: reads its documents, hands them to the compiler.

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::ErrorKind;
use serde_json::{Value, json};

use super::args::ProductArgs;
use super::wiring;
use crate::compile::product::{Compute, Product};
use crate::compile::resolve;
use crate::compile::{self, Compiled};
use crate::diagnostics::codes::compile::COMPUTE_UNKNOWN;
use crate::diagnostics::{Diagnostic, did_you_mean, listed};
use crate::telemetry;

/// Reads and resolves the product, for these environments or all.
pub(super) fn resolve(args: &ProductArgs, environments: &[String]) -> (Option<Product>, Vec<Diagnostic>) {
    telemetry::phase("parse", || {
        let inputs = resolve::Inputs { spec: &args.spec, manifest: args.manifest.as_deref(), environments };
        resolve::resolve(&inputs)
    })
}

/// Compiles the product; nothing is written.
pub(super) fn compile(
    args: &ProductArgs,
    environments: &[String],
    out: &Utf8Path,
) -> (Option<Compiled>, Vec<Diagnostic>) {
    let (product, mut diagnostics) = resolve(args, environments);
    let Some(product) = product else { return (None, diagnostics) };
    let host = telemetry::phase("inspect", || wiring::plugin_host(&args.plugins));
    let source = wiring::Plugins::new(&host);
    let (compiled, more) = telemetry::phase("plugins", || compile::compile(product, &source, out));
    diagnostics.extend(more);
    diagnostics.extend(host.problems().iter().filter(|problem| !problem.is_error()).cloned());
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    (compiled.filter(|_| !failed), diagnostics)
}

/// The computes with these names, or all; and what is wrong with the names.
pub(super) fn select<'a>(product: &'a Product, names: &[String]) -> (Vec<&'a Compute>, Vec<Diagnostic>) {
    if names.is_empty() {
        return (product.computes.iter().collect(), Vec::new());
    }
    let approved = || product.computes.iter().map(|compute| compute.name.as_str());
    let unknown = names.iter().filter(|name| product.compute(name).is_none()).map(|name| {
        let near = did_you_mean(name, approved()).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let help = format!("{near}approved are {}", listed(approved()));
        Diagnostic::error(&COMPUTE_UNKNOWN, format!("there is no compute `{name}`"), help)
            .of_kind(ErrorKind::InvalidCompute)
    });
    let found = product.computes.iter().filter(|compute| names.contains(&compute.name));
    (found.collect(), unknown.collect())
}

/// The computes for machines.
pub(super) fn computes(compiled: &Compiled) -> Value {
    let registry = &compiled.artifacts.compute_registry;
    let entries = registry.computes.iter().map(|(name, compute)| {
        let mut entry = json!(compute);
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("compute".to_owned(), json!(name));
            entry.insert("default".to_owned(), json!(*name == registry.default));
        }
        entry
    });
    entries.collect()
}

/// What a compile did, for people.
pub(super) fn summary(compiled: &Compiled, out: &Utf8PathBuf) -> String {
    let artifacts = &compiled.artifacts;
    let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let computes = artifacts.compute_registry.computes.keys().map(String::as_str);
    format!(
        "compiled {}: {}, {} ({}), {}\nwrote {out}\n",
        artifacts.product.name,
        count(artifacts.transforms.len(), "transform"),
        count(artifacts.compute_registry.computes.len(), "compute"),
        computes.collect::<Vec<_>>().join(", "),
        count(artifacts.environments.len(), "environment"),
    )
}
