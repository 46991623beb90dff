//! Which compute each transform runs on: decided once, for all environments.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use camino::Utf8Path;
use floe_plugin_api::{ErrorKind, WorkloadSize};

use super::dbt_project::Contents;
use super::names::Names;
use super::ownership::Owners;
use super::{approved, claims, depends_on, selection};
use crate::compile::artifacts::TransformArtifact;
use crate::compile::product::Compute;
use crate::diagnostics::codes::compile::{COMPUTE_NOT_APPROVED, TRANSFORM_CLAIMED_TWICE};
use crate::diagnostics::{Diagnostic, Span, did_you_mean, listed};
use crate::documents::Spanned;
use crate::documents::spec::{Selector, Spec, Transform};

/// The transforms of a spec, and all that is wrong with them.
pub(super) fn of(
    spec: Option<&Spec>,
    computes: &[Compute],
    default: &str,
    folder: &Utf8Path,
    contents: &Contents,
) -> (Vec<TransformArtifact>, Vec<Diagnostic>) {
    let names = Names::of(contents);
    let own = spec.map_or(&[][..], |spec| &spec.transforms);
    let mut diagnostics = Vec::new();
    let mut claims: HashMap<(&'static str, String), Span> = HashMap::new();
    let mut transforms = Vec::with_capacity(own.len());
    // Of which of them nothing is said yet.
    let mut sound = Vec::with_capacity(own.len());
    for transform in own {
        let (kind, selects) = (transform.selector.key(), selection::plain(&transform.selector, &names));
        let span = transform.selector.text().span.clone();
        let problem = match claims.entry((kind, selects.clone())) {
            Entry::Occupied(first) => Some(claimed_twice(kind, &selects, span, first.get().clone())),
            Entry::Vacant(entry) => {
                entry.insert(span);
                selection::check(&transform.selector, &names, folder)
            }
        };
        sound.push(problem.is_none());
        diagnostics.extend(problem);
        if let Some(compute) = transform.compute.as_ref().filter(|name| approved(computes, name).is_none()) {
            diagnostics.push(not_approved(compute, computes));
        }
        transforms.push(artifact(transform, kind, selects, default));
    }
    let owners = Owners::of_transforms(contents.packages.first().map_or("", String::as_str), &transforms);
    diagnostics.extend(claims::without_any(own, &transforms, &owners, contents, &sound));
    let (after, found) = depends_on::resolve(own, &transforms, &owners, &names);
    diagnostics.extend(found);
    for (transform, after) in transforms.iter_mut().zip(after) {
        transform.after = after;
    }
    (transforms, diagnostics)
}

/// Whether anything in them may be found in packages alone.
pub(super) fn look_into_packages(transforms: &[Transform]) -> bool {
    let is_path = |transform: &Transform| matches!(transform.selector, Selector::Path(_));
    transforms.iter().any(|transform| !is_path(transform) || !transform.depends_on.is_empty())
}

fn claimed_twice(kind: &str, selects: &str, span: Span, first: Span) -> Diagnostic {
    let message = format!("two transforms claim the {} `{selects}`", noun(kind));
    Diagnostic::error(&TRANSFORM_CLAIMED_TWICE, message, "keep one of them")
        .at(span)
        .labelled(first, "claimed here first")
}

fn artifact(transform: &Transform, kind: &'static str, selects: String, default: &str) -> TransformArtifact {
    let words = |words: &[Spanned<String>]| words.iter().map(|word| word.value.clone()).collect();
    TransformArtifact {
        kind,
        selects,
        compute: transform.compute.as_ref().map_or_else(|| default.to_owned(), |compute| compute.value.clone()),
        compute_from: if transform.compute.is_some() { "transform" } else { "default" },
        timeout_seconds: transform.timeout_seconds.as_ref().map(|seconds| seconds.value),
        workload_size: transform.workload_size.as_ref().map_or(WorkloadSize::default(), |size| size.value).as_str(),
        tags: words(&transform.tags),
        depends_on: words(&transform.depends_on),
        after: Vec::new(),
    }
}

fn noun(kind: &str) -> &str {
    if kind == "name" { "model" } else { kind }
}

fn not_approved(compute: &Spanned<String>, computes: &[Compute]) -> Diagnostic {
    let names = || computes.iter().map(|compute| compute.name.as_str());
    let near = did_you_mean(&compute.value, names()).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    Diagnostic::error(
        &COMPUTE_NOT_APPROVED,
        format!("compute `{}` is not approved", compute.value),
        format!("{near}approved are {}", listed(names())),
    )
    .at(compute.span.clone())
    .of_kind(ErrorKind::InvalidCompute)
}
