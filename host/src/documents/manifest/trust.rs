//! `plugins.trust`: whose plugins may be loaded.

use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::{Fields, Problems, Shape};
use crate::documents::spanned::Spanned;
use crate::documents::yaml::Node;

/// What a plugin must show before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustSection {
    /// Where it stands.
    pub span: Span,
    /// Whether a plugin must be signed by a trusted key; not set means no.
    pub require_signature: Option<Spanned<bool>>,
    /// Minisign public keys.
    pub trusted_keys: Vec<Spanned<String>>,
}

static TRUST: Shape = Shape::closed("`plugins.trust`", &["require_signature", "trusted_keys"]);

pub(super) fn read(node: Node, has_parent: bool, problems: &mut Problems) -> Option<TrustSection> {
    let mut fields = Fields::open(node, &TRUST, problems)?;
    let span = fields.span.clone();
    let require_signature = fields.boolean("require_signature", problems);
    let before = problems.len();
    let trusted_keys = fields.texts("trusted_keys", problems);
    for key in &trusted_keys {
        if !is_minisign_key(key) {
            problems.push(
                Diagnostic::error(
                    &codes::TRUST_KEY,
                    "an entry of `trusted_keys` is no minisign public key",
                    "copy the second line of the vendor's minisign.pub: 56 characters that begin with `RW`",
                )
                .at(key.span.clone()),
            );
        }
    }
    let trust = TrustSection { span, require_signature, trusted_keys };
    // A parent may name the keys.
    if !has_parent && problems.len() == before {
        check_keys(&trust, problems);
    }
    Some(trust)
}

/// Where a signature is demanded, there are keys.
pub(in crate::documents) fn check_keys(trust: &TrustSection, problems: &mut Problems) {
    let demanded = trust.require_signature.as_ref().filter(|demanded| demanded.value && trust.trusted_keys.is_empty());
    problems.extend(demanded.map(|demanded| {
        Diagnostic::error(
            &codes::TRUST_WITHOUT_KEY,
            "a signature is required, and no key is trusted",
            "add `trusted_keys`, or remove `require_signature`",
        )
        .at(demanded.span.clone())
    }));
}

/// 42 bytes in base64 that begin with `Ed`, the name of the algorithm.
fn is_minisign_key(text: &str) -> bool {
    text.len() == 56
        && text.starts_with("RW")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}
