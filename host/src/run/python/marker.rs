//! The file in an environment that says that it is whole, and what it was made from.

use std::io;

use camino::Utf8Path;

use super::digest;

const FILE: &str = ".floe-environment";

/// What an environment was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    /// Digest of its lock.
    pub(super) lock: String,
    /// Version of its Python, `3.11.7`.
    pub(super) python: String,
    /// Digest of where it was made: its programs begin with that path, so that it is of no use elsewhere. No path itself,
    /// so that what is shared between projects says nothing of one of them.
    place: String,
}

impl Marker {
    pub(super) fn new(environment: &Utf8Path, lock: String, python: String) -> Self {
        Self { lock, python, place: digest(environment.as_str()) }
    }

    /// Writes it as the last file of an environment.
    pub(super) fn write(&self, environment: &Utf8Path) -> io::Result<()> {
        let Self { lock, python, place } = self;
        std::fs::write(environment.join(FILE), format!("lock: {lock}\npython: {python}\nplace: {place}\n"))
    }

    /// The marker of an environment that is whole: it was finished, is where it was made, and its Python is still there.
    pub(super) fn read(environment: &Utf8Path) -> Option<Self> {
        let text = std::fs::read_to_string(environment.join(FILE)).ok()?;
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        let marker = Self { lock: field("lock: ")?, python: field("python: ")?, place: field("place: ")? };
        // `exists` follows the link to the interpreter, which may have been removed from the machine.
        let is_whole = environment.join("bin/python").exists()
            && environment.canonicalize_utf8().is_ok_and(|real| digest(real.as_str()) == marker.place);
        is_whole.then_some(marker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_counts_where_it_was_made_and_with_its_python() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap().canonicalize_utf8().unwrap();
        let made = root.join("made");
        std::fs::create_dir_all(made.join("bin")).unwrap();
        let marker = Marker::new(&made, "abc".to_owned(), "3.11.7".to_owned());
        marker.write(&made).unwrap();
        assert_eq!(Marker::read(&made), None, "no Python");
        std::fs::write(made.join("bin/python"), "").unwrap();
        assert_eq!(Marker::read(&made), Some(marker.clone()));
        std::os::unix::fs::symlink("made", root.join("link")).unwrap();
        assert_eq!(Marker::read(&root.join("link")), Some(marker));
        std::fs::rename(&made, root.join("moved")).unwrap();
        assert_eq!(Marker::read(&root.join("moved")), None, "its programs are not found there");
    }
}
