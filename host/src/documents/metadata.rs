//! What manifest and spec have in common: the two lines at the top, and `metadata`.

use std::sync::Arc;

use super::API_VERSION;
use super::fields::{Fields, Problems, Shape};
use super::names;
use super::spanned::Spanned;
use super::yaml::{Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Source, Span};

/// Who a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub name: Spanned<String>,
    /// Its own version.
    pub version: Option<Spanned<String>>,
    /// Whom to ask.
    pub owner: Option<Spanned<String>>,
    /// What it is, in a few words.
    pub description: Option<Spanned<String>>,
}

static METADATA: Shape = Shape {
    what: "`metadata`",
    keys: &["name", "version", "owner", "description"],
    elsewhere: &["domain", "labels", "tags", "annotations"],
    extensions: false,
};

/// The document's mapping; an error where there is none.
pub(super) fn whole(node: Option<Node>, source: &Arc<Source>, problems: &mut Problems) -> Option<Node> {
    match node {
        Some(node) if !matches!(node.kind, Kind::Null) => Some(node),
        // Without a tree there is an error already, save where the file holds nothing.
        _ if !problems.is_empty() => None,
        _ => {
            problems.push(
                Diagnostic::error(
                    &codes::EMPTY,
                    "the file is empty",
                    "begin with `apiVersion: floe.dev/v1` and `kind: Manifest` or `kind: FloeSpec`; `floe init` writes a first one",
                )
                .at(Span::new(source, 0, 0)),
            );
            None
        }
    }
}

/// Checks `apiVersion` and `kind`. False for a document of another kind: all else would be wrong in it too.
pub(super) fn check_kind(fields: &mut Fields, kind: &'static str, problems: &mut Problems) -> bool {
    if let Some(version) = fields.required_text("apiVersion", "apiVersion: floe.dev/v1", problems) {
        if version.value != API_VERSION {
            problems.push(wrong_kind(
                format!("`apiVersion` is `{}`", version.value),
                format!("this floe reads `{API_VERSION}`"),
                version.span,
            ));
        }
    }
    let example = format!("kind: {kind}");
    match fields.required_text("kind", &example, problems) {
        Some(found) if found.value != kind => {
            let help = match found.value.as_str() {
                "Manifest" => {
                    "this is a manifest where a spec (`kind: FloeSpec`) is expected; give it with --manifest".to_owned()
                }
                "FloeSpec" => {
                    "this is a spec where a manifest (`kind: Manifest`) is expected; give it with --spec".to_owned()
                }
                _ => format!("write `kind: {kind}`"),
            };
            let other = matches!(found.value.as_str(), "Manifest" | "FloeSpec");
            problems.push(wrong_kind(format!("`kind` is `{}`", found.value), help, found.span));
            !other
        }
        _ => true,
    }
}

fn wrong_kind(message: String, help: String, span: Span) -> Diagnostic {
    Diagnostic::error(&codes::WRONG_KIND, message, help).at(span)
}

/// Reads `metadata`; `what` says whose name it is.
pub(super) fn read(fields: &mut Fields, what: &str, problems: &mut Problems) -> Option<Metadata> {
    let entry = fields.require("metadata", "metadata: {name: NAME, version: 1.0.0}", problems)?;
    let mut fields = Fields::open(entry.value, &METADATA, problems)?;
    let name = fields.required_text("name", "name: NAME", problems);
    let version = fields.text("version", problems);
    let owner = fields.text("owner", problems);
    let description = fields.text("description", problems);
    Some(Metadata { name: names::check(name?, what, problems), version, owner, description })
}
