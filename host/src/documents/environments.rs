//! Environments: how to connect may differ between them, what runs where may not.

use super::fields::{self, Fields, Problems, Shape};
use super::manifest::Manifest;
use super::names;
use super::settings::{self, ComputeSettings, Where};
use super::spanned::Spanned;
use super::spec::Spec;
use super::yaml::{Entry, Kind, Node};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::documents as codes;

/// The environment where none is declared.
pub const DEFAULT_ENVIRONMENT: &str = "dev";
/// In a spec: the connections of all computes.
pub const ALL_COMPUTES: &str = "*";

/// Keys that choose a compute: never in an environment.
pub const SELECTIONS: &[&str] = &["compute", "default", "approved", "type", "plugin", "transforms"];

/// What an environment sets for one compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Name of the compute; in a spec also `*`, all of them.
    pub compute: Spanned<String>,
    /// The settings.
    pub settings: ComputeSettings,
}

/// The error for a key that chooses a compute, directly in an environment or in one of its connections.
pub fn selection(entry: &Entry, environment: &str) -> Option<Diagnostic> {
    SELECTIONS.contains(&entry.key.as_str()).then(|| {
        Diagnostic::error(
            &codes::PARITY,
            format!("environment `{environment}` selects a compute with `{}`", entry.key),
            "remove it and choose with `compute` of a transform or `default` of the manifest: a transform runs on one compute in \
             every environment, or prod would run what dev never tested",
        )
        .labelled(entry.key_span.clone(), "would make environments drift apart")
    })
}

/// Whether a selection directly under a connection may be a setting after all. dbt-databricks has one at this very place: a
/// mapping `compute` of SQL warehouses by name, whose addresses do differ between environments. Whether a plugin has such a
/// setting only its schema says, which no reader of documents knows: so the reader lets a mapping pass, `compile::parity`
/// refuses it unless the schema declares it, and all else (a text, a list, nothing; any other key) is refused at once. A
/// product may never set it.
pub fn may_be_setting(entry: &Entry) -> bool {
    entry.key == "compute" && matches!(entry.value.kind, Kind::Map(_))
}

/// What both kinds of environment have.
pub(super) struct Common {
    pub(super) fields: Fields,
    pub(super) name: Spanned<String>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) connections: Vec<Connection>,
}

/// Reads the list `environments`; `each` reads what only one kind has.
pub(super) fn read<T>(
    fields: &mut Fields,
    shape: &'static Shape,
    problems: &mut Problems,
    mut each: impl FnMut(Common, &mut Problems) -> T,
    name_of: impl Fn(&T) -> &Spanned<String>,
) -> Vec<T> {
    let Some(list) = fields.list("environments", problems) else { return Vec::new() };
    let mut found = Vec::with_capacity(list.value.len());
    for node in list.value {
        if let Some(common) = read_common(node, shape, problems) {
            found.push(each(common, problems));
        }
    }
    names::check_distinct(found.iter().map(name_of), "environments", problems);
    found
}

fn read_common(node: Node, shape: &'static Shape, problems: &mut Problems) -> Option<Common> {
    // The name comes first: errors about the rest use it.
    let called = node.get("name").and_then(Node::as_str).unwrap_or("without a name").to_owned();
    let mut fields = Fields::open_with(node, shape, problems, |entry| selection(entry, &called))?;
    let name = fields.required_text("name", "name: dev", problems);
    let description = fields.text("description", problems);
    let connections = fields.take("connections").map(|entry| connections(entry, &called, problems)).unwrap_or_default();
    let name = names::check(name?, "an environment", problems);
    Some(Common { fields, name, description, connections })
}

fn connections(entry: Entry, environment: &str, problems: &mut Problems) -> Vec<Connection> {
    let Some(entries) = fields::mapping(entry, problems) else { return Vec::new() };
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries.value {
        // `connections: {compute: duckdb}` is a selection in disguise, not the settings of a compute.
        let is_settings = matches!(entry.value.kind, Kind::Map(_));
        if let Some(refused) = selection(&entry, environment).filter(|_| !is_settings) {
            problems.push(refused);
            continue;
        }
        let compute = Spanned::new(entry.key.clone(), entry.key_span.clone());
        if let Some(settings) = settings::read(entry, Where::Environment(environment), problems) {
            found.push(Connection { compute, settings });
        }
    }
    found
}

/// The names of all environments: those of the manifests, root first, then those of the spec; `dev` where none is declared.
pub fn names<'a>(manifests: impl IntoIterator<Item = &'a Manifest>, spec: &'a Spec) -> Vec<&'a str> {
    let of_manifests = manifests.into_iter().flat_map(|manifest| &manifest.environments).map(|one| &one.name);
    let mut found: Vec<&str> = Vec::new();
    for name in of_manifests.chain(spec.environments.iter().map(|one| &one.name)) {
        if !found.contains(&name.as_str()) {
            found.push(name);
        }
    }
    if found.is_empty() {
        found.push(DEFAULT_ENVIRONMENT);
    }
    found
}
