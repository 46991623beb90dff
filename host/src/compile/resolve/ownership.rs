//! Which transform a node of dbt's graph belongs to.
//!
//! A name beats a path, a deeper path a shallower one, and a path of the project beats the project's own `package`. What none
//! claims runs on the default. Nothing here asks the file system: whoever has nodes, from files or from dbt's own graph, asks
//! the same questions.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::dbt_project::paths::clean;
use crate::compile::artifacts::TransformArtifact;

/// A node, as dbt knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRef<'n> {
    /// The dbt project or package that it is in.
    pub package: &'n str,
    /// Its name.
    pub name: &'n str,
    /// Its version, where it has some.
    pub version: Option<&'n str>,
    /// Its file, from its own project's folder, as [`plain_path`] makes it of dbt's `original_file_path`.
    pub path: &'n Utf8Path,
}

/// The one spelling of a path in a dbt project: dbt keeps `./models//a.sql` where `model-paths` says `./models/`.
pub fn plain_path(original_file_path: &str) -> Utf8PathBuf {
    clean(original_file_path)
}

/// What the transforms of a product claim. Transforms are known by their place in the list; of two equal claims the first
/// counts (the second is an error, told elsewhere).
#[derive(Debug)]
pub struct Owners<'t> {
    project: &'t str,
    names: HashMap<&'t str, usize>,
    paths: HashMap<&'t str, usize>,
    packages: HashMap<&'t str, usize>,
    /// Whether a name in the list has a version, so that those of nodes are worth writing out.
    has_versions: bool,
}

impl<'t> Owners<'t> {
    /// The claims of a list of transforms in a dbt project.
    pub fn of_transforms(project: &'t str, transforms: &'t [TransformArtifact]) -> Self {
        let claims = |kind: &'static str| {
            let mut claims = HashMap::new();
            for (at, transform) in transforms.iter().enumerate().filter(|(_, transform)| transform.kind == kind) {
                claims.entry(transform.selects.as_str()).or_insert(at);
            }
            claims
        };
        let mut paths = claims("path");
        // The project's own folder is the empty path of every other.
        if let Some(whole) = paths.remove(WHOLE_PROJECT) {
            paths.insert("", whole);
        }
        let names = claims("name");
        let has_versions = names.keys().any(|name| name.contains(".v"));
        Self { project, names, paths, packages: claims("package"), has_versions }
    }

    /// The transform that a node belongs to; none where it runs on the default.
    pub fn owner(&self, node: &NodeRef<'_>) -> Option<usize> {
        self.claims(node).next()
    }

    /// All transforms that select a node, the one that it belongs to first.
    pub fn claims<'q>(&'q self, node: &NodeRef<'q>) -> impl Iterator<Item = usize> + use<'q, 't> {
        let version = node.version.filter(|_| self.has_versions);
        let version = version.and_then(|version| self.names.get(versioned(node.name, version).as_str()));
        let own_path = Some(node.path).filter(|_| node.package == self.project && !self.paths.is_empty());
        let paths = own_path.into_iter().flat_map(Utf8Path::ancestors);
        version
            .into_iter()
            .chain(self.names.get(node.name))
            .chain(paths.filter_map(|path| self.paths.get(path.as_str())))
            .chain(self.packages.get(node.package))
            .copied()
    }
}

/// How a path that is the whole project is written.
pub(super) const WHOLE_PROJECT: &str = ".";

/// The name of one version, as dbt shows it: `orders.v2`.
pub(super) fn versioned(name: &str, version: &str) -> String {
    format!("{name}.v{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transforms(selects: &[(&'static str, &str)]) -> Vec<TransformArtifact> {
        let transform = |(kind, selects): &(&'static str, &str)| TransformArtifact {
            kind,
            selects: (*selects).to_owned(),
            compute: "duckdb".to_owned(),
            compute_from: "default",
            timeout_seconds: None,
            workload_size: "medium",
            tags: Vec::new(),
            depends_on: Vec::new(),
            after: Vec::new(),
        };
        selects.iter().map(transform).collect()
    }

    fn node<'n>(package: &'n str, name: &'n str, path: &'n str) -> NodeRef<'n> {
        NodeRef { package, name, version: None, path: path.into() }
    }

    #[test]
    fn a_name_beats_a_path_and_a_deeper_path_a_shallower_one() {
        let transforms = transforms(&[
            ("package", "shop"),
            ("path", "models"),
            ("path", "models/marts"),
            ("name", "sales"),
            ("path", "models/marts/costs.sql"),
        ]);
        let owners = Owners::of_transforms("shop", &transforms);
        let owner = |name: &str, path: &str| owners.owner(&node("shop", name, path));
        assert_eq!(owner("sales", "models/marts/sales.sql"), Some(3));
        assert_eq!(owner("costs", "models/marts/costs.sql"), Some(4));
        assert_eq!(owner("other", "models/marts/deep/other.sql"), Some(2));
        assert_eq!(owner("stg", "models/stg.sql"), Some(1));
        assert_eq!(owner("more", "models_more/more.sql"), Some(0));
        assert_eq!(owner("stg", plain_path("./models//stg.sql").as_str()), Some(1));
        let all: Vec<_> = owners.claims(&node("shop", "sales", "models/marts/sales.sql")).collect();
        assert_eq!(all, [3, 2, 1, 0]);
    }

    #[test]
    fn paths_are_those_of_the_project_and_names_of_any_package() {
        let transforms = transforms(&[("path", "."), ("package", "utils"), ("name", "spine")]);
        let owners = Owners::of_transforms("shop", &transforms);
        assert_eq!(owners.owner(&node("shop", "a", "models/a.sql")), Some(0));
        assert_eq!(owners.owner(&node("utils", "a", "models/a.sql")), Some(1));
        assert_eq!(owners.owner(&node("utils", "spine", "models/spine.sql")), Some(2));
        assert_eq!(owners.owner(&node("elsewhere", "a", "models/a.sql")), None);
    }

    #[test]
    fn one_version_beats_all_of_them() {
        let transforms = transforms(&[("name", "orders"), ("name", "orders.v2")]);
        let owners = Owners::of_transforms("shop", &transforms);
        let version = |version| NodeRef { version: Some(version), ..node("shop", "orders", "models/orders.sql") };
        assert_eq!(owners.owner(&version("1")), Some(0));
        assert_eq!(owners.owner(&version("2")), Some(1));
    }

    #[test]
    fn of_two_equal_claims_the_first_counts() {
        let transforms = transforms(&[("name", "a"), ("name", "a")]);
        assert_eq!(Owners::of_transforms("shop", &transforms).owner(&node("shop", "a", "models/a.sql")), Some(0));
    }
}
