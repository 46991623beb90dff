//! What a compute defers to: where the tables of others are, as it sees them, in the form in which dbt takes them.
//!
//! Everything that the compute does not build itself is in it. What it cannot read is in it too, under an address that cannot
//! be there: dbt would look for it among the compute's own tables otherwise, and might find an old copy.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value, json};

use super::graph::Graphs;
use super::place;
use super::plan::address::Address;
use super::plan::{Scope, address::Addresses};
use super::{Session, plan::address::Unreachable};
use crate::diagnostics::Diagnostic;

/// The parts of dbt's manifest that are empty here.
const EMPTY: &[&str] = &[
    "sources",
    "macros",
    "docs",
    "exposures",
    "metrics",
    "groups",
    "selectors",
    "disabled",
    "parent_map",
    "child_map",
    "group_map",
    "saved_queries",
    "semantic_models",
    "unit_tests",
    "functions",
];

/// Writes it for a reader, and says where.
///
/// # Errors
/// Where the system refuses.
pub fn write(
    session: &Session<'_>,
    graphs: &Graphs,
    addresses: &Addresses<'_>,
    scope: &Scope<'_>,
    reader: &str,
    folder: Utf8PathBuf,
) -> Result<Utf8PathBuf, Diagnostic> {
    let mut nodes = Map::new();
    for (id, owned) in &graphs.owners {
        let deferred = scope.deferred.filter(|_| scope.selected.is_some_and(|selected| !selected.contains(id)));
        if owned.compute == reader && deferred.is_none() {
            continue;
        }
        let (graphs, addresses) =
            deferred.map_or((graphs, addresses), |deferred| (deferred.graphs, deferred.addresses));
        let Some((node, raw)) =
            graphs.node(id).zip(graphs.manifests.get(&owned.compute).and_then(|own| own.raw.get(id)))
        else {
            continue;
        };
        if node.is_ephemeral() {
            continue;
        }
        let address =
            addresses.of(node, &owned.compute, reader).unwrap_or_else(|why| nowhere(&node.name, &owned.compute, &why));
        if let Ok(Value::Object(mut value)) = serde_json::from_str(raw.get()) {
            readdress(&mut value, &address);
            nodes.insert(id.clone(), Value::Object(value));
        }
    }
    let metadata = graphs.manifests.get(reader).map_or("{}", |own| own.metadata.get());
    let mut document = Map::new();
    document.insert("metadata".to_owned(), serde_json::from_str(metadata).unwrap_or_default());
    document.insert("nodes".to_owned(), Value::Object(nodes));
    document.extend(EMPTY.iter().map(|part| ((*part).to_owned(), json!({}))));
    session.place.make(&folder)?;
    let path = folder.join("manifest.json");
    let text = serde_json::to_vec(&document).unwrap_or_default();
    if fs::read(&path).ok().as_deref() != Some(text.as_slice()) {
        place::write(&path, &text)?;
    }
    Ok(folder)
}

/// How dbt finds the tables of others, and takes none of its own in their place.
pub fn defer_arguments(state: &Utf8Path) -> Vec<String> {
    ["--defer", "--favor-state", "--defer-state", state.as_str()].map(str::to_owned).into()
}

/// The same as variables.
pub fn defer_variables(state: &Utf8Path) -> Vec<(String, String)> {
    [("DBT_DEFER", "true"), ("DBT_FAVOR_STATE", "true"), ("DBT_DEFER_STATE", state.as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// dbt takes the three parts; the rest is what it wants to be there, without what makes it long.
fn readdress(node: &mut Map<String, Value>, address: &Address) {
    node.insert("database".to_owned(), json!(address.database));
    node.insert("schema".to_owned(), json!(address.schema));
    node.insert("alias".to_owned(), json!(address.identifier));
    node.insert("relation_name".to_owned(), json!(address.to_string()));
    for part in ["raw_code", "compiled_code", "description"] {
        if node.contains_key(part) {
            node.insert(part.to_owned(), json!(""));
        }
    }
    for part in ["columns", "docs"] {
        if node.contains_key(part) {
            node.insert(part.to_owned(), json!({}));
        }
    }
}

/// A name that says in the engine's own error what is wrong.
fn nowhere(name: &str, writer: &str, why: &Unreachable) -> Address {
    let why = match why {
        Unreachable::NotATable(kind) => format!("as_{kind}"),
        Unreachable::InMemory => "in_memory".to_owned(),
        Unreachable::NotMounted { .. } => "elsewhere".to_owned(),
        Unreachable::SwitchedOff => "switched_off".to_owned(),
    };
    Address {
        database: None,
        schema: "floe_cannot_read".to_owned(),
        identifier: format!(
            "{name}__which_is_on__{writer}__{}",
            why.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        ),
    }
}
