//! The artifacts' folder: staged beside its place and exchanged whole, under a lock.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::thread;

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

/// How many files are waited for at once.
const SYNC_THREADS: usize = 16;

/// Files by their path below the folder, with `/`; sorted, so that writing is deterministic.
pub type Files = std::collections::BTreeMap<String, String>;

/// One more file, which is too long to be in memory as a whole.
#[derive(Clone, Copy)]
pub struct Long<'a> {
    /// Its path below the folder.
    pub path: &'a str,
    /// Writes it, piece by piece.
    pub write: &'a dyn Fn(&mut BufWriter<File>) -> io::Result<()>,
}

/// Replaces the folder by one that holds exactly these files. Until the last step the former one stays as it was.
/// `project_dir` is the folder of the product, which is never replaced, nor one that it lies in.
///
/// # Errors
/// [`OUT_NOT_OURS`] for a folder that floe did not write, [`OUT_NOT_WRITTEN`] for what the system refuses.
pub fn replace(
    out: &Utf8Path,
    project_dir: &Utf8Path,
    files: &Files,
    long: Option<Long<'_>>,
) -> Result<(), Diagnostic> {
    let failed = |error: &io::Error| {
        Diagnostic::error(
            &OUT_NOT_WRITTEN,
            format!("the artifacts cannot be written to {out}: {error}"),
            "see that the folder can be written to and the disk has room, or choose another with --out; the former artifacts are as they were",
        )
    };
    let place = real(out);
    // Before anything is made, the lock included: nothing of floe's belongs beside a folder that is not its own.
    if real(project_dir).starts_with(&place) {
        return Err(not_ours(&place));
    }
    refuse_foreign(&place)?;
    let parent = match place.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent.to_owned(),
        _ => Utf8PathBuf::from("."),
    };
    fs::create_dir_all(&parent).map_err(|error| failed(&error))?;
    let name = place.file_name().unwrap_or("floe");
    let lock = File::create(parent.join(format!(".{name}.compile.lock"))).map_err(|error| failed(&error))?;
    lock.lock().map_err(|error| failed(&error))?;

    // Again: it may have come into being while another command held the lock.
    refuse_foreign(&place)?;
    remove_stale(&parent, name);
    let staged = stage(&parent, name, files, long).map_err(|error| failed(&error))?;
    exchange(staged, &place).map_err(|error| failed(&error))?;
    // Best effort: the exchange is done, and a file system that cannot sync folders keeps its own promises.
    let _ = File::open(&parent).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A path without links, as far as it exists: a link is followed once, here, and the folder behind it is what is replaced.
fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_str().is_empty() => real(parent).join(name),
        _ => path.to_owned(),
    })
}

/// A folder with things in it and without the marker is somebody else's.
fn refuse_foreign(place: &Utf8Path) -> Result<(), Diagnostic> {
    let foreign = match fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_some() && !place.join(MARKER).is_file(),
        // A file, a link to nothing, a folder that may not be looked into.
        Err(_) => place.symlink_metadata().is_ok(),
    };
    if foreign { Err(not_ours(place)) } else { Ok(()) }
}

fn not_ours(place: &Utf8Path) -> Diagnostic {
    Diagnostic::error(
        &OUT_NOT_OURS,
        format!("{place} was not written by floe and is not replaced"),
        "choose another folder with --out, or move what is there away",
    )
}

/// Under the lock nobody else is staging: what lies there is from a command that was killed.
fn remove_stale(parent: &Utf8Path, name: &str) {
    let prefix = format!("{STAGING}{name}-");
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let file = entry.file_name();
        // What tempfile appends has no `-`: `floe` is not to clear what `floe-dev` is staging under a lock of its own.
        let random = file.to_str().and_then(|file| file.strip_prefix(&prefix));
        if random.is_some_and(|random| !random.contains('-')) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The folder that is being staged, in the temporary one.
const NEW: &str = "new";

fn stage(parent: &Utf8Path, name: &str, files: &Files, long: Option<Long<'_>>) -> io::Result<TempDir> {
    let prefix = format!("{STAGING}{name}-");
    let staged = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent)?;
    // tempfile makes private folders; the one in it has the permissions that the user's umask gives.
    let new = staged.path().join(NEW);
    fs::create_dir(&new)?;
    let marker = (MARKER.to_owned(), MARKER_TEXT.to_owned());
    let mut written = Vec::with_capacity(files.len() + 2);
    if let Some(Long { path, write }) = long {
        let path = new.join(path);
        let mut file = BufWriter::new(File::create_new(&path)?);
        write(&mut file)?;
        file.flush()?;
        written.push(path);
    }
    for (path, text) in files.iter().chain([(&marker.0, &marker.1)]) {
        let path = new.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create_new(&path)?.write_all(text.as_bytes())?;
        written.push(path);
    }
    sync(&written)?;
    Ok(staged)
}

