//! A database file: what the operating system says, then DuckDB, which opens it read-only and closes it at once.

use std::fs::{self, File};
use std::io::ErrorKind as Io;
use std::path::Path;

use duckdb::AccessMode;
use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::holder::Holder;
use super::probe::{Session, words};
use super::{engine, explain, format};

/// What dbt will do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It only reads it.
    Read,
    /// It writes, so the file and its folder must take that.
    Write,
}

/// What there is at a path.
#[derive(Debug)]
pub(crate) enum State {
    /// Nothing, and dbt can make it.
    Absent,
    /// A DuckDB file that nobody has open.
    Free,
    /// A DuckDB file that others read.
    Shared(Holder),
    /// A DuckDB file that another process writes.
    Held(Holder),
}

/// Looks at a path without DuckDB.
///
/// # Errors
/// Where dbt could not use it.
pub(crate) fn look(path: &Path, use_as: Use) -> PluginResult<State> {
    // Asked before anything is opened: opening a pipe would wait for its other end.
    let kind = match fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == Io::NotFound => return absent(path, use_as),
        Err(error) if error.kind() == Io::PermissionDenied => return Err(unreachable(path)),
        Err(error) if error.kind() == Io::NotADirectory => return Err(folder_missing(path)),
        Err(error) => return Err(explain::file(path, &error.to_string(), None)),
    };
    if kind.is_dir() {
        return Err(failed("is_directory", format!("`{}` is a folder, not a database file", path.display()))
            .with_help("add the file's name, such as `warehouse.duckdb`, to `path`"));
    }
    if !kind.is_file() {
        return Err(explain::not_a_database(path, "it is a pipe, socket or device"));
    }
    let mut file = File::open(path).map_err(|error| {
        if error.kind() == Io::PermissionDenied {
            unreadable(path)
        } else {
            explain::file(path, &error.to_string(), None)
        }
    })?;
    format::read(&mut file, path)?;
    if use_as == Use::Write {
        may_write(path)?;
    }
    Ok(match Holder::of(&file) {
        None => State::Free,
        Some(holder) if holder.writes() => State::Held(holder),
        Some(holder) => State::Shared(holder),
    })
}

/// Opens a file read-only, asks it what it is, and closes it. Gives the process that came first, if one did.
///
/// # Errors
/// Where DuckDB cannot open it.
pub(crate) fn open(path: &Path) -> PluginResult<Option<Holder>> {
    let config = engine::quiet().and_then(|config| config.access_mode(AccessMode::ReadOnly));
    let opened = config.and_then(|config| Session::of_file(path, config)).and_then(|session| session.identity());
    let Err(error) = opened else { return Ok(None) };
    let words = words(&error);
    if let Some(holder) = Holder::from_words(&words) {
        return Ok(Some(holder));
    }
    let writer = File::open(path).ok().and_then(|mut file| format::read(&mut file, path).ok()?.writer);
    Err(explain::file(path, &words, writer.as_deref()))
}

/// A file that is not there: dbt makes it, if it can.
fn absent(path: &Path, use_as: Use) -> PluginResult<State> {
    if use_as == Use::Read {
        return Err(failed("missing", format!("`{}` does not exist, and it is to be read only", path.display()))
            .with_help("make the database first, or set `read_only: false` so that dbt makes it"));
    }
    let folder = folder_of(path);
    if fs::symlink_metadata(path).is_ok() {
        return Err(failed(
            "dangling_link",
            format!("`{}` is a link to something that does not exist", path.display()),
        )
        .with_help("make what it points to, or remove the link"));
    }
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Err(error) if error.kind() == Io::PermissionDenied => return Err(unreachable(path)),
        Ok(_) | Err(_) => return Err(folder_missing(path)),
    }
    if !allows(folder, Access::WRITE_OK | Access::EXEC_OK) {
        return Err(failed(
            "folder_not_writable",
            format!("`{}` does not exist, and this user may not make files in its folder", path.display()),
        )
        .with_help("give the user that runs dbt the right to write in the folder"));
    }
    Ok(State::Absent)
}

/// dbt writes the file, and a write-ahead log beside it.
fn may_write(path: &Path) -> PluginResult<()> {
    if !allows(path, Access::WRITE_OK) {
        return Err(failed(
            "not_writable",
            format!("`{}` may not be written by this user, and dbt must", path.display()),
        )
        .with_help("give the user that runs dbt the right to write it"));
    }
    if !allows(folder_of(path), Access::WRITE_OK | Access::EXEC_OK) {
        return Err(failed(
            "folder_not_writable",
            format!(
                "DuckDB keeps a log beside `{}` while it writes, and this user may not write there",
                path.display()
            ),
        )
        .with_help("give the user that runs dbt the right to write in the folder"));
    }
    Ok(())
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// Asks what the effective user may do, without trying it.
pub(super) fn allows(path: &Path, access: Access) -> bool {
    accessat(CWD, path, access, AtFlags::EACCESS).is_ok()
}

fn folder_missing(path: &Path) -> PluginError {
    let folder = folder_of(path).display();
    failed("folder_missing", format!("`{}` cannot be made: `{folder}` is no folder that exists", path.display()))
        .with_help(format!(
            "make the folder (`mkdir -p '{folder}'`), or mend `path`; a relative path counts from the dbt project's folder"
        ))
}

fn unreadable(path: &Path) -> PluginError {
    explain::file(path, "Permission denied", None)
}

fn unreachable(path: &Path) -> PluginError {
    failed("unreachable", format!("this user may not look into the folder of `{}`", path.display()))
        .with_help("give the user that runs dbt the right to enter every folder on the way")
}

fn failed(reason: &str, message: String) -> PluginError {
    PluginError::new(ErrorKind::Connection, message).with_reason(reason)
}
