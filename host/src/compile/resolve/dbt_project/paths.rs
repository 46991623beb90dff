//! Paths of a dbt project, in one spelling each.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// A path without `.`, without doubled slashes and one at the end: `./models//staging/` is `models/staging`. The
/// project's own folder is the empty path.
pub(in crate::compile::resolve) fn clean(path: &str) -> Utf8PathBuf {
    Utf8Path::new(path).components().filter(|part| *part != Utf8Component::CurDir).collect()
}

/// Whether a path is a folder or lies in it.
pub(in crate::compile::resolve) fn lies_in(path: &Utf8Path, folder: &Utf8Path) -> bool {
    let (path, folder) = (path.as_str(), folder.as_str());
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || folder == "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_one_spelling() {
        for spelling in ["models/staging", "models/staging/", "./models//staging/", "models/./staging/."] {
            assert_eq!(clean(spelling), "models/staging", "{spelling}");
        }
        for whole in ["", ".", "./", "././"] {
            assert_eq!(clean(whole), "", "{whole}");
        }
    }

    #[test]
    fn a_longer_name_is_not_a_folder_within() {
        let within = |path: &str, folder: &str| lies_in(path.into(), folder.into());
        assert!(within("models/a.sql", "models") && within("models", "models") && within("models", ""));
        assert!(!within("models_old/a.sql", "models") && !within("model", "models") && within("/a", "/"));
    }
}