/// Waits until the disk has the files: all at once, since it then waits for its journal once and not once a file.
fn sync(paths: &[PathBuf]) -> io::Result<()> {
    let sync_some = |paths: &[PathBuf]| paths.iter().try_for_each(|path| File::open(path)?.sync_all());
    let share = paths.len().div_ceil(SYNC_THREADS).max(1);
    thread::scope(|scope| {
        let running: Vec<_> = paths.chunks(share).map(|paths| scope.spawn(move || sync_some(paths))).collect();
        running.into_iter().try_for_each(|handle| match handle.join() {
            Ok(synced) => synced,
            Err(payload) => std::panic::resume_unwind(payload),
        })
    })
}

/// Puts the staged folder in its place in one step; what was there is removed with the temporary folder.
fn exchange(staged: TempDir, place: &Utf8Path) -> io::Result<()> {
    let new = staged.path().join(NEW);
    if place.exists() {
        match renameat_with(CWD, &new, CWD, place.as_std_path(), RenameFlags::EXCHANGE) {
            Ok(()) => {}
            // A file system without the exchange: two steps, between which there is no folder in place.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
                let aside = staged.path().join("former");
                fs::rename(place, &aside)?;
                fs::rename(&new, place).or_else(|error| fs::rename(&aside, place).and(Err(error)))?;
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        fs::rename(&new, place)?;
    }
    // The artifacts are in place; what cannot be removed now is removed by the next compile.
    staged.close().or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let out = Utf8PathBuf::from_path_buf(dir.path().join("target/floe")).unwrap();
        (dir, out)
    }

    fn replace(out: &Utf8Path, files: &Files) -> Result<(), Diagnostic> {
        super::replace(out, Utf8Path::new("/somewhere/else"), files, None)
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
        let stale = out.parent().unwrap().join(".floe-staging-floe-Dead01");
        fs::create_dir_all(&stale).unwrap();
        replace(&out, &files(&[("c.txt", "3")])).unwrap();
        assert!(!stale.exists());
    }

    #[test]
    fn another_folder_that_is_being_staged_is_left_alone() {
        let (_dir, out) = folder();
        let others = out.parent().unwrap().join(".floe-staging-floe-dev-Abc123");
        fs::create_dir_all(&others).unwrap();
        replace(&out, &files(&[("c.txt", "3")])).unwrap();
        assert!(others.exists(), "`floe-dev` is written under another lock");
    }

    #[test]
    fn the_product_is_never_replaced_marker_or_not() {
        let (_dir, out) = folder();
        let project = out.join("product");
        fs::create_dir_all(&project).unwrap();
        fs::write(out.join(MARKER), "").unwrap();
        for place in [project.clone(), out.clone(), project.join("../../floe")] {
            let error = super::replace(&place, &project, &files(&[("c.txt", "3")]), None).unwrap_err();
            assert_eq!(error.code, &OUT_NOT_OURS, "{place}");
        }
        let beside: Vec<_> = fs::read_dir(out.parent().unwrap()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(beside, ["floe"], "no lock is left behind either");
    }

    #[test]
    fn a_link_to_nothing_is_not_replaced_and_nothing_is_left_beside_it() {
        let (_dir, out) = folder();
        fs::create_dir_all(out.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("nowhere", &out).unwrap();
        assert_eq!(replace(&out, &files(&[("c.txt", "3")])).unwrap_err().code, &OUT_NOT_OURS);
        assert!(out.is_symlink());
    }

    #[test]
    fn the_folder_is_no_more_open_than_the_umask_says() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_dir, out) = folder();
        fs::create_dir_all(out.parent().unwrap()).unwrap();
        fs::set_permissions(out.parent().unwrap(), fs::Permissions::from_mode(0o1777)).unwrap();
        replace(&out, &files(&[("c/d.txt", "3")])).unwrap();
        let mode = |path: &Utf8Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&out), mode(&out.join("c")), "as any folder that the user makes");
    }
}
