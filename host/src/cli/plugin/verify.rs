//! `floe plugin verify`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::answer::Answer;
use crate::cli::args::ProductArgs;
use crate::cli::table::table;
use crate::cli::{product, wiring};
use crate::compile::plugins::located;
use crate::compile::product::Compute;
use crate::compile::resolve::{self, ApprovedComputes};
use crate::diagnostics::Diagnostic;
use crate::plugins::trust::SignatureState;
use crate::plugins::trust::pinning::Wanted;
use crate::plugins::{Inspected, Platform, PluginHost};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    product: ProductArgs,
}

/// What the manifest approves.
pub(super) fn approved(args: &ProductArgs) -> Result<ApprovedComputes, Vec<Diagnostic>> {
    let inputs =
        resolve::Inputs { spec: &args.spec, manifest: args.manifest.as_deref(), environments: &[], transforms: false };
    resolve::approved_computes(&inputs)
}

/// The plugins of the computes, each once, in the order of their names.
pub(super) fn wanted(approved: &ApprovedComputes) -> Vec<Wanted<'_>> {
    let mut wanted: BTreeMap<&str, Wanted<'_>> = BTreeMap::new();
    for compute in &approved.computes {
        let empty = || Wanted { name: &compute.plugin, requirements: Vec::new() };
        wanted.entry(&compute.plugin).or_insert_with(empty).requirements.extend(&compute.version);
    }
    wanted.into_values().collect()
}

pub(super) fn run(args: &Args) -> Result<Answer, Vec<Diagnostic>> {
    let approved = approved(&args.product)?;
    let trust = approved.trust.as_ref();
    // Where signatures are demanded there is something to check without a lock.
    let locked = product::demanded(trust)?.is_none()
        || product::lock_files(&args.product, &approved.manifests).iter().any(|file| file.symlink_metadata().is_ok());
    let policy = product::policy(&args.product, &approved.manifests, trust, locked)?;
    let fine = if locked { "as pinned" } else { "as signed" };
    let host = wiring::plugin_host(&args.product.plugins, policy);
    let mut diagnostics: Vec<_> = host.problems().iter().filter(|problem| !problem.is_error()).cloned().collect();
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    for plugin in wanted(&approved) {
        let computes = approved.computes.iter().filter(|compute| compute.plugin == plugin.name);
        let (found, said) = examine(&host, plugin.name);
        let status = match found {
            None => "missing",
            Some(_) if said.iter().any(Diagnostic::is_error) => "refused",
            Some(_) => fine,
        };
        let signature = found.map(|found| host.signature(found));
        rows.push(row(plugin.name, found, status, signature.as_ref()));
        entries.push(entry(plugin.name, found, status, signature.as_ref()));
        diagnostics.extend(said.into_iter().map(|said| place(said, computes.clone().next())));
    }
    let text = table(["plugin", "version", "platform", "status", "signature", "file"], &rows);
    Ok(Answer::text(text).with_diagnostics(diagnostics).with("plugins", entries))
}

fn examine<'h>(host: &'h PluginHost, name: &str) -> (Option<&'h Inspected>, Vec<Diagnostic>) {
    match host.find(name) {
        Ok(found) => (Some(found), host.examine(found)),
        Err(error) => (None, vec![error]),
    }
}

fn place(said: Diagnostic, compute: Option<&Compute>) -> Diagnostic {
    match compute {
        Some(compute) => located(said, compute),
        None => said,
    }
}

fn row(name: &str, found: Option<&Inspected>, status: &str, signature: Option<&SignatureState>) -> [String; 6] {
    let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
    [
        name.to_owned(),
        or_none(found.map(|found| found.record.version.as_str())),
        Platform::current().word(),
        status.to_owned(),
        or_none(signature.map(|signature| match signature {
            SignatureState::NotDemanded => "not demanded",
            SignatureState::Signed(signed) => &signed.key_id,
            SignatureState::Refused(why) => why,
        })),
        or_none(found.map(|found| found.path.as_str())),
    ]
}

fn entry(name: &str, found: Option<&Inspected>, status: &str, signature: Option<&SignatureState>) -> Value {
    let signed = signature.and_then(|signature| match signature {
        SignatureState::Signed(signed) => Some(signed),
        SignatureState::NotDemanded | SignatureState::Refused(_) => None,
    });
    let libraries = found.and_then(|found| found.libraries().ok()).unwrap_or_default().iter();
    let libraries =
        libraries.map(|library| json!({"name": library.name, "path": library.path, "sha256": library.sha256().ok()}));
    json!({
        "name": name,
        "version": found.map(|found| &found.record.version),
        "platform": Platform::current().word(),
        "status": status,
        "path": found.map(|found| &found.path),
        "sha256": found.and_then(|found| found.sha256().ok()),
        "libraries": libraries.collect::<Vec<_>>(),
        "signature": signed,
    })
}
