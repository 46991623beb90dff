//! Spec, manifest and dbt project into a [`Product`]: everything that needs no plugin.

mod approved;
mod computes;
mod dbt_project;
mod environments;
mod timeouts;
mod transforms;

use std::{io, path};

use camino::{Utf8Path, Utf8PathBuf};

use super::artifacts::{ManifestRef, ProductRef};
use super::product::Product;
use super::settings;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::{CATALOG_NOT_MOUNTED, SIGNATURES_NOT_CHECKED, SPEC_MISSING};
use crate::documents::hierarchy::{self, Chain, Level};
use crate::documents::manifest::Manifest;
use crate::documents::paths::{lexical, tidy};
use crate::documents::placeholders::Placeholders;
use crate::documents::{Spec, load_spec};
use approved::Approved;

/// The spec's usual name: a dbt project without one is compiled with defaults.
const SPEC_FILE: &str = "floe.yaml";

/// Which documents.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The spec. Where the file is not there and a dbt project is, the whole project runs on the default.
    pub spec: &'a Utf8Path,
    /// The manifest, in place of the spec's own.
    pub manifest: Option<&'a Utf8Path>,
    /// Only these environments; all where empty.
    pub environments: &'a [String],
}

/// Reads the documents and resolves them as far as they go. Without a product there is at least one error; with one there
/// may be some, and the plugins may have more to say about it.
pub fn resolve(inputs: &Inputs<'_>) -> (Option<Product>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let folder = inputs.spec.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let dbt = match dbt_project::read(&folder) {
        Ok(dbt) => Some(dbt),
        Err(errors) => {
            diagnostics.extend(errors);
            None
        }
    };
    let spec = read_spec(inputs.spec, dbt.is_some(), &mut diagnostics);
    let chain = read_manifests(inputs, spec.as_ref().ok().and_then(Option::as_ref), &folder, &mut diagnostics);
    let (Ok(spec), Some(dbt)) = (spec, dbt) else { return (None, diagnostics) };
    let product = ProductRef {
        name: spec.as_ref().map_or_else(|| dbt.name.clone(), |spec| spec.metadata.name.value.clone()),
        version: spec.as_ref().and_then(|spec| spec.metadata.version.as_ref()).map(|version| version.value.clone()),
    };
    let placeholders = Placeholders::of_product(&product.name);
    let (chain, is_readable) = match chain {
        Ok(chain) => (chain, true),
        Err(Told) => (None, false),
    };
    let (computes, default) = match &chain {
        Some(chain) => computes::of_manifest(&chain.manifest, &placeholders),
        None if is_readable => computes::duckdb_alone(&product.name),
        None => (Vec::new(), String::new()),
    };
    diagnostics.extend(chain.iter().flat_map(|chain| not_yet(&chain.manifest)));
    let is_partial = chain.as_ref().is_some_and(|chain| chain.manifest.computes.as_ref().is_none_or(|c| c.is_partial));
    let is_whole = is_readable && !is_partial;
    let approved = Approved { computes: &computes, chain: chain.as_ref(), is_whole };
    let ((environments, other_environments), found) =
        environments::of(spec.as_ref(), approved, inputs.environments, &placeholders);
    // What a manifest that cannot be read has of environments, and leaves to products, nobody knows.
    diagnostics.extend(found.into_iter().filter(|_| is_readable));
    let all_environments = environments.iter().chain(&other_environments);
    let own_transforms = spec.as_ref().map_or(&[][..], |spec| &spec.transforms);
    diagnostics.extend(timeouts::over_limits(approved, &default, all_environments, own_transforms));
    let (transforms, found) = transforms::of(spec.as_ref(), approved, &default, &folder);
    diagnostics.extend(found);
    if computes.is_empty() {
        return (None, diagnostics);
    }
    let levels = chain.iter().flat_map(|chain| &chain.levels);
    let product = Product {
        product,
        project_dir: absolute(&folder),
        dbt,
        inheritance: levels.map(|level| manifest_ref(level, &folder)).collect(),
        environments,
        other_environments,
        default_set_by: chain.as_ref().and_then(|chain| Some(chain.manifest.computes.as_ref()?.default.as_ref()?.span.clone())),
        computes,
        default,
        transforms,
    };
    diagnostics.extend(settings::clashes(&product));
    (Some(product), diagnostics)
}

/// The manifests that hold: none where the product names none.
fn read_manifests(
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

/// There is an error in the diagnostics.
struct Told;

/// The spec; none where the file is not there and the dbt project says enough.
fn read_spec(path: &Utf8Path, has_dbt_project: bool, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Spec>, Told> {
    // A link that leads nowhere is there, and so is a file in a folder that may not be looked into.
    let is_missing = path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_missing {
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

/// What the manifest says and this version does not do is told, never passed over.
fn not_yet(manifest: &Manifest) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let signed = manifest.trust.as_ref().and_then(|trust| trust.require_signature.as_ref());
    if let Some(required) = signed.filter(|required| required.value) {
        found.push(
            Diagnostic::error(
                &SIGNATURES_NOT_CHECKED,
                "this version of floe does not check signatures, so unsigned plugins would be loaded",
                "remove `require_signature` from `plugins.trust` knowing that, or wait for the next version",
            )
            .at(required.span.clone()),
        );
    }
    if let Some(catalog) = &manifest.catalog {
        found.push(
            Diagnostic::warning(
                &CATALOG_NOT_MOUNTED,
                "this version of floe does not mount `plugins.catalog` on any compute",
                "profiles are generated without it; DuckDB can mount one by its own `attach` and `secrets` settings",
            )
            .at(catalog.span.clone()),
        );
    }
    found
}

fn manifest_ref(level: &Level, folder: &Utf8Path) -> ManifestRef {
    ManifestRef {
        scope: level.scope.map(|scope| scope.as_str().to_owned()),
        name: level.name.clone(),
        version: level.version.clone(),
        path: relative(level.path(), folder).into_string(),
    }
}

fn absolute(path: &Utf8Path) -> Utf8PathBuf {
    let path = if path.as_str().is_empty() { Utf8Path::new(".") } else { path };
    path::absolute(path).ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok()).unwrap_or_else(|| path.to_owned())
}

/// A path as it is seen from a folder, so that artifacts are the same wherever the project lies.
pub(super) fn relative(path: &Utf8Path, folder: &Utf8Path) -> Utf8PathBuf {
    let (path, folder) = (lexical(&absolute(path)), lexical(&absolute(folder)));
    let shared = path.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(shared).map(|_| "..");
    let down = path.components().skip(shared).map(|part| part.as_str());
    up.chain(down).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_project() {
        let seen = |path: &str, folder: &str| relative(path.into(), folder.into()).into_string();
        assert_eq!(seen("/a/b/manifest.yaml", "/a/b"), "manifest.yaml");
        assert_eq!(seen("/a/manifest.yaml", "/a/b/c"), "../../manifest.yaml");
        assert_eq!(seen("/a/b/../m.yaml", "/a/b"), "../m.yaml");
    }
}
