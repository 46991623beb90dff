//! Puts a new folder in its place, whole or not at all, and never over another.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use camino::Utf8Path;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tempfile::TempDir;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::scaffold::{CRATE_NOT_WRITTEN, FOLDER_THERE};

/// Writes the files into a folder that is not there yet.
pub(super) fn put(folder: &Utf8Path, files: &BTreeMap<String, String>) -> Result<(), Diagnostic> {
    if folder.symlink_metadata().is_ok() {
        return Err(there_already(folder));
    }
    let staged = stage(folder, files).map_err(|error| not_written(folder, &error))?;
    place(staged, folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => there_already(folder),
        _ => not_written(folder, &error),
    })
}

/// The folder that is being staged, in the temporary one: that one is private, this one has the permissions that the
/// user's umask gives.
const NEW: &str = "new";

fn stage(folder: &Utf8Path, files: &BTreeMap<String, String>) -> io::Result<TempDir> {
    let parent = match folder.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    };
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new().prefix(".floe-new-").tempdir_in(parent)?;
    let new = staging.path().join(NEW);
    fs::create_dir(&new)?;
    for (path, text) in files {
        let path = new.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(staging)
}

fn place(staging: TempDir, folder: &Utf8Path) -> io::Result<()> {
    let new = staging.path().join(NEW);
    match renameat_with(CWD, &new, CWD, folder.as_std_path(), RenameFlags::NOREPLACE) {
        // A file system that cannot promise it: what was looked at before has to do.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(&new, folder)?,
        renamed => renamed?,
    }
    // The crate is in place; an empty folder that cannot be removed is no failure of it.
    staging.close().or(Ok(()))
}

fn there_already(folder: &Utf8Path) -> Diagnostic {
    Diagnostic::error(
        &FOLDER_THERE,
        format!("`{folder}` is there already, and nothing is replaced"),
        "choose another place with --out, or move it away",
    )
}

fn not_written(folder: &Utf8Path, error: &io::Error) -> Diagnostic {
    // The cause without the name of the temporary folder, which says nothing to anybody.
    let cause = error.to_string();
    let cause = cause.split(" at path ").next().unwrap_or_default();
    Diagnostic::error(
        &CRATE_NOT_WRITTEN,
        format!("`{folder}` cannot be written: {cause}"),
        "see that the folder around it can be written to and the disk has room; nothing was written",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_into_being_meanwhile_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(dir.path()).unwrap().join("new");
        let files = BTreeMap::from([("src/lib.rs".to_owned(), "//!\n".to_owned())]);
        // An empty folder: a plain rename would take its place.
        fs::create_dir(&folder).unwrap();
        let staged = stage(&folder, &files).unwrap();
        assert_eq!(place(staged, &folder).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        fs::remove_dir(&folder).unwrap();
        put(&folder, &files).unwrap();
        assert_eq!(fs::read_to_string(folder.join("src/lib.rs")).unwrap(), "//!\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
