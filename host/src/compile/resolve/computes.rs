//! The approved computes.

use crate::compile::product::Compute;
use crate::diagnostics::{Source, Span};
use crate::documents::manifest::{ComputeEntry, Manifest, ResourceOverrides};
use crate::documents::placeholders::{Placeholders, product_slug};
use crate::documents::settings::{ComputeSettings, DEFAULT_THREADS};
use crate::documents::yaml::{Entry, Kind, Node};

/// The manifest's computes, and the default.
pub(super) fn of_manifest(manifest: &Manifest, placeholders: &Placeholders) -> Option<(Vec<Compute>, String)> {
    let section = manifest.computes.as_ref()?;
    let computes = section.approved.iter().map(|entry| of_entry(entry, placeholders)).collect();
    Some((computes, section.default.as_ref()?.value.clone()))
}

fn of_entry(entry: &ComputeEntry, placeholders: &Placeholders) -> Compute {
    let config = entry.config.clone().unwrap_or_else(|| ComputeSettings::empty(entry.span.clone()));
    let mut connection = config.connection;
    placeholders.expand_node(&mut connection);
    Compute {
        name: entry.name.value.clone(),
        plugin: entry.plugin().to_owned(),
        version: entry.version.as_ref().map(|version| version.value.clone()),
        threads: config.threads.map_or(DEFAULT_THREADS, |threads| threads.value),
        // A limit without a default is the default.
        timeout_seconds: config.timeout_seconds.as_ref().or(config.max_timeout_seconds.as_ref()).map(|own| own.value),
        max_timeout_seconds: config.max_timeout_seconds,
        connect_timeout_seconds: config.connect_timeout_seconds.map(|seconds| seconds.value),
        connection,
        secret_mount: config.secret_mount,
        resources: entry.resources.clone(),
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
    let name = "duckdb".to_owned();
    let compute = Compute {
        name: name.clone(),
        plugin: name.clone(),
        version: None,
        threads: DEFAULT_THREADS,
        timeout_seconds: None,
        max_timeout_seconds: None,
        connect_timeout_seconds: None,
        connection: Node { kind: Kind::Map(vec![path]), span: span() },
        secret_mount: None,
        resources: ResourceOverrides::default(),
        place: None,
    };
    (vec![compute], name)
}
