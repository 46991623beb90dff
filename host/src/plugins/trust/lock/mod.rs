//! `floe.lock`: which plugins, and which private libraries beside them, are the ones that somebody looked at.
//!
//! `read` turns a file into text, `parse` text into a lock, `write` a lock into text and a file. One block a plugin and
//! platform and one line a fact, so that two people who each add one can merge.

mod parse;
mod read;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8Path;
use serde::Serialize;

pub use write::save;

use crate::diagnostics::{Diagnostic, Source, Span};
use crate::plugins::inspect::Platform;

/// Name of the file, beside the manifest.
pub const LOCK_FILE: &str = "floe.lock";

/// The version of the format.
const FORMAT_VERSION: i64 = 1;

/// What a lock says of one plugin on one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// Name of the plugin.
    pub name: String,
    /// Its version (semver).
    pub version: String,
    /// Version of the boundary that it was built for.
    pub floe_api_version: String,
    /// What it was built for.
    #[serde(serialize_with = "word")]
    pub platform: Platform,
    /// Name of the file, without its folder: that differs from machine to machine.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the private libraries, by the names of their files.
    pub libraries: BTreeMap<String, String>,
}

fn word<S: serde::Serializer>(platform: &Platform, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&platform.word())
}

impl Pin {
    /// What there is at most one pin of; locks are sorted by it.
    pub(super) fn key(&self) -> (&str, String) {
        (&self.name, self.platform.word())
    }
}

/// A pin in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) pin: Pin,
    /// Where its sha256 stands.
    pub(super) sha256: Span,
    /// Where its version stands.
    pub(super) version: Span,
    /// Where its libraries stand.
    pub(super) libraries: BTreeMap<String, Span>,
}

/// A lock that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    source: Arc<Source>,
    pins: Vec<Placed>,
}

impl Lock {
    /// The lock in a file; `None` where there is no such file.
    ///
    /// # Errors
    /// What is wrong with it, all of it.
    pub fn read(path: &Utf8Path) -> Result<Option<Self>, Vec<Diagnostic>> {
        let Some(bytes) = read::bytes(path).map_err(|error| vec![error])? else { return Ok(None) };
        match Self::from_bytes(path, bytes) {
            (Some(lock), _) => Ok(Some(lock)),
            (None, wrong) => Err(wrong),
        }
    }

    /// The lock in the bytes of a file.
    pub fn from_bytes(path: &Utf8Path, bytes: Vec<u8>) -> (Option<Self>, Vec<Diagnostic>) {
        match read::text(path, bytes) {
            Ok(text) => Self::parse(path, text),
            Err(error) => (None, vec![error]),
        }
    }

    /// The lock in a text: it, or everything that is wrong with it.
    pub fn parse(path: &Utf8Path, text: impl Into<String>) -> (Option<Self>, Vec<Diagnostic>) {
        let source = Source::new(path, text);
        match parse::pins(&source) {
            Ok(pins) => (Some(Self { source, pins }), Vec::new()),
            Err(wrong) => (None, wrong),
        }
    }

    /// The file.
    pub fn path(&self) -> &Utf8Path {
        self.source.path()
    }

    /// What it pins, in the order of the file.
    pub fn pins(&self) -> impl Iterator<Item = &Pin> {
        self.pins.iter().map(|placed| &placed.pin)
    }

    /// Whether the file is byte for byte what floe would write for the same pins.
    pub fn is_as_written(&self) -> bool {
        self.source.text() == write::text(self.pins())
    }

    pub(super) fn placed(&self, name: &str, platform: &Platform) -> Option<&Placed> {
        self.pins.iter().find(|placed| placed.pin.name == name && placed.pin.platform == *platform)
    }
}

#[cfg(test)]
mod tests;
