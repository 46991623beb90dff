//! What dbt's reading of a project depends on, as one digest: while it stays the same, dbt is not asked again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use memchr::memmem;
use sha2::{Digest as _, Sha256};

use crate::run::launcher;

/// What dbt reads in a project, by the end of the name.
const READ: &[&str] = &["sql", "py", "yml", "yaml", "md", "csv", "json", "txt"];

/// Files of a project, and the variables that they read.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Digest of each file, by its path.
    files: BTreeMap<String, [u8; 32]>,
    /// Variables that are read by name.
    names: BTreeSet<String>,
    /// Whether a name is put together, so that it may be any.
    reads_any: bool,
}

impl Inputs {
    /// Looks through a project, its packages included. Folders that begin with a dot, Python environments and what dbt and
    /// floe write are left out.
    ///
    /// # Errors
    /// What the system says of a file that is there and cannot be read.
    pub(super) fn of(project_dir: &Utf8Path) -> io::Result<Self> {
        let mut inputs = Self::default();
        let mut folders = vec![Utf8PathBuf::new()];
        // A link may lead back up.
        let mut seen = HashSet::new();
        while let Some(folder) = folders.pop() {
            let path = project_dir.join(&folder);
            if !seen.insert(path.canonicalize_utf8()?) || path.join("pyvenv.cfg").exists() {
                continue;
            }
            for entry in path.read_dir_utf8()? {
                let entry = entry?;
                let (name, below) = (entry.file_name(), folder.join(entry.file_name()));
                // A link to nothing is nothing to dbt either.
                let Ok(kind) = fs::metadata(entry.path()) else { continue };
                if kind.is_dir() {
                    let is_output = folder.as_str().is_empty() && ["target", "logs"].contains(&name);
                    if !name.starts_with('.') && !is_output && name != "node_modules" && name != "__pycache__" {
                        folders.push(below);
                    }
                } else if name == ".dbtignore" || entry.path().extension().is_some_and(|end| READ.contains(&end)) {
                    inputs.add(&below, entry.path())?;
                }
            }
        }
        Ok(inputs)
    }

    fn add(&mut self, below: &Utf8Path, path: &Utf8Path) -> io::Result<()> {
        let digest = if path.extension() == Some("csv") {
            // Seeds may be long, and hold no expressions.
            let mut hash = Sha256::new();
            io::copy(&mut File::open(path)?, &mut HashWriter(&mut hash))?;
            hash.finalize().into()
        } else {
            let text = fs::read(path)?;
            self.look_for_variables(&text);
            Sha256::digest(&text).into()
        };
        self.files.insert(below.as_str().to_owned(), digest);
        Ok(())
    }

    fn look_for_variables(&mut self, text: &[u8]) {
        for at in memmem::find_iter(text, b"env_var") {
            let rest = text[at + b"env_var".len()..].trim_ascii_start();
            let Some(rest) = rest.strip_prefix(b"(") else { continue };
            match literal(rest.trim_ascii_start()) {
                Some(name) => drop(self.names.insert(name)),
                None => self.reads_any = true,
            }
        }
    }

    /// The digest of a compute's reading: of the project and of these texts, with the variables that any of them reads.
    pub(super) fn digest(&self, texts: &[&str]) -> String {
        let mut own = Self { names: self.names.clone(), reads_any: self.reads_any, ..Self::default() };
        let mut hash = Sha256::new();
        let mut feed = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        for (path, digest) in &self.files {
            feed(path.as_bytes());
            feed(digest);
        }
        for text in texts {
            own.look_for_variables(text.as_bytes());
            feed(text.as_bytes());
        }
        let variables: BTreeMap<String, String> = launcher::inherited_variables()
            .filter(|(name, _)| match name.as_str() {
                name if name.starts_with("DBT_") => true,
                name if own.reads_any => !CHANGING.contains(&name),
                name => own.names.contains(name),
            })
            .collect();
        for (name, value) in &variables {
            feed(name.as_bytes());
            feed(value.as_bytes());
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Variables that shells change from one command to the next.
const CHANGING: &[&str] = &["_", "OLDPWD", "PWD", "SHLVL"];

/// A text in quotes that ends before anything is added to it.
fn literal(text: &[u8]) -> Option<String> {
    let quote = *text.first().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let (inside, rest) = text[1..].split_at(text[1..].iter().position(|byte| *byte == quote)?);
    let next = rest[1..].trim_ascii_start().first();
    let is_whole = matches!(next, Some(b')' | b','));
    is_whole.then(|| String::from_utf8_lossy(inside).into_owned())
}

struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        for (name, text) in files {
            fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
            fs::write(path.join(name), text).unwrap();
        }
        (dir, path)
    }

    #[test]
    fn what_dbt_reads_changes_the_digest_and_what_it_writes_does_not() {
        let (_dir, path) = project(&[("models/a.sql", "select 1"), ("venv/pyvenv.cfg", "")]);
        let digest = || Inputs::of(&path).unwrap().digest(&[]);
        let before = digest();
        for (file, is_read) in [
            ("target/compiled/a.sql", false),
            ("logs/x.json", false),
            ("shop.duckdb", false),
            (".floe/dbt/x.json", false),
            ("venv/lib/x.py", false),
            ("models/b.sql", true),
            ("dbt_packages/utils/macros/m.sql", true),
            ("seeds/s.csv", true),
            (".dbtignore", true),
        ] {
            let at = path.join(file);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(&at, "x").unwrap();
            assert_eq!(digest() != before, is_read, "{file}");
            fs::remove_file(&at).unwrap();
        }
        assert_eq!(digest(), before);
    }

    #[test]
    fn variables_are_those_that_are_read() {
        let mut inputs = Inputs::default();
        inputs.look_for_variables(b"{{ env_var('A') }} {{ env_var( \"B\", 'x') }} the env_var macro");
        assert_eq!(inputs.names.iter().collect::<Vec<_>>(), ["A", "B"]);
        assert!(!inputs.reads_any);
        inputs.look_for_variables(b"{{ env_var('A_' ~ target.name) }}");
        assert!(inputs.reads_any);
    }

    #[test]
    fn a_link_that_leads_back_up_ends() {
        let (_dir, path) = project(&[("models/a.sql", "select 1")]);
        std::os::unix::fs::symlink("..", path.join("models/up")).unwrap();
        assert_eq!(Inputs::of(&path).unwrap().files.len(), 1);
    }
}
