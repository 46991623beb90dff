//! Puts the files in place, both or neither, and never over another.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::NamedTempFile;

use super::Draft;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::init::{ALREADY_THERE, NOT_WRITTEN};

/// The spec.
pub const SPEC_FILE: &str = "floe.yaml";
/// The manifest.
pub const MANIFEST_FILE: &str = "manifest.yaml";

/// Refuses where there is something already.
pub(super) fn refuse_existing(folder: &Utf8Path) -> Result<(), Vec<Diagnostic>> {
    let names = [SPEC_FILE, "floe.yml", MANIFEST_FILE];
    let there = names.into_iter().map(|name| folder.join(name)).filter(|path| path.symlink_metadata().is_ok());
    let problems: Vec<_> = there.map(|path| already_there(&path)).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn already_there(path: &Utf8Path) -> Diagnostic {
    Diagnostic::error(
        &ALREADY_THERE,
        format!("`{path}` is there already, and nothing is replaced"),
        "go on with `floe compile`, or move it away and run `floe init` again",
    )
}

/// Stages all beside their places, and then moves each: what cannot be written is found out before anything is there.
pub(super) fn all(files: &mut [Draft]) -> Result<(), Vec<Diagnostic>> {
    let mut staged = Vec::new();
    for file in files.iter() {
        staged.push(stage(file).map_err(|error| vec![not_written(&file.path, &error)])?);
    }
    let mut done: Vec<Utf8PathBuf> = Vec::new();
    // The spec is last: a manifest alone is nothing that floe runs.
    for (file, staged) in files.iter().zip(staged).rev() {
        if let Err(error) = staged.persist_noclobber(&file.path) {
            for path in &done {
                let _ = fs::remove_file(path);
            }
            return Err(vec![match error.error.kind() {
                io::ErrorKind::AlreadyExists => already_there(&file.path),
                _ => not_written(&file.path, &error.error),
            }]);
        }
        done.push(file.path.clone());
    }
    for file in files {
        file.written = true;
    }
    Ok(())
}

fn stage(file: &Draft) -> io::Result<NamedTempFile> {
    let folder = match file.path.parent() {
        Some(parent) if !parent.as_str().is_empty() => parent,
        _ => Utf8Path::new("."),
    };
    // As open as the user's umask lets any file be.
    let mut staged = tempfile::Builder::new()
        .prefix(".floe-init-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    staged.write_all(file.content.as_bytes())?;
    staged.as_file().sync_all()?;
    Ok(staged)
}

fn not_written(path: &Utf8Path, error: &io::Error) -> Diagnostic {
    // The cause without the name of the temporary file, which says nothing to anybody.
    let cause = error.to_string();
    let cause = cause.split(" at path ").next().unwrap_or_default();
    Diagnostic::error(
        &NOT_WRITTEN,
        format!("`{path}` cannot be written: {cause}"),
        "see that the folder can be written to and the disk has room; nothing was written",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts(folder: &Utf8Path) -> Vec<Draft> {
        let draft = |name: &str| Draft { path: folder.join(name), content: format!("{name}\n"), written: false };
        vec![draft(SPEC_FILE), draft(MANIFEST_FILE)]
    }

    #[test]
    fn both_or_neither_and_never_over_another() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(dir.path()).unwrap();
        // It has come into being since it was looked for.
        fs::write(folder.join(SPEC_FILE), "mine").unwrap();
        let mut files = drafts(folder);
        assert_eq!(all(&mut files).unwrap_err()[0].code, &ALREADY_THERE);
        assert_eq!(fs::read_to_string(folder.join(SPEC_FILE)).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "nothing else is left");
        assert!(files.iter().all(|file| !file.written));

        fs::remove_file(folder.join(SPEC_FILE)).unwrap();
        all(&mut files).unwrap();
        assert!(files.iter().all(|file| file.written));
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
        let mode = |path: &Utf8Path| fs::metadata(path).unwrap().permissions().mode();
        fs::write(folder.join("any"), "").unwrap();
        assert_eq!(mode(&files[0].path), mode(&folder.join("any")), "as any file that the user makes");
    }

    #[test]
    fn what_the_system_refuses_is_told() {
        let error = all(&mut drafts(Utf8Path::new("/proc/nowhere"))).unwrap_err().remove(0);
        insta::assert_snapshot!(error.to_text("id"), @r"
        error[F0919]: `/proc/nowhere/floe.yaml` cannot be written: No such file or directory (os error 2)
         |
         = help: see that the folder can be written to and the disk has room; nothing was written
        ");
    }
}
