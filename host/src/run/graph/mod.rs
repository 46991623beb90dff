//! dbt's graph across computes: each node as the compute that owns it sees it.
//!
//! `inputs` says whether dbt must read the project again, `parse` lets it, `manifest` reads what it wrote.

mod inputs;
mod manifest;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use camino::Utf8PathBuf;

pub use manifest::{Manifest, Node};
pub use parse::partial_parse;

use super::Session;
use crate::compile::artifacts::TransformArtifact;
use crate::compile::resolve::ownership::{NodeRef, Owners, plain_path};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::FILES;
use inputs::Inputs;

/// A node and its owner.
#[derive(Debug)]
pub struct Owned {
    /// The compute that builds it; tests have none before they are planned.
    pub compute: String,
    /// The transform that claims it, by its place among the transforms; none where it runs on the default.
    pub transform: Option<usize>,
}

/// The graphs of all computes that run anything.
#[derive(Debug)]
pub struct Graphs {
    /// What dbt made of the project, by compute.
    pub manifests: BTreeMap<String, Manifest>,
    /// The owner of everything that is built: models, seeds, snapshots and functions.
    pub owners: BTreeMap<String, Owned>,
    /// The computes, by name.
    pub computes: Vec<String>,
}

impl Graphs {
    /// Reads the graphs of an environment, side by side.
    ///
    /// # Errors
    /// One diagnostic for each compute for which dbt cannot read the project.
    pub fn read(session: &Session<'_>) -> Result<Self, Vec<Diagnostic>> {
        let place = &session.place;
        let inputs = Inputs::of(&place.project_dir).map_err(|error| {
            let what = format!("the files of the dbt project cannot be read: {error}");
            vec![Diagnostic::error(&FILES, what, "see that you may read all files below the project's folder")]
        })?;
        let (mut manifests, mut problems) = (BTreeMap::new(), Vec::new());
        thread::scope(|scope| {
            let read = |compute: &str| parse::manifest(session, compute, &inputs);
            let running: Vec<_> =
                session.computes.iter().map(|compute| (compute, scope.spawn(move || read(compute)))).collect();
            for (compute, handle) in running {
                match handle.join() {
                    Ok(Ok(manifest)) => drop(manifests.insert(compute.clone(), manifest)),
                    Ok(Err(error)) => problems.push(error),
                    Err(payload) => std::panic::resume_unwind(payload),
                }
            }
        });
        if !problems.is_empty() {
            return Err(once(problems));
        }
        let artifacts = &session.compiled.artifacts;
        Ok(Self::of(
            manifests,
            &artifacts.dbt.name,
            &artifacts.transforms,
            &artifacts.compute_registry.default,
            session.computes.clone(),
        ))
    }

    /// Puts manifests together.
    pub fn of(
        manifests: BTreeMap<String, Manifest>,
        project: &str,
        transforms: &[TransformArtifact],
        default: &str,
        computes: Vec<String>,
    ) -> Self {
        let claims = Owners::of_transforms(project, transforms);
        let mut owners = BTreeMap::new();
        for node in manifests.values().flat_map(|manifest| manifest.nodes.values()).filter(|node| node.is_built()) {
            if owners.contains_key(&node.unique_id) {
                continue;
            }
            let (version, path): (_, Utf8PathBuf) = (node.version(), plain_path(&node.original_file_path));
            let transform = claims.owner(&NodeRef {
                package: &node.package_name,
                name: &node.name,
                version: version.as_deref(),
                path: &path,
            });
            let compute = transform.map_or(default, |at| transforms[at].compute.as_str()).to_owned();
            owners.insert(node.unique_id.clone(), Owned { compute, transform });
        }
        Self { manifests, owners, computes }
    }

    /// A built node as its owner sees it; `None` where its owner has switched it off.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.seen_by(&self.owners.get(id)?.compute, id)
    }

    /// A node as one compute sees it.
    pub fn seen_by(&self, compute: &str, id: &str) -> Option<&Node> {
        self.manifests.get(compute)?.nodes.get(id)
    }

    /// A test, as any compute sees it.
    pub fn test(&self, id: &str) -> Option<&Node> {
        self.manifests.values().find_map(|manifest| manifest.nodes.get(id))
    }

    /// All built nodes that are switched on, as their owners see them.
    pub fn nodes(&self) -> impl Iterator<Item = (&Node, &Owned)> {
        self.owners.iter().filter_map(|(id, owned)| Some((self.seen_by(&owned.compute, id)?, owned)))
    }

    /// The ids of all tests, of whichever compute.
    pub fn tests(&self) -> BTreeSet<&str> {
        let nodes = self.manifests.values().flat_map(|manifest| manifest.nodes.values());
        nodes.filter(|node| node.is_test()).map(|node| node.unique_id.as_str()).collect()
    }
}

/// The same mistake, found for each compute, is one.
fn once(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: Vec<String> = Vec::new();
    let mut is_new = |problem: &Diagnostic| {
        let compute = problem.compute.as_deref().unwrap_or_default();
        let words = problem.message.replace(&format!("`{compute}`"), "");
        let is_new = !told.contains(&words);
        told.push(words);
        is_new
    };
    problems.into_iter().filter(|problem| is_new(problem)).collect()
}
