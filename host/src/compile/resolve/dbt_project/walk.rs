//! The files of a project, as dbt's own walk finds them: one pass over each folder, no file is opened.
//!
//! dbt follows a link that is one of its paths or that is a file, and no link to a folder below; it takes hidden folders, and
//! leaves out files that begin with `.`, `#` or `~`, and what `.dbtignore` names. An extension counts in any case.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};

use super::ignored::Ignored;

/// Extensions of files in which dbt or floe looks.
const EXTENSIONS: &[&str] = &["sql", "py", "csv", "yml", "yaml"];

/// What a walk found; paths count from the project's folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files in order, each once.
    pub(super) files: Vec<Utf8PathBuf>,
    /// The folders.
    pub(super) folders: HashSet<Utf8PathBuf>,
    /// Whether some folder could not be read.
    pub(super) is_partial: bool,
}

/// Walks the folders of a project.
pub(super) fn walk<'a>(project: &Utf8Path, paths: impl Iterator<Item = &'a Utf8PathBuf>) -> Found {
    let mut found = Found::default();
    for path in paths {
        let mut open = vec![path.clone()];
        while let Some(folder) = open.pop() {
            if found.folders.insert(folder.clone()) {
                found.read(project, &folder, &mut open);
            }
        }
    }
    let ignored = Ignored::of(project);
    found.files.retain(|file| !ignored.holds(file));
    // By text: paths themselves compare part by part, which takes as long as all the rest.
    found.files.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    found.files.dedup_by(|one, other| one.as_str() == other.as_str());
    found
}

impl Found {
    fn read(&mut self, project: &Utf8Path, folder: &Utf8Path, open: &mut Vec<Utf8PathBuf>) {
        let path = project.join(folder);
        let path = if path.as_str().is_empty() { Utf8Path::new(".") } else { &path };
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                // dbt's walk passes over what it cannot read as well, but then it is not for floe to say what is there.
                self.is_partial |= !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
                self.folders.remove(folder);
                return;
            }
        };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                open.push(folder.join(name));
            } else if is_wanted(&name)
                && (kind.is_file() || kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|to| to.is_file()))
            {
                self.files.push(folder.join(name));
            }
        }
    }
}

fn is_wanted(name: &str) -> bool {
    !name.starts_with(['.', '#', '~']) && EXTENSIONS.iter().any(|end| has_extension(name, end))
}

/// Whether a file has an extension, in any case, and a name before it.
pub(super) fn has_extension(file: &str, wanted: &str) -> bool {
    let Some((stem, end)) = file.rsplit_once('.') else { return false };
    end.eq_ignore_ascii_case(wanted) && !stem.is_empty() && !stem.ends_with('/')
}
