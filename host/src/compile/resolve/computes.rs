//! The approved computes.

use crate::compile::product::Compute;
use crate::diagnostics::{Source, Span};
use crate::documents::manifest::{ComputeEntry, Manifest, ResourceOverrides};
use crate::documents::placeholders::{Placeholders, product_slug};
use crate::documents::settings::ComputeSettings;
use crate::documents::yaml::{Entry, Kind, Node};

/// The manifest's computes, and the default; without a default there is an error already.
pub(super) fn of_manifest(manifest: &Manifest, placeholders: &Placeholders) -> (Vec<Compute>, String) {
    let Some(section) = &manifest.computes else { return (Vec::new(), String::new()) };
    let computes = section.approved.iter().map(|entry| of_entry(entry, placeholders)).collect();
    (computes, section.default.as_ref().map(|default| default.value.clone()).unwrap_or_default())
}

fn of_entry(entry: &ComputeEntry, placeholders: &Placeholders) -> Compute {
    let mut config = entry.config.clone().unwrap_or_else(|| ComputeSettings::empty(entry.span.clone()));
    let own = config.connection.clone();
    placeholders.expand_node(&mut config.connection);
    Compute {
        name: entry.name.value.clone(),
        plugin: entry.plugin().to_owned(),
        version: entry.version.as_ref().map(|version| version.value.clone()),
        config,
        layers: if entry.layers.is_empty() { vec![own] } else { entry.layers.clone() },
        resources: entry.resources.clone(),
        reads: entry.reads.clone(),
        place: Some(entry.name.span.clone()),
    }
}

/// Without a manifest: DuckDB, in a file beside the spec.
pub(super) fn duckdb_alone(product: &str) -> (Vec<Compute>, String) {
    // Nobody wrote it, so no diagnostic will point there.
    let source = Source::new("(the built-in default)", "");
    let span = || Span::new(&source, 0, 0);
    let file = Node { kind: Kind::Str(format!("{}.duckdb", product_slug(product))), span: span() };
    let path = Entry { key: "path".to_owned(), key_span: span(), value: file };
    let mut config = ComputeSettings::empty(span());
    config.connection.kind = Kind::Map(vec![path]);
    let name = "duckdb".to_owned();
    let compute = Compute {
        name: name.clone(),
        plugin: name.clone(),
        version: None,
        config,
        layers: Vec::new(),
        resources: ResourceOverrides::default(),
        reads: Vec::new(),
        place: None,
    };
    (vec![compute], name)
}
