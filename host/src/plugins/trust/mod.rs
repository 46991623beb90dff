//! Whether a plugin is the one that somebody looked at, and whether anybody else could have put it there.
//!
//! [`Policy`] is the one gate between inspection and loading: every start of a worker passes through it. `permissions` asks
//! what ssh asks of keys; `lock` is the format of `floe.lock`; `differences` holds a plugin to a lock; `pinning` makes one.
//! `keys` and `signature` read what minisign wrote; `demand` holds a plugin to the keys that a manifest trusts, and
//! `refusals` says why it may not be loaded.

mod demand;
mod differences;
mod keys;
pub mod lock;
mod permissions;
pub mod pinning;
mod refusals;
mod signature;

use camino::Utf8PathBuf;
use floe_plugin_api::ErrorKind;

pub use demand::{Demand, SignatureState, Signed};
pub use keys::{KeyId, NoKey, TrustedKey};
pub use lock::{LOCK_FILE, Lock, Pin};
pub use permissions::check;
pub use signature::SignatureFile;

use super::inspect::{Inspected, Library};
use crate::diagnostics::{Diagnostic, Severity, codes::plugins as codes};

/// What a plugin must fulfil before it is loaded: every lock that names it, with `locked` that one of them does, and the
/// demand for signatures.
#[derive(Debug, Default)]
pub struct Policy {
    locks: Vec<Lock>,
    locked: bool,
    demand: Option<Demand>,
}

/// What is to be said of a plugin, and what of it is loaded.
#[derive(Debug)]
pub(super) struct Judgement<'p> {
    pub(super) findings: Vec<Diagnostic>,
    /// The private libraries, where a lock pins them or they must be signed.
    pub(super) libraries: &'p [Library],
}

impl Policy {
    /// Reads the locks of a product: those of these files that are there. `locked` (`--locked`) demands one, and that it
    /// names every plugin that is loaded.
    ///
    /// # Errors
    /// What is wrong with them. Then nothing may be loaded.
    pub fn read(files: impl IntoIterator<Item = Utf8PathBuf>, locked: bool) -> Result<Self, Vec<Diagnostic>> {
        let (mut locks, mut wrong, mut read): (Vec<Lock>, Vec<Diagnostic>, Vec<Utf8PathBuf>) = Default::default();
        for file in files {
            // Two manifests of one folder share a lock.
            if read.contains(&file) {
                continue;
            }
            match Lock::read(&file) {
                Ok(lock) => locks.extend(lock),
                Err(errors) => wrong.extend(errors),
            }
            read.push(file);
        }
        if locked && locks.is_empty() && wrong.is_empty() {
            wrong.push(missing(&read));
        }
        if wrong.is_empty() { Ok(Self { locks, locked, demand: None }) } else { Err(wrong) }
    }

    /// Signatures too.
    #[must_use]
    pub fn demanding(self, demand: Option<Demand>) -> Self {
        Self { demand, ..self }
    }

    /// What is to be said of a plugin's signature.
    pub fn signature(&self, plugin: &Inspected) -> SignatureState {
        self.demand.as_ref().map_or(SignatureState::NotDemanded, |demand| demand.state(plugin))
    }

    /// Whether there is a lock at all.
    pub fn is_in_force(&self) -> bool {
        !self.locks.is_empty()
    }

    /// The files of the locks.
    pub fn lock_files(&self) -> impl Iterator<Item = &camino::Utf8Path> {
        self.locks.iter().map(Lock::path)
    }

    /// Everything that is to be said of a plugin; errors are what forbids loading it.
    pub fn examine(&self, plugin: &Inspected) -> Vec<Diagnostic> {
        self.judge(plugin).findings
    }

    pub(super) fn judge<'p>(&self, plugin: &'p Inspected) -> Judgement<'p> {
        let mut findings = check(plugin);
        if !self.is_in_force() && self.demand.is_none() {
            return Judgement { findings, libraries: &[] };
        }
        let libraries = plugin.libraries().unwrap_or_else(|error| {
            findings.push(error);
            &[]
        });
        if findings.is_empty() {
            findings.extend(libraries.iter().find_map(|library| permissions::check_library(plugin, library)));
        }
        // Who may write there can put anything in the place of what is pinned or signed, once it has been looked at.
        for finding in &mut findings {
            finding.severity = Severity::Error;
        }
        let mut pinned = false;
        for lock in &self.locks {
            if let Some(pin) = lock.placed(plugin.name(), plugin.built_for()) {
                pinned = true;
                findings.extend(differences::of(plugin, libraries, lock, pin));
            }
        }
        if self.locked && !pinned {
            findings.push(self.not_pinned(plugin));
        }
        let unsigned: Vec<_> = self.demand.iter().flat_map(|demand| demand.check(plugin, libraries)).collect();
        // Who follows the lock's help alone would be refused for the signature then.
        let mismatch = findings.iter_mut().find(|finding| finding.code.id == codes::LOCK_MISMATCH.id);
        if let Some((mismatch, lack)) = mismatch.zip(unsigned.first()) {
            mismatch.help.push_str(&format!("; its signature comes first ({}): {}", lack.code.id, lack.help));
        }
        findings.extend(unsigned);
        Judgement { findings, libraries: if pinned || self.demand.is_some() { libraries } else { &[] } }
    }

    fn not_pinned(&self, plugin: &Inspected) -> Diagnostic {
        let files: Vec<_> = self.lock_files().map(camino::Utf8Path::as_str).collect();
        let (name, path, platform) = (plugin.name(), &plugin.path, plugin.built_for().word());
        Diagnostic::error(
            &codes::NOT_PINNED,
            format!("plugin {name} ({path}) is not pinned for {platform} by {}", files.join(", ")),
            format!(
                "if it is the one that you want, run `floe plugin lock` and commit the lock; \
                 on another platform than this one, `floe plugin lock --add {platform}=FILE`"
            ),
        )
        .of_kind(ErrorKind::Configuration)
    }
}

/// The signature beside a plugin's file, held against no key; `None` where there is none.
///
/// # Errors
/// Something lies there that is none.
pub fn signature_of(plugin: &Inspected) -> Result<Option<SignatureFile>, Diagnostic> {
    signature::read(&plugin.real_path).map_err(|why| Demand::default().unreadable(plugin, why))
}

fn missing(files: &[Utf8PathBuf]) -> Diagnostic {
    let files: Vec<_> = files.iter().map(|file| file.as_str()).collect();
    Diagnostic::error(
        &codes::LOCK_MISSING,
        format!("there is no {}, and nothing unpinned may be loaded", files.join(" and no ")),
        "run `floe plugin lock` where the plugins are what you trust, and commit the file",
    )
}

/// Several causes of one failure in one diagnostic; `None` where there is none.
pub(super) fn joined(causes: impl IntoIterator<Item = Diagnostic>) -> Option<Diagnostic> {
    let mut causes = causes.into_iter();
    let mut first = causes.next()?;
    for other in causes {
        first.message.push_str("; and ");
        first.message.push_str(&other.message);
        let new: Vec<_> = other.labels.into_iter().filter(|label| !first.labels.contains(label)).collect();
        first.labels.extend(new);
    }
    Some(first)
}

#[cfg(test)]
mod tests;
