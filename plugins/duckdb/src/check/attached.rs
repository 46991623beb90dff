//! Attached databases: local files as the main one, all else unchecked.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};

use super::file::{self, State, Use};
use super::{opened, unchecked};
use crate::config::Attachment;
use crate::location::{self, Location};
use floe_plugin_common::check::Run;

/// Checks one attached database.
///
/// # Errors
/// Where it is a local file that dbt could not attach.
pub(crate) fn check(entry: &Attachment, project_dir: &str, keep: bool, run: &mut Run) -> PluginResult<()> {
    let shown = entry.name().unwrap_or_else(|| entry.path.clone());
    let (path, sqlite) = match entry.location() {
        Location::Memory | Location::NamedMemory => return Ok(()),
        Location::File(path) => (path, entry.kind().as_deref() == Some("sqlite")),
        Location::Foreign { kind, rest } if kind == "sqlite" => (rest, true),
        _ => {
            run.degrade(unchecked(&format!(
                "the attached database `{shown}` is no local file: a check leaves it alone"
            )));
            return Ok(());
        }
    };
    let path = location::absolute(&path, project_dir);
    let use_as = if entry.is_read_only() { Use::Read } else { Use::Write };
    let looked = file::look(&path, use_as);
    if sqlite {
        return sqlite_file(&shown, looked, run);
    }
    let encrypted = entry.options.as_ref().is_some_and(|options| options.encryption_key.is_some());
    match looked.map_err(|error| named(&shown, error))? {
        State::Absent => {}
        State::Held(holder) => run.note(holder.warning(&path)),
        State::Shared(holder) if use_as == Use::Write => run.note(holder.warning(&path)),
        // Whether a key fits shows only when DuckDB attaches it.
        State::Free | State::Shared(_) if encrypted => {
            run.degrade(unchecked(&format!(
                "the attached database `{shown}` is encrypted: a check does not try its key"
            )));
        }
        State::Free | State::Shared(_) if keep && opened::is_known(&path) => {}
        State::Free | State::Shared(_) => {
            if let Some(holder) = opened::open(&path, keep).map_err(|error| named(&shown, error))? {
                run.note(holder.warning(&path));
            }
        }
    }
    Ok(())
}

/// An SQLite file is found and looked at, but only its extension can open it.
fn sqlite_file(shown: &str, looked: PluginResult<State>, run: &mut Run) -> PluginResult<()> {
    match looked {
        Ok(State::Absent) => Ok(()),
        Ok(_) => Err(named(
            shown,
            PluginError::new(ErrorKind::Connection, "the file is a DuckDB database, not an SQLite one")
                .with_reason("not_a_database")
                .with_help("remove `type: sqlite`"),
        )),
        Err(error) if error.reason.as_deref() == Some("not_a_database") && error.message.contains("SQLite") => {
            run.degrade(unchecked(&format!(
                "the attached database `{shown}` is an SQLite file: a check does not open it"
            )));
            Ok(())
        }
        Err(error) => Err(named(shown, error)),
    }
}

fn named(shown: &str, mut error: PluginError) -> PluginError {
    error.message = format!("the attached database `{shown}`: {}", error.message);
    error
}
