//! Spec, manifest and dbt project into a [`Product`]: everything that needs no plugin.

mod approved;
mod computes;
mod dbt_project;
mod environments;
mod timeouts;
mod transforms;

use std::{io, path};

use camino::{Utf8Path, Utf8PathBuf};

pub use approved::{Approved, approved_computes};

use super::artifacts::{ManifestRef, ProductRef};
use super::product::{Compute, Product};
use super::settings;
use crate::diagnostics::codes::compile::{CATALOG_NOT_MOUNTED, PARENT_NOT_READ, SIGNATURES_NOT_CHECKED, SPEC_MISSING};
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::manifest::{Manifest, Scope};
use crate::documents::placeholders::Placeholders;
use crate::documents::{Spec, load_manifest, load_spec};

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
    let manifest = match manifest_path(inputs, spec.as_ref().ok().and_then(Option::as_ref), &folder) {
        Some((path, named)) => {
            let (manifest, found) = read_manifest(&path, named.as_ref());
            diagnostics.extend(found);
            Some(manifest)
        }
        None => None,
    };
    let (Ok(spec), Some(manifest)) = (spec, manifest.map_or(Some(None), |manifest| manifest.map(Some))) else {
        return (None, diagnostics);
    };
    let Some(dbt) = dbt else { return (None, diagnostics) };
    let product = ProductRef {
        name: spec.as_ref().map_or_else(|| dbt.name.clone(), |spec| spec.metadata.name.value.clone()),
        version: spec.as_ref().and_then(|spec| spec.metadata.version.as_ref()).map(|version| version.value.clone()),
    };
    let placeholders = Placeholders::of_product(&product.name);
    let found = match &manifest {
        Some(manifest) => {
            diagnostics.extend(not_yet(manifest));
            computes::of_manifest(manifest, &placeholders)
        }
        None => Some(computes::duckdb_alone(&product.name)),
    };
    // Without computes there is an error already, and nothing of the spec can be checked against them.
    let Some((computes, default)) = found else { return (None, diagnostics) };
    let environments =
        environments::of(spec.as_ref(), manifest.as_ref(), &computes, inputs.environments, &placeholders);
    let ((environments, other_environments), found) = environments;
    diagnostics.extend(found);
    let all_environments = environments.iter().chain(&other_environments);
    let own_transforms = spec.as_ref().map_or(&[][..], |spec| &spec.transforms);
    diagnostics.extend(timeouts::over_limits(&computes, &default, all_environments, own_transforms));
    let (transforms, found) = transforms::of(spec.as_ref(), &computes, &default, &folder);
    diagnostics.extend(found);
    let product = Product {
        product,
        project_dir: absolute(&folder),
        dbt,
        inheritance: manifest.iter().map(|manifest| manifest_ref(manifest, &folder)).collect(),
        manifests: manifest.iter().map(|manifest| manifest.source.path().to_owned()).collect(),
        environments,
        other_environments,
        computes,
        default,
        transforms,
    };
    diagnostics.extend(settings::clashes(&product));
    (Some(product), diagnostics)
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

/// The manifest that the command line or the spec names, and where the spec does.
fn manifest_path(inputs: &Inputs<'_>, spec: Option<&Spec>, folder: &Utf8Path) -> Option<(Utf8PathBuf, Option<Span>)> {
    if let Some(path) = inputs.manifest {
        return Some((path.to_owned(), None));
    }
    let named = spec?.manifest.as_ref()?;
    let path = folder.join(&named.value);
    // Behind a link, `..` is another folder than the text says: then the path stays as it is written.
    let clean = lexical(&path);
    let is_same = match (path.canonicalize_utf8(), clean.canonicalize_utf8()) {
        (Ok(path), Ok(clean)) => path == clean,
        (Ok(_), Err(_)) => false,
        _ => true,
    };
    Some((if is_same { clean } else { path }, Some(named.span.clone())))
}

/// The manifest. That it cannot be read has no place in a file of its own: it is where it was named.
fn read_manifest(path: &Utf8Path, named: Option<&Span>) -> (Option<Manifest>, Vec<Diagnostic>) {
    let (manifest, found) = load_manifest(path);
    let placed = found.into_iter().map(|problem| match named {
        Some(named) if problem.labels.is_empty() => problem.at(named.clone()),
        _ => problem,
    });
    (manifest, placed.collect())
}

/// What the manifest says and this version does not do is told, never passed over.
fn not_yet(manifest: &Manifest) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if let Some(parent) = &manifest.parent_manifest {
        found.push(
            Diagnostic::error(
                &PARENT_NOT_READ,
                "this version of floe does not read parent manifests, so their limits would not hold",
                "compile with a manifest without `scope` and `parent_manifest`, or wait for the next version",
            )
            .at(parent.span.clone()),
        );
    }
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

fn manifest_ref(manifest: &Manifest, folder: &Utf8Path) -> ManifestRef {
    ManifestRef {
        scope: manifest.scope.as_ref().map(|scope| scope_word(scope.value).to_owned()),
        name: manifest.metadata.name.value.clone(),
        version: manifest.metadata.version.as_ref().map(|version| version.value.clone()),
        path: relative(manifest.source.path(), folder).into_string(),
    }
}

fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Enterprise => "enterprise",
        Scope::Domain => "domain",
    }
}

/// A path without `.` and with `x/..` taken out, without asking the file system.
fn lexical(path: &Utf8Path) -> Utf8PathBuf {
    let mut clean = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir if clean.file_name().is_some_and(|name| name != "..") => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
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

/// The approved compute with a name.
fn approved<'a>(computes: &'a [Compute], name: &str) -> Option<&'a Compute> {
    computes.iter().find(|compute| compute.name == name)
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
        assert_eq!(lexical("./x/../../y/./z".into()), "../y/z");
    }
}
