//! `plugins.trust`: whose plugins may be loaded.

use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::{Fields, Problems, Shape};
use crate::documents::spanned::Spanned;
use crate::documents::yaml::Node;
use crate::plugins::trust::{NoKey, TrustedKey};

/// What a plugin must show before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSection {
    /// Where it stands.
    pub span: Span,
    /// Whether a plugin must be signed by a trusted key; not set means no.
    pub require_signature: Option<Spanned<bool>>,
    /// Minisign public keys.
    pub trusted_keys: Vec<Spanned<String>>,
    /// Something is wrong with it, which has been told. Perhaps it demands more than can be read: no plugin may be loaded.
    pub is_broken: bool,
}

impl TrustSection {
    /// One of which nothing can be read.
    pub(super) fn broken(span: Span) -> Self {
        Self { span, require_signature: None, trusted_keys: Vec::new(), is_broken: true }
    }
}

static TRUST: Shape = Shape::closed("`plugins.trust`", &["require_signature", "trusted_keys"]);

pub(super) fn read(node: Node, has_parent: bool, problems: &mut Problems) -> TrustSection {
    let (before, span) = (problems.len(), node.span.clone());
    let Some(mut fields) = Fields::open(node, &TRUST, problems) else { return TrustSection::broken(span) };
    let span = fields.span.clone();
    let require_signature = fields.boolean("require_signature", problems);
    let trusted_keys = fields.texts("trusted_keys", problems);
    problems.extend(trusted_keys.iter().filter_map(no_key));
    let mut trust = TrustSection { span, require_signature, trusted_keys, is_broken: problems.len() > before };
    // A parent may name the keys.
    if !has_parent && !trust.is_broken {
        check_keys(&mut trust, problems);
    }
    trust
}

fn no_key(text: &Spanned<String>) -> Option<Diagnostic> {
    let (message, help) = match TrustedKey::parse(text).err()? {
        NoKey::Form => (
            "an entry of `trusted_keys` is no minisign public key",
            "copy the second line of the vendor's minisign.pub: 56 characters that begin with `RW`",
        ),
        NoKey::Curve => (
            "an entry of `trusted_keys` has the form of a minisign public key, and nobody can sign with it",
            "copy the second line of the vendor's minisign.pub again: a character is wrong",
        ),
    };
    Some(Diagnostic::error(&codes::TRUST_KEY, message, help).at(text.span.clone()))
}

/// Where a signature is demanded, there are keys.
pub(in crate::documents) fn check_keys(trust: &mut TrustSection, problems: &mut Problems) {
    let demanded = trust.require_signature.as_ref().filter(|demanded| demanded.value && trust.trusted_keys.is_empty());
    let Some(demanded) = demanded else { return };
    problems.push(
        Diagnostic::error(
            &codes::TRUST_WITHOUT_KEY,
            "a signature is required, and no key is trusted",
            "add `trusted_keys`, or remove `require_signature`",
        )
        .at(demanded.span.clone()),
    );
    trust.is_broken = true;
}
