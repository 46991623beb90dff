//! Reads what users write: manifest, spec, their environments and secret references, each value with its place.
//!
//! A reader reports everything that is wrong with a file, not the first thing. What it returns beside errors is right
//! as far as it goes, but may lack parts; without a name, or without a mapping at all, there is nothing to return.

pub mod environments;
mod fields;
pub mod manifest;
mod metadata;
pub mod names;
pub mod placeholders;
mod read;
pub mod schema;
pub mod secrets;
pub mod settings;
mod spanned;
pub mod spec;
pub mod yaml;

use std::sync::Arc;

use camino::Utf8Path;

use crate::diagnostics::{Diagnostic, Source};

pub use manifest::Manifest;
pub use metadata::Metadata;
pub use read::read_source;
pub use spanned::Spanned;
pub use spec::Spec;

/// `apiVersion` of both kinds of document.
pub const API_VERSION: &str = "floe.dev/v1";

/// Reads a manifest from a file.
pub fn load_manifest(path: &Utf8Path) -> (Option<Manifest>, Vec<Diagnostic>) {
    match read_source(path, "the manifest") {
        Ok(source) => parse_manifest(&source),
        Err(error) => (None, vec![*error]),
    }
}

/// Reads a manifest from its text.
pub fn parse_manifest(source: &Arc<Source>) -> (Option<Manifest>, Vec<Diagnostic>) {
    let (node, mut problems) = yaml::parse(source);
    hide(node.as_ref(), source, &problems);
    let manifest = metadata::whole(node, source, &mut problems).and_then(|node| manifest::read(node, &mut problems));
    (manifest, problems)
}

/// Keeps literals that look like secrets out of every diagnostic of the file.
fn hide(node: Option<&yaml::Node>, source: &Arc<Source>, problems: &[Diagnostic]) {
    node.into_iter().for_each(secrets::hide_literals);
    // What could not be read, or was refused, is not in the tree.
    if !problems.is_empty() {
        secrets::hide_unread(source);
    }
}

/// Reads a spec from a file.
pub fn load_spec(path: &Utf8Path) -> (Option<Spec>, Vec<Diagnostic>) {
    match read_source(path, "the spec") {
        Ok(source) => parse_spec(&source),
        Err(error) => (None, vec![*error]),
    }
}

/// Reads a spec from its text.
pub fn parse_spec(source: &Arc<Source>) -> (Option<Spec>, Vec<Diagnostic>) {
    let (node, mut problems) = yaml::parse(source);
    hide(node.as_ref(), source, &problems);
    let spec = metadata::whole(node, source, &mut problems).and_then(|node| spec::read(node, &mut problems));
    (spec, problems)
}

#[cfg(test)]
mod tests;
