//! Lays each manifest over what those above it say.

use super::{Chain, Level, computes, environments, setter};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::manifest as codes;
use crate::documents::fields::Problems;
use crate::documents::manifest::{self, Manifest, TrustSection};
use crate::documents::settings::lay_node;

/// A root and the manifests below it, in order, as one.
pub(super) fn all(root: Manifest, below: Vec<Manifest>, problems: &mut Problems) -> Chain {
    let levels: Vec<Level> = std::iter::once(&root).chain(&below).map(Level::of).collect();
    let is_chain = !below.is_empty();
    let mut chain = Chain { levels, manifest: root, dropped: Vec::new(), told: Vec::new() };
    for child in below {
        narrow(&mut chain, child, problems);
    }
    if is_chain {
        let catalog = chain.manifest.catalog_as_written.clone();
        chain.manifest.catalog = catalog.and_then(|node| manifest::read_catalog(node, false, problems));
        chain.manifest.trust.iter_mut().for_each(|trust| manifest::check_trusted_keys(trust, problems));
    }
    chain
}

/// Lays one manifest over the chain so far.
fn narrow(chain: &mut Chain, mut child: Manifest, problems: &mut Problems) {
    child.computes = computes::narrow(chain, child.computes.take(), problems);
    let own = std::mem::take(&mut child.environments);
    let allowed = child.computes.as_ref();
    environments::check_connections(&own, allowed, chain, problems);
    let above = &mut chain.manifest;
    child.environments =
        environments::narrow(std::mem::take(&mut above.environments), own, allowed, &chain.levels, problems);
    child.trust = trust(&chain.levels, above.trust.take(), child.trust.take(), problems);
    child.catalog_as_written = match (above.catalog_as_written.take(), child.catalog_as_written.take()) {
        (Some(mut above), Some(own)) => {
            lay_node(&mut above, &own);
            Some(above)
        }
        (above, own) => own.or(above),
    };
    chain.manifest = child;
}

/// Whose plugins may be loaded: a demand stays, and a child trusts no key that its parent does not.
fn trust(
    levels: &[Level],
    above: Option<TrustSection>,
    own: Option<TrustSection>,
    problems: &mut Problems,
) -> Option<TrustSection> {
    let (above, mut own) = match (above, own) {
        (Some(above), Some(own)) => (above, own),
        (above, own) => return own.or(above),
    };
    let before = problems.len();
    let loosened = |message: String, help: &str| Diagnostic::error(&codes::TRUST_LOOSENED, message, help);
    match (&above.require_signature, &own.require_signature) {
        (Some(demand), Some(given_up)) if demand.value && !given_up.value => problems.push(
            loosened(
                format!(
                    "{} demands signed plugins, which no manifest below it can give up",
                    setter(levels, &demand.span)
                ),
                "remove `require_signature: false`",
            )
            .labelled(given_up.span.clone(), "given up")
            .labelled(demand.span.clone(), "demanded"),
        ),
        _ => {}
    }
    if above.require_signature.as_ref().is_some_and(|demand| demand.value) {
        own.require_signature.clone_from(&above.require_signature);
    }
    if own.trusted_keys.is_empty() {
        own.trusted_keys.clone_from(&above.trusted_keys);
    } else if let Some(first) = above.trusted_keys.first() {
        for key in
            own.trusted_keys.iter().filter(|key| !above.trusted_keys.iter().any(|other| other.value == key.value))
        {
            problems.push(
                loosened(
                    format!("a key is trusted here that {} does not trust", setter(levels, &first.span)),
                    "remove it, or ask for it to be trusted there",
                )
                .labelled(key.span.clone(), "not trusted above")
                .labelled(first.span.clone(), "the keys that are"),
            );
        }
    }
    own.is_broken |= above.is_broken || problems.len() > before;
    Some(own)
}
