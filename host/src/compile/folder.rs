//! The artifacts' folder: staged beside its place and exchanged whole, under a lock.

use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::{OUT_NOT_OURS, OUT_NOT_WRITTEN};

/// The file that says that a folder is floe's to replace.
pub const MARKER: &str = ".floe-artifacts";

const MARKER_TEXT: &str =
    "Written by `floe compile`, which replaces this folder as a whole. Keep nothing of your own in it.\n";

/// Prefix of the folders that are being written.
const STAGING: &str = ".floe-staging-";

/// Files by their path below the folder, with `/`; sorted, so that writing is deterministic.
pub type Files = std::collections::BTreeMap<String, String>;

/// Replaces the folder by one that holds exactly these files. Until the last step the former one stays as it was.
///
/// # Errors
/// [`OUT_NOT_OURS`] for a folder that floe did not write, [`OUT_NOT_WRITTEN`] for what the system refuses.
pub fn replace(out: &Utf8Path, files: &Files) -> Result<(), Diagnostic> {
    let failed = |error: &io::Error| {
        Diagnostic::error(
            &OUT_NOT_WRITTEN,
            format!("the artifacts cannot be written to {out}: {error}"),
            "see that the folder can be written to and the disk has room, or choose another with --out; the former artifacts are as they were",
        )
    };
    // A link is followed once, here: the folder behind it is what is replaced.
    let place = fs::canonicalize(out)
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path).ok())
        .unwrap_or_else(|| out.to_owned());
    let parent = match place.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent.to_owned(),
        _ => Utf8PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(|error| failed(&error))?;
    let name = place.file_name().unwrap_or("floe");
    let lock = File::create(parent.join(format!(".{name}.compile.lock"))).map_err(|error| failed(&error))?;
    lock.lock().map_err(|error| failed(&error))?;

    refuse_foreign(&place)?;
    remove_stale(&parent, name);
    let staged = stage(&parent, name, files).map_err(|error| failed(&error))?;
    exchange(staged, &place).map_err(|error| failed(&error))?;
    // Best effort: the exchange is done, and a file system that cannot sync folders keeps its own promises.
    let _ = File::open(&parent).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A folder with things in it and without the marker is somebody else's.
fn refuse_foreign(place: &Utf8Path) -> Result<(), Diagnostic> {
    let foreign = match fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_some() && !place.join(MARKER).is_file(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    if foreign {
        return Err(Diagnostic::error(
            &OUT_NOT_OURS,
            format!("{place} was not written by floe and is not replaced"),
            "choose another folder with --out, or move what is there away",
        ));
    }
    Ok(())
}

/// Under the lock nobody else is staging: what lies there is from a command that was killed.
fn remove_stale(parent: &Utf8Path, name: &str) {
    let prefix = format!("{STAGING}{name}-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|file| file.starts_with(&prefix)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn stage(parent: &Utf8Path, name: &str, files: &Files) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(STAGING);
    let prefix = format!("{STAGING}{name}-");
    let staged = builder.prefix(&prefix).tempdir_in(parent)?;
    let marker = (MARKER.to_owned(), MARKER_TEXT.to_owned());
    for (path, text) in files.iter().chain([(&marker.0, &marker.1)]) {
        let path = staged.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create_new(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    // tempfile makes private folders; artifacts are for whoever may read the project.
    let mode = fs::metadata(parent)?.permissions();
    fs::set_permissions(staged.path(), mode)?;
    Ok(staged)
}

/// Puts the staged folder in its place in one step; what was there is removed with the temporary folder.
fn exchange(staged: TempDir, place: &Utf8Path) -> io::Result<()> {
    if !place.exists() {
        let path = staged.keep();
        return fs::rename(path, place);
    }
    match renameat_with(CWD, staged.path(), CWD, place.as_std_path(), RenameFlags::EXCHANGE) {
        Ok(()) => {
            // What was in place is now in the temporary folder.
            staged.close().or(Ok(()))
        }
        // A file system without the exchange: two steps, between which there is no folder in place.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let aside = staged.path().with_extension("former");
            fs::rename(place, &aside)?;
            let path = staged.keep();
            fs::rename(&path, place).or_else(|error| fs::rename(&aside, place).and(Err(error)))?;
            fs::remove_dir_all(aside)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let out = Utf8PathBuf::from_path_buf(dir.path().join("target/floe")).unwrap();
        (dir, out)
    }

    fn files(pairs: &[(&str, &str)]) -> Files {
        pairs.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn the_folder_holds_exactly_what_was_written_last() {
        let (_dir, out) = folder();
        replace(&out, &files(&[("a/b.txt", "1"), ("c.txt", "2")])).unwrap();
        replace(&out, &files(&[("c.txt", "3")])).unwrap();
        assert!(!out.join("a").exists());
        assert_eq!(fs::read_to_string(out.join("c.txt")).unwrap(), "3");
        let beside: Vec<_> = fs::read_dir(out.parent().unwrap()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(beside.len(), 2, "the folder and its lock: {beside:?}");
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let (_dir, out) = folder();
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("thesis.txt"), "years of work").unwrap();
        let error = replace(&out, &files(&[("c.txt", "3")])).unwrap_err();
        assert_eq!(error.code, &OUT_NOT_OURS);
        assert_eq!(fs::read_to_string(out.join("thesis.txt")).unwrap(), "years of work");
    }

    #[test]
    fn what_a_killed_command_left_is_cleared() {
        let (_dir, out) = folder();
        let stale = out.parent().unwrap().join(".floe-staging-floe-dead");
        fs::create_dir_all(&stale).unwrap();
        replace(&out, &files(&[("c.txt", "3")])).unwrap();
        assert!(!stale.exists());
    }
}
