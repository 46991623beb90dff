//! Compares two artifacts: who runs what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::compile::artifacts::read::{ReadArtifacts, ReadTransform};
use crate::diagnostics::codes::compile::{
    PARITY_BINARY, PARITY_COMPUTE, PARITY_DEFAULT, PARITY_MISSING, PARITY_PLUGIN, PARITY_PRODUCT,
};
use crate::diagnostics::{Diagnostic, Span};

/// Up to so many transforms are named in one message.
const NAMED: usize = 5;

/// Two artifacts beside each other.
#[derive(Debug)]
pub struct Comparison {
    /// Every transform of either, in the order of the first, then what only the second has.
    pub transforms: Vec<ComparedTransform>,
    /// What differs.
    pub diagnostics: Vec<Diagnostic>,
}

impl Comparison {
    /// How many transforms differ.
    pub fn differing(&self) -> usize {
        self.transforms.iter().filter(|transform| transform.status != Status::Same).count()
    }
}

/// A transform in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparedTransform {
    /// `path`, `name` or `package`.
    pub kind: String,
    /// What it selects.
    pub selects: String,
    /// How the two compare.
    pub status: Status,
    /// What runs it in the first; `null` where it is not there.
    pub a: Option<Runner>,
    /// What runs it in the second.
    pub b: Option<Runner>,
}

/// What runs a transform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runner {
    /// The compute.
    pub compute: String,
    /// Its plugin.
    pub plugin: String,
}

/// How a transform of one compares with that of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The same compute on the same plugin.
    Same,
    /// Another compute.
    ComputeDiffers,
    /// The same compute on another plugin.
    PluginDiffers,
    /// Only the first has it.
    OnlyInA,
    /// Only the second has it.
    OnlyInB,
}

/// Compares two artifacts.
pub fn compare(a: &ReadArtifacts, b: &ReadArtifacts) -> Comparison {
    let mut diagnostics = Vec::new();
    if a.product.value != b.product.value {
        let message = format!("these are two products, `{}` and `{}`", a.product.value, b.product.value);
        let help = "compare two compiles of one product";
        diagnostics.push(both(Diagnostic::warning(&PARITY_PRODUCT, message, help), &a.product.span, &b.product.span));
    }
    let transforms = transforms(a, b, &mut diagnostics);
    if a.default.value != b.default.value {
        let message = format!(
            "what no transform claims runs on compute `{}` in the first and on `{}` in the second",
            a.default.value, b.default.value
        );
        let help = "choose the same `default` in both manifests, and compile again";
        diagnostics.push(both(Diagnostic::error(&PARITY_DEFAULT, message, help), &a.default.span, &b.default.span));
    }
    plugins_of_computes(a, b, &transforms, &mut diagnostics);
    binaries(a, b, &mut diagnostics);
    Comparison { transforms, diagnostics }
}

type Key<'a> = (&'a str, &'a str);

fn key(transform: &ReadTransform) -> Key<'_> {
    (&transform.kind, &transform.selects)
}

fn transforms(a: &ReadArtifacts, b: &ReadArtifacts, diagnostics: &mut Vec<Diagnostic>) -> Vec<ComparedTransform> {
    let in_b: HashMap<Key<'_>, &ReadTransform> = b.transforms.iter().map(|one| (key(one), one)).collect();
    let in_a: BTreeSet<Key<'_>> = a.transforms.iter().map(key).collect();
    let mut compared = Vec::with_capacity(a.transforms.len());
    for first in &a.transforms {
        let second = in_b.get(&key(first)).copied();
        match second {
            None => diagnostics.push(missing(first, a, b)),
            Some(second) if first.compute.value != second.compute.value => {
                let message = format!(
                    "{} runs on compute `{}` in the first and on `{}` in the second",
                    named(first),
                    first.compute.value,
                    second.compute.value
                );
                let help = "a transform runs on one compute everywhere: choose the same in both, and compile again";
                let error = Diagnostic::error(&PARITY_COMPUTE, message, help);
                diagnostics.push(both(error, &first.compute.span, &second.compute.span));
            }
            Some(_) => {}
        }
        compared.push(side_by_side(first, runner(first, a), second.map(|second| runner(second, b))));
    }
    for second in b.transforms.iter().filter(|second| !in_a.contains(&key(second))) {
        diagnostics.push(missing(second, b, a));
        let only = side_by_side(second, runner(second, b), None);
        compared.push(ComparedTransform { status: Status::OnlyInB, a: None, b: only.a.clone(), ..only });
    }
    compared
}

