//! The documents of a product: its dbt project, its spec, and the manifests that hold for it.

use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::Inputs;
use super::dbt_project::{self, ProjectFile};
use crate::diagnostics::codes::compile::SPEC_MISSING;
use crate::diagnostics::{Diagnostic, Source};
use crate::documents::hierarchy::{self, Chain};
use crate::documents::paths::tidy;
use crate::documents::{Spec, load_spec, parse_spec};

/// The spec's usual name: a dbt project without one is compiled with defaults.
const SPEC_FILE: &str = "floe.yaml";

/// There is an error in the diagnostics.
pub(super) struct Told;

/// What was read.
pub(super) struct Documents {
    /// The dbt project's folder: the spec's.
    pub(super) folder: Utf8PathBuf,
    /// The dbt project, where it can be read.
    pub(super) project: Option<ProjectFile>,
    /// The spec; none where there is none and the dbt project says enough.
    pub(super) spec: Result<Option<Spec>, Told>,
    /// The manifests; none where the product names none.
    pub(super) chain: Result<Option<Chain>, Told>,
}

/// Reads them all, as far as each of them goes.
pub(super) fn documents(inputs: &Inputs<'_>, diagnostics: &mut Vec<Diagnostic>) -> Documents {
    let folder = inputs.spec.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let project = match dbt_project::read(&folder) {
        Ok(project) => Some(project),
        Err(errors) => {
            diagnostics.extend(errors);
            None
        }
    };
    // Whoever only connects may ask for all that a manifest approves, where there is no product.
    let is_manifest_alone = !inputs.transforms
        && inputs.manifest.is_some()
        && project.is_none()
        && inputs.spec.file_name() == Some(SPEC_FILE)
        && is_missing(inputs.spec);
    let spec = if is_manifest_alone {
        diagnostics.clear();
        Ok(None)
    } else {
        self::spec(inputs.spec, project.is_some(), diagnostics)
    };
    let chain = manifests(inputs, spec.as_ref().ok().and_then(Option::as_ref), &folder, diagnostics);
    Documents { folder, project, spec, chain }
}

/// The same of texts that are in no file yet. The spec's folder is the dbt project's.
pub(super) fn drafts(spec: &Arc<Source>, manifest: &Arc<Source>, diagnostics: &mut Vec<Diagnostic>) -> Documents {
    let folder = spec.path().parent().unwrap_or(Utf8Path::new("")).to_owned();
    let project = match dbt_project::read(&folder) {
        Ok(project) => Some(project),
        Err(errors) => {
            diagnostics.extend(errors);
            None
        }
    };
    let (spec, found) = parse_spec(spec);
    diagnostics.extend(found);
    let (chain, found) = hierarchy::of_draft(manifest);
    diagnostics.extend(found);
    Documents { folder, project, spec: spec.map(Some).ok_or(Told), chain: chain.map(Some).ok_or(Told) }
}

/// The manifests that hold: none where the product names none.
pub(super) fn manifests(
    inputs: &Inputs<'_>,
    spec: Option<&Spec>,
    folder: &Utf8Path,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Chain>, Told> {
    let (path, named) = match (inputs.manifest, spec.and_then(|spec| spec.manifest.as_ref())) {
        (Some(path), _) => (path.to_owned(), None),
        (None, Some(named)) => match hierarchy::locate(named, folder) {
            Ok(path) => (tidy(&path), Some(named.span.clone())),
            Err(problem) => {
                diagnostics.push(*problem);
                return Err(Told);
            }
        },
        (None, None) => return Ok(None),
    };
    let (chain, found) = hierarchy::load(&path);
    // That it cannot be read has no place in a file of its own: it is where it was named.
    diagnostics.extend(found.into_iter().map(|problem| match &named {
        Some(named) if problem.labels.is_empty() => problem.at(named.clone()),
        _ => problem,
    }));
    chain.map(Some).ok_or(Told)
}

/// A link that leads nowhere is there, and so is a file in a folder that may not be looked into.
fn is_missing(path: &Utf8Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The spec; none where the file is not there and the dbt project says enough.
pub(super) fn spec(
    path: &Utf8Path,
    has_dbt_project: bool,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Spec>, Told> {
    if is_missing(path) {
        let missing = match (path.file_name(), has_dbt_project) {
            (Some(SPEC_FILE), true) => match path.with_extension("yml") {
                other if other.exists() => Diagnostic::error(
                    &SPEC_MISSING,
                    format!("there is no `{path}`, but a `{other}`"),
                    format!("rename it to `{SPEC_FILE}`, or name it with --spec {other}"),
                ),
                _ => return Ok(None),
            },
            // Who names a file means it: to compile without it would be to compile something else.
            (_, true) => Diagnostic::error(
                &SPEC_MISSING,
                format!("there is no `{path}`"),
                format!("correct the path of --spec; without it floe reads `{SPEC_FILE}`"),
            ),
            (_, false) => {
                // That there is no dbt project either is the same news.
                diagnostics.clear();
                Diagnostic::error(
                    &SPEC_MISSING,
                    format!("there is no `{path}`, and no dbt project beside it"),
                    "run floe in the folder of a dbt project, or name the spec with --spec path/to/floe.yaml",
                )
            }
        };
        diagnostics.push(missing);
        return Err(Told);
    }
    let (spec, found) = load_spec(path);
    diagnostics.extend(found);
    spec.map(Some).ok_or(Told)
}
