//! The names of what the dbt project has, and what somebody may have meant by one that it has not.

use std::cell::Cell;
use std::collections::HashMap;

use camino::Utf8Path;

use super::dbt_project::{Contents, Node};
use super::ownership::versioned;
use crate::diagnostics::{did_you_mean, listed};

/// Suggestions of one compile: each compares a word with all there are, and of the thousandth nobody learns anything.
const SUGGESTIONS: usize = 20;

/// The names of models, seeds, snapshots and functions.
pub(super) struct Names<'c> {
    pub(super) contents: &'c Contents,
    by_name: HashMap<&'c str, Vec<usize>>,
    /// By other names of one version: `orders.v2` and `orders_v2`.
    versions: HashMap<String, Vec<usize>>,
    suggestions: Cell<usize>,
}

impl<'c> Names<'c> {
    pub(super) fn of(contents: &'c Contents) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(contents.nodes.len());
        let mut versions: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, node) in contents.nodes.iter().enumerate() {
            by_name.entry(&node.name).or_default().push(at);
            if let Some(version) = &node.version {
                versions.entry(versioned(&node.name, version)).or_default().push(at);
                versions.entry(format!("{}_v{version}", node.name)).or_default().push(at);
            }
        }
        Self { contents, by_name, versions, suggestions: Cell::new(SUGGESTIONS) }
    }

    /// What has a name: several where it has versions, or where packages share the name.
    pub(super) fn nodes(&self, name: &str) -> impl Iterator<Item = &'c Node> {
        let found = self.by_name.get(name).or_else(|| self.versions.get(name));
        found.into_iter().flatten().map(|at| &self.contents.nodes[*at])
    }

    /// The one spelling of a name: `orders.v2` where somebody writes `orders_v2`.
    pub(super) fn plain<'n>(&self, name: &'n str) -> std::borrow::Cow<'n, str> {
        if self.by_name.contains_key(name) {
            return name.into();
        }
        let version = self.versions.get(name).and_then(|found| found.first()).map(|at| &self.contents.nodes[*at]);
        match version.and_then(|node| Some(versioned(&node.name, node.version.as_ref()?))) {
            Some(plain) => plain.into(),
            None => name.into(),
        }
    }

    /// `did you mean …? ` for a name that there is not, or nothing.
    pub(super) fn did_you_mean(&self, wrong: &str) -> String {
        // As a file, or with its package before it.
        let file = Utf8Path::new(wrong).file_name().unwrap_or(wrong);
        let stem =
            ["sql", "py", "csv"].iter().find_map(|end| file.strip_suffix(end)?.strip_suffix('.')).unwrap_or(file);
        let within = wrong.split_once('.').map_or(wrong, |(_, name)| name);
        let near = [stem, within].into_iter().find(|name| *name != wrong && self.nodes(name).next().is_some());
        let near = near.map(str::to_owned).or_else(|| {
            let all = self.contents.nodes.iter().map(|node| node.name.as_str());
            self.near(wrong, all).map(str::to_owned)
        });
        near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default()
    }

    /// The word that a wrong one was most likely meant to be, while there are suggestions left.
    pub(super) fn near<'a>(&self, wrong: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let left = self.suggestions.get().checked_sub(1)?;
        self.suggestions.set(left);
        did_you_mean(wrong, words)
    }

    /// Where dbt looks, in words: ``below `models`, `seeds` ``. Folders that are not there are only named where none is.
    pub(super) fn places(&self) -> String {
        let all = self.contents.node_paths.as_deref().unwrap_or_default();
        let there: Vec<_> = all.iter().filter(|path| self.contents.folders.contains(*path)).collect();
        let mut paths = if there.is_empty() { all.iter().collect() } else { there };
        paths.sort_unstable();
        paths.dedup();
        format!("below {}", listed(paths.iter().map(|path| if path.as_str().is_empty() { "." } else { path.as_str() })))
    }
}
