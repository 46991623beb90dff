//! The files that plugins want beside the profiles: one folder for all of them.

use std::collections::BTreeMap;

use camino::{Utf8Component, Utf8Path};
use floe_plugin_api::{ErrorKind, HelperFile};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::PROFILE_INVALID;

/// Helper files by path, each with the compute that brought it first.
#[derive(Debug, Default)]
pub(super) struct HelperFiles<'a> {
    files: BTreeMap<String, (&'a str, &'a str)>,
}

impl<'a> HelperFiles<'a> {
    /// Adds a file of a compute, whose path has been checked to stay in the folder. The same file may come twice.
    pub(super) fn add(&mut self, compute: &'a str, file: &'a HelperFile) -> Result<(), Diagnostic> {
        let parts = Utf8Path::new(&file.path).components().filter_map(|part| match part {
            Utf8Component::Normal(part) => Some(part),
            _ => None,
        });
        // `a//b` and `a/./b` are `a/b`.
        let path = parts.collect::<Vec<_>>().join("/");
        let first = match self.files.get(&path) {
            Some((_, content)) if *content == file.content => return Ok(()),
            Some((first, _)) => Some((*first, path.clone())),
            None => self.in_the_way(&path),
        };
        let Some((first, other)) = first else {
            self.files.insert(path, (compute, &file.content));
            return Ok(());
        };
        Err(Diagnostic::error(
            &PROFILE_INVALID,
            format!("the helper files `{other}` of compute `{first}` and `{path}` of compute `{compute}` differ and want the same place"),
            "tell the plugin's vendor: a helper file that depends on the compute or the environment has their names in its path",
        )
        .of_kind(ErrorKind::PluginExecution))
    }

    /// A file where the path needs a folder, or the other way round.
    fn in_the_way(&self, path: &str) -> Option<(&'a str, String)> {
        let is_below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        let (other, (compute, _)) =
            self.files.iter().find(|(other, _)| is_below(path, other) || is_below(other, path))?;
        Some((compute, other.clone()))
    }

    /// The files, by path.
    pub(super) fn into_files(self) -> impl Iterator<Item = (String, String)> {
        self.files.into_iter().map(|(path, (_, content))| (path, content.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> HelperFile {
        HelperFile::new(path, content).unwrap()
    }

    #[test]
    fn one_file_may_come_from_all_computes_and_two_may_not_share_a_path() {
        let (same, again, other) = (file("m/a.sql", "1"), file("m//a.sql", "1"), file("m/./a.sql", "2"));
        let (below, above) = (file("m/a.sql/b", "1"), file("m", "1"));
        let mut helpers = HelperFiles::default();
        assert!(helpers.add("lake", &same).is_ok() && helpers.add("mart", &again).is_ok());
        let refused: Vec<_> = [("mart", &other), ("lake", &other), ("mart", &below), ("mart", &above)]
            .map(|(compute, file)| helpers.add(compute, file).unwrap_err().to_text("id"))
            .to_vec();
        insta::assert_snapshot!(refused.join("\n"));
        assert_eq!(helpers.into_files().collect::<Vec<_>>(), [("m/a.sql".to_owned(), "1".to_owned())]);
    }
}
