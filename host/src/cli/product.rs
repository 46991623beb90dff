//! The product that the arguments name: reads its documents, hands them to the compiler.

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::ErrorKind;
use serde_json::{Value, json};

use super::args::{ProductArgs, StrictArgs};
use super::wiring;
use crate::compile::product::{Compute, Product};
use crate::compile::resolve;
use crate::compile::{self, Compiled};
use crate::diagnostics::codes::compile::{COMPUTE_UNKNOWN, TIMEOUT_ELSEWHERE};
use crate::diagnostics::{Diagnostic, Severity, meant_or_listed};
use crate::documents::manifest::TrustSection;
use crate::plugins::trust::{Demand, LOCK_FILE, Policy, TrustedKey};
use crate::run::place::ARTIFACTS;
use crate::telemetry;

/// Reads and resolves the product as far as its connections need it, for these environments or all.
pub(super) fn resolve(args: &ProductArgs, environments: &[String]) -> (Option<Product>, Vec<Diagnostic>) {
    resolve_with(args, environments, false)
}

fn resolve_with(args: &ProductArgs, environments: &[String], transforms: bool) -> (Option<Product>, Vec<Diagnostic>) {
    telemetry::phase("parse", || {
        let manifest = args.manifest.as_deref();
        resolve::resolve(&resolve::Inputs { spec: &args.spec, manifest, environments, transforms })
    })
}

/// Compiles the product; nothing is written.
pub(super) fn compile(
    args: &ProductArgs,
    strict: &StrictArgs,
    environments: &[String],
    out: &Utf8Path,
) -> (Option<Compiled>, Vec<Diagnostic>) {
    let (product, mut diagnostics) = resolve_with(args, environments, true);
    let found = product.and_then(|product| compile_resolved(args, product, strict, out, &mut diagnostics));
    deny_warnings(strict, &mut diagnostics);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    (found.filter(|_| !failed), diagnostics)
}

/// Compiles the product for a command that runs it, and so holds what plain dbt would not.
pub(super) fn compile_to_run(args: &ProductArgs, strict: &StrictArgs) -> (Option<Compiled>, Vec<Diagnostic>) {
    let lenient = StrictArgs { deny_warnings: false, ..strict.clone() };
    let (found, mut diagnostics) = compile(args, &lenient, &[], Utf8Path::new(ARTIFACTS));
    diagnostics.retain(|diagnostic| diagnostic.code != &TIMEOUT_ELSEWHERE);
    deny_warnings(strict, &mut diagnostics);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    (found.filter(|_| !failed), diagnostics)
}

/// Compiles a product that was resolved, with the plugins that its locks allow.
fn compile_resolved(
    args: &ProductArgs,
    product: Product,
    strict: &StrictArgs,
    out: &Utf8Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Compiled> {
    let policy = match policy(args, &product.manifests, product.trust.as_ref(), strict.locked) {
        Ok(policy) => policy,
        Err(errors) => {
            diagnostics.extend(errors);
            return None;
        }
    };
    let host = telemetry::phase("inspect", || wiring::plugin_host(&args.plugins, policy));
    let source = wiring::Plugins::new(&host);
    let (compiled, more) = telemetry::phase("plugins", || compile::compile(product, &source, out));
    diagnostics.extend(more);
    diagnostics.extend(host.problems().iter().filter(|problem| !problem.is_error()).cloned());
    compiled
}

/// Makes warnings errors, where that is asked for.
pub(super) fn deny_warnings(strict: &StrictArgs, diagnostics: &mut [Diagnostic]) {
    if strict.deny_warnings {
        for diagnostic in diagnostics {
            diagnostic.severity = Severity::Error;
        }
    }
}

/// What the manifests, and the locks beside them, demand of plugins.
///
/// # Errors
/// What is wrong with the locks; nothing where it is the manifests, which has been told. Then no plugin may be loaded.
pub(super) fn policy(
    args: &ProductArgs,
    manifests: &[Utf8PathBuf],
    trust: Option<&TrustSection>,
    locked: bool,
) -> Result<Policy, Vec<Diagnostic>> {
    let demand = demanded(trust)?;
    Ok(Policy::read(lock_files(args, manifests), locked)?.demanding(demand))
}

/// The signatures that the manifests demand.
///
/// # Errors
/// None is told: it has been, with the manifests.
pub(super) fn demanded(trust: Option<&TrustSection>) -> Result<Option<Demand>, Vec<Diagnostic>> {
    let Some(trust) = trust else { return Ok(None) };
    if trust.is_broken {
        return Err(Vec::new());
    }
    let Some(required) = trust.require_signature.as_ref().filter(|required| required.value) else { return Ok(None) };
    let keys = trust.trusted_keys.iter().filter_map(|key| Some((TrustedKey::parse(key).ok()?, key.span.clone())));
    Ok(Some(Demand::new(required.span.clone(), keys.collect())))
}

/// Where the locks are: one beside each manifest, or beside the spec where there is none. The last is the product's own.
pub(super) fn lock_files(args: &ProductArgs, manifests: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    match manifests {
        [] => vec![args.spec.with_file_name(LOCK_FILE)],
        manifests => manifests.iter().map(|manifest| manifest.with_file_name(LOCK_FILE)).collect(),
    }
}

/// The computes with these names, or all; and what is wrong with the names.
pub(super) fn select<'a>(product: &'a Product, names: &[String]) -> (Vec<&'a Compute>, Vec<Diagnostic>) {
    if names.is_empty() {
        return (product.computes.iter().collect(), Vec::new());
    }
    let unknown = unknown(names, product.computes.iter().map(|compute| compute.name.as_str()));
    let found = product.computes.iter().filter(|compute| names.contains(&compute.name));
    (found.collect(), unknown)
}

/// What is wrong with the names of computes that somebody gave.
pub(super) fn unknown<'a>(names: &[String], approved: impl Iterator<Item = &'a str>) -> Vec<Diagnostic> {
    let approved: Vec<&str> = approved.collect();
    let unknown = names.iter().filter(|name| !approved.contains(&name.as_str())).map(|name| {
        let help = meant_or_listed(name, approved.iter().copied(), "approved are");
        Diagnostic::error(&COMPUTE_UNKNOWN, format!("there is no compute `{name}`"), help)
            .of_kind(ErrorKind::InvalidCompute)
    });
    unknown.collect()
}

/// Names of the approved computes.
pub(super) fn approved(compiled: &Compiled) -> impl Iterator<Item = &str> {
    compiled.artifacts.compute_registry.computes.keys().map(String::as_str)
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
