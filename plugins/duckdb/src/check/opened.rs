//! Files that a watch has opened: one that has not changed since is not opened again, nor is one that somebody changes right now, so
//! that the watch is not in the way of a dbt that opens it.
//!
//! No file is held between checks. What is remembered is what the operating system says of a file: it is good for as long as
//! the checks ask to keep their connection.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use floe_plugin_api::PluginResult;

use super::file;
use super::holder::Holder;

/// Most files that are remembered.
const MOST: usize = 1024;

/// How long a file must have been left alone before it is opened again: commands of dbt that follow each other open it in between.
/// It also makes its time tell a change, which file systems count in steps of up to 2 s.
const QUIET: Duration = Duration::from_secs(5);

/// Files that were opened well. How one is opened depends on its path alone, and not on the settings of a compute.
/// Nothing is known of the state of one that was not left alone when it was opened.
static OPENED: Mutex<Option<HashMap<PathBuf, Option<Stamp>>>> = Mutex::new(None);

/// What tells whether a database has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    database: One,
    log: Option<One>,
}

/// Device, inode, size and time of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct One {
    place: (u64, u64),
    size: u64,
    changed: SystemTime,
}

impl One {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let place = (metadata.dev(), metadata.ino());
        Some(Self { place, size: metadata.len(), changed: metadata.modified().ok()? })
    }

    fn is_settled(&self) -> bool {
        SystemTime::now().duration_since(self.changed).is_ok_and(|age| age > QUIET)
    }
}

impl Stamp {
    /// Of a database and the write-ahead log beside it.
    fn of(path: &Path) -> Option<Self> {
        let mut log = OsString::from(path);
        log.push(".wal");
        Some(Self { database: One::of(path)?, log: One::of(Path::new(&log)) })
    }

    fn is_settled(&self) -> bool {
        self.database.is_settled() && self.log.is_none_or(|log| log.is_settled())
    }
}

fn with<T>(work: impl FnOnce(&mut HashMap<PathBuf, Option<Stamp>>) -> T) -> T {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    work(opened.get_or_insert_default())
}

/// Forgets every file.
pub(super) fn forget() {
    with(HashMap::clear);
}

/// Whether a check that is to keep its connection has opened it well, as it is now; or has opened it well before, and somebody
/// changes it now.
pub(super) fn is_known(path: &Path) -> bool {
    let now = Stamp::of(path);
    let is_settled = now.as_ref().is_none_or(Stamp::is_settled);
    with(|opened| opened.get(path).is_some_and(|known| !is_settled || (known.is_some() && *known == now)))
}

/// Opens a file with DuckDB, and remembers it where `keep` says so. Gives the process that came first, if one did.
///
/// # Errors
/// Where DuckDB cannot open it.
pub(super) fn open(path: &Path, keep: bool) -> PluginResult<Option<Holder>> {
    let before = Stamp::of(path);
    let opened = file::open(path);
    // What changed meanwhile, or may change without a sign, is opened again next time.
    let stamp = before.filter(|stamp| stamp.is_settled() && Stamp::of(path).as_ref() == Some(stamp));
    with(|known| match &opened {
        Ok(None) if keep && known.len() < MOST => drop(known.insert(path.to_owned(), stamp)),
        _ => drop(known.remove(path)),
    });
    opened
}
