//! Manifests that narrow others: enterprise → domain → … → the one that a product names.
//!
//! `reference` says where a parent lies, `load` follows the parents to the root, and `narrow` lays each manifest over what
//! those above it say: a child may tighten, never loosen. What comes out is one manifest in which every value still knows
//! the file that set it.

mod computes;
mod environments;
mod limits;
mod load;
mod narrow;
mod reference;

use std::sync::Arc;

use camino::Utf8Path;

use super::manifest::{Manifest, Scope};
use crate::diagnostics::{Diagnostic, Source, Span};

pub use load::{load, of_draft};
pub use reference::locate;

/// The manifests that hold for a product, and what they say together.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The manifests, the root first; there is at least one.
    pub levels: Vec<Level>,
    /// What they say together. Who it is comes from the last of them.
    pub manifest: Manifest,
    /// Computes that one approves and a later one leaves out.
    pub dropped: Vec<Dropped>,
    /// Computes that are listed and may not be, which has been told.
    pub told: Vec<String>,
}

/// One manifest of a chain.
#[derive(Debug, Clone)]
pub struct Level {
    /// `enterprise`, `domain`; none for a platform of one tier.
    pub scope: Option<Scope>,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Whom to ask about it.
    pub owner: Option<String>,
    /// Its file.
    pub source: Arc<Source>,
}

/// A compute that a manifest leaves out of what its parent approves.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// The compute.
    pub name: String,
    /// Where it was approved.
    pub approved: Span,
    /// Where it was left out: the `compute` of the manifest that did it.
    pub dropped: Span,
}

impl Level {
    fn of(manifest: &Manifest) -> Self {
        let text = |text: &Option<super::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
        Self {
            scope: manifest.scope.as_ref().map(|scope| scope.value),
            name: manifest.metadata.name.value.clone(),
            version: text(&manifest.metadata.version),
            owner: text(&manifest.metadata.owner),
            source: Arc::clone(&manifest.source),
        }
    }

    /// ``enterprise manifest `acme` ``.
    pub fn described(&self) -> String {
        match self.scope {
            Some(scope) => format!("{} manifest `{}`", scope.as_str(), self.name),
            None => format!("manifest `{}`", self.name),
        }
    }

    /// Whom to ask for more: the owner, where the manifest says who that is.
    pub fn whom_to_ask(&self) -> String {
        self.owner.clone().unwrap_or_else(|| format!("the owner of `{}`", self.name))
    }

    /// Its path.
    pub fn path(&self) -> &Utf8Path {
        self.source.path()
    }
}

impl Chain {
    /// The manifest that a place is in.
    pub fn level_of(&self, span: &Span) -> Option<&Level> {
        level_of(&self.levels, span)
    }

    /// Where a compute was left out that an ancestor approves.
    pub fn dropped(&self, compute: &str) -> Option<&Dropped> {
        self.dropped.iter().find(|dropped| dropped.name == compute)
    }

    /// Adds to a problem with a compute where it was left out, if an ancestor approves it.
    #[must_use]
    pub fn told_who_dropped(&self, problem: Diagnostic, compute: &str) -> Diagnostic {
        match self.dropped(compute) {
            Some(dropped) => problem
                .labelled(dropped.dropped.clone(), format!("left out by {}", setter(&self.levels, &dropped.dropped)))
                .labelled(dropped.approved.clone(), format!("approved by {}", setter(&self.levels, &dropped.approved))),
            None => problem,
        }
    }
}

/// The manifest that a place is in; the parser gave both the same source.
fn level_of<'a>(levels: &'a [Level], span: &Span) -> Option<&'a Level> {
    levels.iter().find(|level| Arc::ptr_eq(&level.source, span.source()))
}

/// The manifest that set something, for a sentence.
fn setter(levels: &[Level], span: &Span) -> String {
    level_of(levels, span).map_or_else(|| format!("`{}`", span.source().path()), Level::described)
}

#[cfg(test)]
mod tests;
