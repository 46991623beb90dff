//! What of a project a transform can claim: models, seeds, snapshots and functions, by dbt's own rules for names.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::paths::lies_in;
use super::project_file::Layout;
use super::scan::Facts;
use super::walk::has_extension;

/// A model, seed, snapshot or function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::compile::resolve) struct Node {
    /// Its name, as `ref()` takes it.
    pub(in crate::compile::resolve) name: String,
    /// Its version, where it has some.
    pub(in crate::compile::resolve) version: Option<String>,
    /// Its file, from its own project's folder.
    pub(in crate::compile::resolve) path: Utf8PathBuf,
    /// Its package, by place in [`super::Contents::packages`]; the project itself is the first.
    pub(in crate::compile::resolve) package: usize,
}

/// The nodes of one project, in the order of their files; `facts` are by place among these files.
pub(super) fn of(package: usize, layout: &Layout, files: &[Utf8PathBuf], facts: &HashMap<usize, &Facts>) -> Vec<Node> {
    let kinds: [(&Option<Vec<Utf8PathBuf>>, &[&str]); 3] =
        [(&layout.models, &["sql", "py"]), (&layout.seeds, &["csv"]), (&layout.functions, &["sql", "py"])];
    let mut nodes = Vec::new();
    // Which of them are models: a seed has no versions.
    let mut models: HashMap<String, usize> = HashMap::new();
    let node =
        |name: &str, path: &Utf8Path| Node { name: name.to_owned(), version: None, path: path.to_owned(), package };
    for (place, file) in files.iter().enumerate() {
        for (kind, (folders, ends)) in kinds.iter().enumerate() {
            let is_one = ends.iter().any(|end| has_extension(file.as_str(), end))
                && folders.iter().flatten().any(|folder| lies_in(file, folder));
            if let Some(name) = file.file_stem().filter(|_| is_one) {
                if kind == 0 && !facts.is_empty() {
                    models.insert(name.to_owned(), nodes.len());
                }
                nodes.push(node(name, file));
            }
        }
        let snapshots = facts.get(&place).map(|facts| facts.snapshots.as_slice()).unwrap_or_default();
        nodes.extend(snapshots.iter().map(|name| node(name, file)));
    }
    for versions in (0..files.len()).filter_map(|place| facts.get(&place)).flat_map(|facts| &facts.versions) {
        for (version, file) in &versions.files {
            // Only the latest one may have a file of the plain name.
            let plain = (versions.latest.as_ref() == Some(version)).then_some(&versions.model);
            if let Some(at) = models.get(file).or_else(|| models.get(plain?)) {
                nodes[*at].name.clone_from(&versions.model);
                nodes[*at].version = Some(version.clone());
            }
        }
    }
    nodes
}
