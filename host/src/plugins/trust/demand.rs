//! What a manifest demands of signatures, and whether a plugin and the libraries beside it fulfil it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::keys::{KeyId, TrustedKey};
use super::signature;
use crate::diagnostics::{Diagnostic, Span};
use crate::plugins::describe_io;
use crate::plugins::inspect::{Identity, Inspected, Library, Opened};

/// Every plugin must be signed by one of these keys.
#[derive(Debug, Default)]
pub struct Demand {
    /// Where it is written.
    pub(super) place: Option<Span>,
    /// The keys, and where each is written.
    pub(super) keys: Vec<(TrustedKey, Span)>,
    /// What was found, so that a file is read once however many computes use it. As with the sha256, this holds for the
    /// open descriptor: the worker loads that file and no other.
    known: Mutex<HashMap<(Utf8PathBuf, Identity), Known>>,
}

/// Who signed a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// The key, as minisign prints its id.
    pub key_id: String,
    /// What the signer says of the file.
    pub trusted_comment: String,
}

/// Why a file does not fulfil the demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    Missing,
    Unreadable(String),
    OldForm,
    Untrusted(KeyId),
    /// By these words it is of a key that is trusted.
    Mismatch(KeyId),
    /// The file itself cannot be read any more.
    File(String),
}

pub(super) type Verdict = Result<Signed, Lack>;

/// Made when it is asked for, and once: who asks meanwhile waits.
type Known = Arc<OnceLock<Verdict>>;

/// What is to be said of a plugin's signature in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureState {
    /// Nobody asks for one.
    NotDemanded,
    /// It is signed as demanded.
    Signed(Signed),
    /// It is not; a word that says why.
    Refused(&'static str),
}

impl Demand {
    /// Of these keys, each with the place where it is written. Without any, nothing may be loaded.
    pub fn new(place: Span, keys: Vec<(TrustedKey, Span)>) -> Self {
        Self { place: Some(place), keys, known: Mutex::default() }
    }

    /// Every way in which a plugin does not fulfil it, the plugin's own file first.
    pub(super) fn check(&self, plugin: &Inspected, libraries: &[Library]) -> Vec<Diagnostic> {
        let own = self.verdict(&plugin.real_path, plugin.opened()).err();
        let mut found: Vec<_> = own.map(|lack| self.of_plugin(plugin, &lack)).into_iter().collect();
        for library in libraries {
            // As the plugin's own: the signature lies beside the file, wherever a link to it is.
            let real = library.path.canonicalize_utf8().unwrap_or_else(|_| library.path.clone());
            let lack = self.verdict(&real, library.opened()).err();
            found.extend(lack.map(|lack| self.of_library(plugin, library, &real, &lack)));
        }
        found
    }

    /// What is to be said of the plugin's own signature.
    pub(super) fn state(&self, plugin: &Inspected) -> SignatureState {
        match self.verdict(&plugin.real_path, plugin.opened()) {
            Ok(signed) => SignatureState::Signed(signed),
            Err(lack) => SignatureState::Refused(lack.word()),
        }
    }

    fn verdict(&self, real_path: &Utf8Path, opened: &Opened) -> Verdict {
        let key = (real_path.to_owned(), opened.identity());
        let cell = Arc::clone(self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        cell.get_or_init(|| self.judge(real_path, opened)).clone()
    }

    fn judge(&self, real_path: &Utf8Path, opened: &Opened) -> Verdict {
        let signature = signature::read(real_path).map_err(Lack::Unreadable)?.ok_or(Lack::Missing)?;
        let key_id = signature.key_id;
        let keys: Vec<_> = self.keys.iter().map(|(key, _)| key).filter(|key| key.id() == key_id).collect();
        if keys.is_empty() {
            return Err(Lack::Untrusted(key_id));
        }
        if signature.is_of_file {
            return Err(Lack::OldForm);
        }
        match signature.fits(opened, &keys) {
            Ok(true) => Ok(Signed { key_id: key_id.to_string(), trusted_comment: signature.trusted_comment() }),
            Ok(false) => Err(Lack::Mismatch(key_id)),
            Err(error) => Err(Lack::File(describe_io(&error))),
        }
    }
}

impl Lack {
    fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable(_) => "unreadable",
            Self::OldForm => "of the old form",
            Self::Untrusted(_) => "by another key",
            Self::Mismatch(_) => "does not fit",
            Self::File(_) => "not checked",
        }
    }
}
