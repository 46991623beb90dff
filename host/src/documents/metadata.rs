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

/// Reports a spec where a manifest is expected, and the other way round: all else would be wrong in it too.
pub(super) fn is_other_kind(node: &Node, kind: &str, problems: &mut Problems) -> bool {
    let Some(found) = node.get("kind") else { return false };
    let help = match found.as_str() {
        Some("Manifest") if kind != "Manifest" => {
            "this is a manifest where a spec (`kind: FloeSpec`) is expected; give it with --manifest"
        }
        Some("FloeSpec") if kind != "FloeSpec" => {
            "this is a spec where a manifest (`kind: Manifest`) is expected; give it with --spec"
        }
        _ => return false,
    };
    let message = format!("`kind` is `{}`", found.as_str().unwrap_or_default());
    problems.push(wrong_kind(message, help.to_owned(), found.span.clone()));
    true
}

/// Checks `apiVersion` and `kind`.
pub(super) fn check_kind(fields: &mut Fields, kind: &'static str, problems: &mut Problems) {
    let version = fields.required_text("apiVersion", "apiVersion: floe.dev/v1", problems);
    if let Some(version) = version.filter(|version| version.value != API_VERSION) {
        problems.push(wrong_kind(
            format!("`apiVersion` is `{}`", version.value),
            format!("this floe reads `{API_VERSION}`"),
            version.span,
        ));
    }
    let example = format!("kind: {kind}");
    let found = fields.required_text("kind", &example, problems);
    if let Some(found) = found.filter(|found| found.value != kind) {
        problems.push(wrong_kind(format!("`kind` is `{}`", found.value), format!("write `{example}`"), found.span));
    }
}

fn wrong_kind(message: String, help: String, span: Span) -> Diagnostic {
    Diagnostic::error(&codes::WRONG_KIND, message, help).at(span)
}

/// The name of a document that has none, which is an error: the rest is read all the same.
const UNNAMED: &str = "unnamed";

/// Reads `metadata`; `what` says whose name it is.
pub(super) fn read(fields: &mut Fields, what: &str, problems: &mut Problems) -> Metadata {
    let unnamed = |span: &Span| Spanned::new(UNNAMED.to_owned(), span.clone());
    let nothing = |span: &Span| Metadata { name: unnamed(span), version: None, owner: None, description: None };
    let Some(entry) = fields.require("metadata", "metadata: {name: NAME, version: 1.0.0}", problems) else {
        return nothing(&fields.span);
    };
    let Some(mut fields) = Fields::open(entry.value, &METADATA, problems) else { return nothing(&entry.key_span) };
    let name = fields.required_text("name", "name: NAME", problems);
    let name = name.map_or_else(|| unnamed(&fields.span), |name| names::check(name, what, problems));
    let version = fields.text("version", problems);
    let owner = fields.text("owner", problems);
    let description = fields.text("description", problems);
    Metadata { name, version, owner, description }
}