fn side_by_side(transform: &ReadTransform, a: Runner, b: Option<Runner>) -> ComparedTransform {
    let status = match &b {
        None => Status::OnlyInA,
        Some(b) if a.compute != b.compute => Status::ComputeDiffers,
        Some(b) if a.plugin != b.plugin => Status::PluginDiffers,
        Some(_) => Status::Same,
    };
    ComparedTransform { kind: transform.kind.clone(), selects: transform.selects.clone(), status, a: Some(a), b }
}

fn runner(transform: &ReadTransform, artifacts: &ReadArtifacts) -> Runner {
    let compute = transform.compute.value.clone();
    // The reader has seen to it that the registry holds it.
    let plugin = artifacts.plugin(&compute).map(|plugin| plugin.value.clone()).unwrap_or_default();
    Runner { compute, plugin }
}

fn missing(transform: &ReadTransform, has: &ReadArtifacts, lacks: &ReadArtifacts) -> Diagnostic {
    let message = format!(
        "{}, on compute `{}`, is missing in {}",
        named(transform),
        transform.compute.value,
        lacks.source.path()
    );
    let help = format!(
        "compile both from the same spec; what no transform claims runs on `{}` there and on `{}` here",
        lacks.default.value, has.default.value
    );
    Diagnostic::error(&PARITY_MISSING, message, help).at(transform.span.clone())
}

/// A compute that both have, on another plugin: one difference, whatever number of transforms it is of.
fn plugins_of_computes(
    a: &ReadArtifacts,
    b: &ReadArtifacts,
    transforms: &[ComparedTransform],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut differing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for transform in transforms.iter().filter(|transform| transform.status == Status::PluginDiffers) {
        let Some(runner) = &transform.a else { continue };
        differing.entry(&runner.compute).or_default().push(format!("{} `{}`", transform.kind, transform.selects));
    }
    let default = a.default.value.as_str();
    let same_default = default == b.default.value;
    if same_default && a.plugin(default).map(|one| &one.value) != b.plugin(default).map(|one| &one.value) {
        differing.entry(default).or_default().push("what no transform claims".to_owned());
    }
    for (compute, of) in differing {
        let (Some(first), Some(second)) = (a.plugin(compute), b.plugin(compute)) else { continue };
        let more = if of.len() > NAMED { format!(" and {} more", of.len() - NAMED) } else { String::new() };
        let message = format!(
            "compute `{compute}` is plugin `{}` in the first and `{}` in the second; it runs {}{more}",
            first.value,
            second.value,
            of[..of.len().min(NAMED)].join(", ")
        );
        let help = "bind the name to the same plugin in both manifests, and compile again";
        diagnostics.push(both(Diagnostic::error(&PARITY_PLUGIN, message, help), &first.span, &second.span));
    }
}

/// The same plugin from another binary is worth knowing, and no other compute.
fn binaries(a: &ReadArtifacts, b: &ReadArtifacts, diagnostics: &mut Vec<Diagnostic>) {
    for (name, first) in &a.plugins {
        let Some(second) = b.plugins.get(name) else { continue };
        let help = "install the same binaries in both places; what they write into profiles may differ";
        // Another platform has another binary, and that is as it should be.
        let (message, at, other) = if first.version.value != second.version.value {
            let (one, other) = (&first.version, &second.version);
            let message =
                format!("plugin `{name}` has version {} in the first and {} in the second", one.value, other.value);
            (message, one, other)
        } else if first.target.value == second.target.value && first.sha256.value != second.sha256.value {
            let message =
                format!("plugin `{name}` {} is not the same binary in both: its sha256 differs", first.version.value);
            (message, &first.sha256, &second.sha256)
        } else {
            continue;
        };
        diagnostics.push(both(Diagnostic::warning(&PARITY_BINARY, message, help), &at.span, &other.span));
    }
}

fn named(transform: &ReadTransform) -> String {
    format!("transform {} `{}`", transform.kind, transform.selects)
}

fn both(diagnostic: Diagnostic, first: &Span, second: &Span) -> Diagnostic {
    diagnostic.labelled(first.clone(), "the first").labelled(second.clone(), "the second")
}

#[cfg(test)]
mod tests;
