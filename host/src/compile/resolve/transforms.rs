//! Which compute each transform runs on: decided once, for all environments.

use std::collections::HashMap;

use camino::Utf8Path;
use floe_plugin_api::WorkloadSize;

use super::approved::Approved;
use crate::compile::artifacts::TransformArtifact;
use crate::diagnostics::codes::compile::{COMPUTE_NOT_APPROVED, TRANSFORM_CLAIMED_TWICE, TRANSFORM_NOT_FOUND};
use crate::diagnostics::{Diagnostic, Span, did_you_mean, listed};
use crate::documents::Spanned;
use crate::documents::spec::{Selector, Spec, Transform};

/// The transforms of a spec, and all that is wrong with them.
pub(super) fn of(
    spec: Option<&Spec>,
    approved: Approved<'_>,
    default: &str,
    folder: &Utf8Path,
) -> (Vec<TransformArtifact>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut claims: HashMap<(&'static str, String), Span> = HashMap::new();
    let mut transforms = Vec::new();
    for transform in spec.into_iter().flat_map(|spec| &spec.transforms) {
        // `models/staging` and `models/staging/` are one path.
        let (kind, text) = (transform.selector.key(), transform.selector.text());
        let selects = text.trim_end_matches('/').to_owned();
        if let Selector::Path(path) = &transform.selector {
            diagnostics.extend(not_found(path, folder));
        }
        let span = text.span.clone();
        if let Some(first) = claims.insert((kind, selects.clone()), span.clone()) {
            diagnostics.push(
                Diagnostic::error(
                    &TRANSFORM_CLAIMED_TWICE,
                    format!("two transforms claim the {} `{selects}`", noun(kind)),
                    "keep one of them",
                )
                .at(span.clone())
                .labelled(first, "claimed here first"),
            );
        }
        if let Some(compute) = &transform.compute {
            let message = format!("compute `{}` is not approved", compute.value);
            diagnostics.extend(approved.refuse(compute, &COMPUTE_NOT_APPROVED, &message));
        }
        transforms.push(artifact(transform, kind, selects, default));
    }
    (transforms, diagnostics)
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
    }
}

fn noun(kind: &str) -> &str {
    if kind == "name" { "model" } else { kind }
}

/// A path that selects nothing would leave its models on the default without a word.
fn not_found(path: &Spanned<String>, folder: &Utf8Path) -> Option<Diagnostic> {
    if folder.join(&path.value).exists() {
        return None;
    }
    let parent = Utf8Path::new(&path.value).parent().unwrap_or(Utf8Path::new(""));
    let beside = names_in(&folder.join(parent));
    let name = Utf8Path::new(&path.value).file_name().unwrap_or_default();
    let help = match did_you_mean(name, beside.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", parent.join(near)),
        None if beside.is_empty() => "paths count from the dbt project's folder".to_owned(),
        None => format!("beside it there is {}", listed(beside.iter().map(String::as_str))),
    };
    let message = format!("the dbt project has no `{}`", path.value);
    Some(Diagnostic::error(&TRANSFORM_NOT_FOUND, message, help).at(path.span.clone()))
}

fn names_in(folder: &Utf8Path) -> Vec<String> {
    let folder = if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder };
    let mut names: Vec<_> = folder
        .read_dir_utf8()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    names
}
