//! Transforms that get nothing: because there is nothing, or because others claim it.

use super::dbt_project::Contents;
use super::ownership::{NodeRef, Owners};
use crate::compile::artifacts::TransformArtifact;
use crate::diagnostics::codes::spec as codes;
use crate::diagnostics::{Diagnostic, listed};
use crate::documents::spec::{Selector, Transform};

/// Most claimants that are shown.
const SHOWN: usize = 3;

/// What a transform got.
#[derive(Clone, Default)]
struct Share {
    /// Whether it owns anything.
    owns: bool,
    /// Some of those to which it lost what it selects.
    lost_to: Vec<usize>,
}

/// Warns of transforms that own nothing. Those that are not `sound` have been told something else already.
pub(super) fn without_any(
    transforms: &[Transform],
    artifacts: &[TransformArtifact],
    owners: &Owners<'_>,
    contents: &Contents,
    sound: &[bool],
) -> Vec<Diagnostic> {
    let mut shares = vec![Share::default(); transforms.len()];
    for node in &contents.nodes {
        let mut claims = owners.claims(&reference(contents, node));
        let Some(owner) = claims.next() else { continue };
        shares[owner].owns = true;
        for loser in claims {
            let share = &mut shares[loser];
            if share.lost_to.len() < SHOWN && !share.lost_to.contains(&owner) {
                share.lost_to.push(owner);
            }
        }
    }
    let without = shares.iter().enumerate().filter(|(at, share)| !share.owns && sound[*at]);
    without
        .filter_map(|(at, share)| {
            let selector = &transforms[at].selector;
            // What an expression hides may be in there.
            let is_known = match selector {
                Selector::Path(_) => contents.is_whole,
                Selector::Name(_) | Selector::Package(_) => contents.knows_all_names(),
            };
            if !is_known {
                return None;
            }
            let text = selector.text();
            if share.lost_to.is_empty() {
                return Some(nothing(selector));
            }
            let names = listed(share.lost_to.iter().map(|other| artifacts[*other].selects.as_str()));
            let message = format!("`{}` gets nothing: other transforms claim all of it", text.value);
            let help = format!("a name beats a path, a deeper path a shallower one; remove this transform, or {names}");
            let warning = Diagnostic::warning(&codes::CLAIMS_NOTHING, message, help).at(text.span.clone());
            Some(share.lost_to.iter().fold(warning, |warning, other| {
                warning.labelled(transforms[*other].selector.text().span.clone(), "claims it")
            }))
        })
        .collect()
}

/// A node as owners are asked for it.
pub(super) fn reference<'n>(contents: &'n Contents, node: &'n super::dbt_project::Node) -> NodeRef<'n> {
    NodeRef {
        package: &contents.packages[node.package],
        name: &node.name,
        version: node.version.as_deref(),
        path: &node.path,
    }
}

fn nothing(selector: &Selector) -> Diagnostic {
    let text = selector.text();
    let (what, help) = match selector {
        Selector::Package(_) => ("package", "a package of macros alone needs no transform: remove it"),
        _ => (
            "path",
            "remove it or name where models are; dbt passes over files that begin with `.`, `#` or `~`, what `.dbtignore` names, \
             and links to folders",
        ),
    };
    let message = format!("there is no model, seed or snapshot in the {what} `{}`", text.value);
    Diagnostic::warning(&codes::SELECTS_NOTHING, message, help).at(text.span.clone())
}
