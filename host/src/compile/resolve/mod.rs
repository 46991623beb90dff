//! Spec, manifest and dbt project into a [`Product`]: everything that needs no plugin.

mod approved;
mod approved_computes;
mod claims;
mod computes;
mod cycles;
mod dbt_project;
mod depends_on;
mod environments;
mod names;
pub mod ownership;
mod read;
mod selection;
mod timeouts;
mod transforms;

use std::path;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

pub use approved_computes::{ApprovedComputes, approved_computes};
pub use dbt_project::{ProjectFacts, facts};

use super::artifacts::{DbtProject, ManifestRef, ProductRef};
use super::catalog::Catalog;
use super::product::Product;
use super::settings;
use crate::diagnostics::{Diagnostic, Source};
use crate::documents::hierarchy::Level;
use crate::documents::paths::lexical;
use crate::documents::placeholders::Placeholders;
use approved::Approved;
use read::Documents;

/// Which documents.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The spec. Where the file is not there and a dbt project is, the whole project runs on the default.
    pub spec: &'a Utf8Path,
    /// The manifest, in place of the spec's own.
    pub manifest: Option<&'a Utf8Path>,
    /// Only these environments; all where empty.
    pub environments: &'a [String],
    /// Whether to look into the dbt project for what the transforms name: who only connects does without.
    pub transforms: bool,
}

/// Reads the documents and resolves them as far as they go. Without a product there is at least one error; with one there
/// may be some, and the plugins may have more to say about it.
pub fn resolve(inputs: &Inputs<'_>) -> (Option<Product>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let documents = read::documents(inputs, &mut diagnostics);
    resolve_documents(documents, inputs, diagnostics)
}

/// As [`resolve`], of a spec and a manifest that are in no file yet: what compiling them would say.
pub fn resolve_drafts(spec: &Arc<Source>, manifest: &Arc<Source>) -> (Option<Product>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let documents = read::drafts(spec, manifest, &mut diagnostics);
    let inputs = Inputs { spec: spec.path(), manifest: None, environments: &[], transforms: true };
    resolve_documents(documents, &inputs, diagnostics)
}

fn resolve_documents(
    documents: Documents,
    inputs: &Inputs<'_>,
    mut diagnostics: Vec<Diagnostic>,
) -> (Option<Product>, Vec<Diagnostic>) {
    let Documents { folder, project, spec, chain } = documents;
    let Ok(spec) = spec else { return (None, diagnostics) };
    let is_readable = chain.is_ok();
    let chain = chain.unwrap_or_default();
    // A dbt project that cannot be read has been told; what else is wrong does not depend on it.
    let dbt = project.as_ref().map_or_else(DbtProject::unnamed, |project| project.dbt.clone());
    let product = ProductRef {
        name: spec.as_ref().map_or_else(|| dbt.name.clone(), |spec| spec.metadata.name.value.clone()),
        version: spec.as_ref().and_then(|spec| spec.metadata.version.as_ref()).map(|version| version.value.clone()),
    };
    let placeholders = Placeholders::of_product(&product.name);
    let (computes, default) = match &chain {
        Some(chain) => computes::of_manifest(&chain.manifest, &placeholders),
        None if is_readable => computes::duckdb_alone(&product.name),
        None => (Vec::new(), String::new()),
    };
    let approved = Approved::new(&computes, chain.as_ref(), is_readable);
    let ((environments, other_environments), found) =
        environments::of(spec.as_ref(), approved, inputs.environments, &placeholders);
    // Which environments a manifest has that cannot be read, and what it leaves to products, nobody knows.
    diagnostics.extend(found.into_iter().filter(|_| is_readable));
    let all_environments = || environments.iter().chain(&other_environments);
    let own_transforms = spec.as_ref().map_or(&[][..], |spec| &spec.transforms);
    diagnostics.extend(timeouts::over_limits(approved, &default, all_environments(), own_transforms));
    let contents = project.as_ref().filter(|_| inputs.transforms).map(|project| {
        let names: Vec<&str> = all_environments().map(|environment| environment.name.as_str()).collect();
        let wanted = dbt_project::Wanted {
            folder: &folder,
            environments: &names,
            computes: &computes.iter().map(|compute| compute.name.as_str()).collect::<Vec<_>>(),
            packages: transforms::look_into_packages(own_transforms),
        };
        let (contents, found) = dbt_project::look(project, wanted);
        diagnostics.extend(found.into_iter().filter(|_| is_readable));
        contents
    });
    let (transforms, found) =
        transforms::of(own_transforms, approved, &default, &folder, &contents.unwrap_or_default());
    diagnostics.extend(found);
    if computes.is_empty() {
        return (None, diagnostics);
    }
    let levels = chain.iter().flat_map(|chain| &chain.levels);
    let section = chain.as_ref().and_then(|chain| chain.manifest.computes.as_ref());
    let catalog = chain.as_ref().and_then(|chain| Catalog::of(&chain.manifest, &placeholders));
    let product = Product {
        product,
        project_dir: absolute(&folder),
        dbt,
        inheritance: levels.clone().map(|level| manifest_ref(level, &folder)).collect(),
        manifests: levels.map(|level| level.path().to_owned()).collect(),
        trust: chain.as_ref().and_then(|chain| chain.manifest.trust.clone()),
        environments,
        other_environments,
        default_set_by: section.and_then(|section| section.default.as_ref()).map(|default| default.span.clone()),
        computes,
        catalog_is_unreadable: catalog.is_none()
            && chain.as_ref().is_some_and(|chain| chain.manifest.catalog_as_written.is_some()),
        catalog,
        default,
        transforms,
    };
    diagnostics.extend(settings::clashes(&product));
    (Some(product), diagnostics)
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
