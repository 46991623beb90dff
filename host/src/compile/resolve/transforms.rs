//! Which compute each transform runs on: decided once, for all environments.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use camino::Utf8Path;
use floe_plugin_api::WorkloadSize;

use super::approved::Approved;
use super::dbt_project::Contents;
use super::names::Names;
use super::ownership::Owners;
use super::{claims, depends_on, selection};
use crate::compile::artifacts::TransformArtifact;
use crate::diagnostics::codes::compile::{COMPUTE_NOT_APPROVED, TRANSFORM_CLAIMED_TWICE};
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::Spanned;
use crate::documents::spec::{Selector, Transform};

/// The transforms of a spec, and all that is wrong with them.
pub(super) fn of(
    own: &[Transform],
    approved: Approved<'_>,
    default: &str,
    folder: &Utf8Path,
    contents: &Contents,
) -> (Vec<TransformArtifact>, Vec<Diagnostic>) {
    let names = Names::of(contents);
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
        if let Some(compute) = &transform.compute {
            let message = format!("compute `{}` is not approved", compute.value);
            diagnostics.extend(approved.refuse(compute, &COMPUTE_NOT_APPROVED, &message));
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
