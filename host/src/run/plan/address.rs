//! Where one compute finds what another one wrote.

use std::collections::BTreeMap;

use floe_plugin_api::Storage;
use serde::Serialize;

use crate::compile::artifacts::ReadsArtifact;
use crate::run::Session;
use crate::run::graph::{Graphs, Node};

/// A relation as a reader names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// Its database; none on engines that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub identifier: String,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = self.database.iter().chain([&self.schema, &self.identifier]);
        f.write_str(&parts.map(String::as_str).collect::<Vec<_>>().join("."))
    }
}

/// Why a reader cannot have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// It is no table: a view, an ephemeral model and the like, by dbt's word.
    NotATable(String),
    /// It is gone when the writer's dbt ends.
    InMemory,
    /// It lies where the reader does not look.
    NotMounted {
        /// Where it lies, in words.
        place: String,
    },
    /// Its own compute does not build it.
    SwitchedOff,
}

/// Materializations that leave a table in the storage of their compute.
const TABLES: &[&str] = &["table", "incremental", "seed", "snapshot"];

/// Knows where the computes of two environments, mostly of one, find each other's tables.
#[derive(Debug)]
pub struct Addresses<'a> {
    reader: &'a Session<'a>,
    writer: &'a Session<'a>,
    /// The database in which a compute builds what names none.
    defaults: BTreeMap<String, Option<String>>,
}

impl<'a> Addresses<'a> {
    /// Of readers in one environment and writers in another, whose graphs these are.
    pub fn new(reader: &'a Session<'a>, writer: &'a Session<'a>, graphs: &Graphs) -> Self {
        let default = |nodes: &BTreeMap<String, Node>| {
            let own = nodes.values().find(|node| node.is_built() && node.config.database.is_none());
            own.and_then(|node| node.database.clone())
        };
        let defaults = graphs.manifests.iter().map(|(name, manifest)| (name.clone(), default(&manifest.nodes)));
        Self { reader, writer, defaults: defaults.collect() }
    }

    /// What `reader` calls a node of `writer`.
    ///
    /// # Errors
    /// Why it has no name for it.
    pub fn of(&self, node: &Node, writer: &str, reader: &str) -> Result<Address, Unreachable> {
        if reader == writer {
            return self.of_own(node, writer);
        }
        let materialized = node.materialized();
        if !TABLES.contains(&materialized) {
            return Err(Unreachable::NotATable(materialized.to_owned()));
        }
        let is_default = self.defaults.get(writer).is_some_and(|default| *default == node.database);
        let in_catalog = self.schema_in_catalog(node, writer);
        let storage = self.writer.connection(writer).map(|connection| &connection.storage);
        if is_default && in_catalog.is_none() {
            match storage {
                Some(Storage::Memory) => return Err(Unreachable::InMemory),
                // Nobody but its own engine reads such a file.
                Some(Storage::File { path }) if !self.same_plugin(writer, reader) => {
                    return Err(Unreachable::NotMounted { place: format!("the file {path}") });
                }
                Some(Storage::File { path }) if self.same_file(path, reader) => return Ok(as_it_is(node)),
                _ => {}
            }
        }
        // What the manifest says is about the database that the writer builds in; about the catalog where that is another.
        let explicit = self.reader.compute(reader).and_then(|compute| compute.reads.get(writer));
        let schema = in_catalog.clone().unwrap_or_else(|| self.plain_schema(node, writer));
        match explicit {
            Some(reads) if is_default => return Ok(explicit_address(reads, schema, node)),
            _ => {}
        }
        if let Some(address) = in_catalog.and_then(|schema| self.through_catalog(schema, node, reader)) {
            return Ok(address);
        }
        match explicit {
            Some(reads) if self.schema_in_catalog(node, writer).is_some() => Ok(explicit_address(reads, schema, node)),
            _ => Err(Unreachable::NotMounted { place: place_of(node, storage.filter(|_| is_default)) }),
        }
    }

    /// Its own, in another environment: the same server, or the same catalog.
    fn of_own(&self, node: &Node, compute: &str) -> Result<Address, Unreachable> {
        let (Some(here), Some(there)) = (self.reader.connection(compute), self.writer.connection(compute)) else {
            return Err(Unreachable::SwitchedOff);
        };
        if self.reader.environment == self.writer.environment || self.schema_in_catalog(node, compute).is_some() {
            return Ok(as_it_is(node));
        }
        match (&here.storage, &there.storage) {
            (_, Storage::Memory) => Err(Unreachable::InMemory),
            (Storage::File { path: one }, Storage::File { path: other }) if one == other => Ok(as_it_is(node)),
            (Storage::Service, Storage::Service) => match differing(&here.output, &there.output) {
                None => Ok(as_it_is(node)),
                Some(key) => Err(Unreachable::NotMounted {
                    place: format!("environment `{}`, whose `{key}` is another", self.writer.environment),
                }),
            },
            (_, storage) => Err(Unreachable::NotMounted { place: place_of(node, Some(storage)) }),
        }
    }

    /// The schema of a table in the manifest's catalog.
    fn schema_in_catalog(&self, node: &Node, writer: &str) -> Option<String> {
        let catalog = &self.writer.compiled.artifacts.catalog.as_ref()?.name;
        let compute = self.writer.compute(writer)?;
        let schema = node.schema.as_deref()?;
        if compute.addressing.database {
            let mounts = compute.catalog_attachment.as_ref().is_some_and(|mount| mount.statements.is_some());
            return (mounts && node.database.as_ref() == Some(catalog)).then(|| schema.to_owned());
        }
        below(schema, catalog).map(str::to_owned)
    }

    /// What a reader that mounts the catalog calls a table in it. An engine without databases mounts it where it builds in it
    /// itself.
    fn through_catalog(&self, schema: String, node: &Node, reader: &str) -> Option<Address> {
        let catalog = &self.reader.compiled.artifacts.catalog.as_ref()?.name;
        let compute = self.reader.compute(reader)?;
        let identifier = identifier(node);
        if compute.catalog_attachment.as_ref().is_some_and(|mount| mount.statements.is_some()) {
            return Some(Address { database: Some(catalog.clone()), schema, identifier });
        }
        let own = self.reader.connection(reader)?.output.get("schema")?.as_str()?;
        let mounts = compute.addressing.schema_prefix && below(own, catalog).is_some();
        mounts.then(|| Address { database: None, schema: format!("{catalog}.{schema}"), identifier })
    }

    /// A schema without the catalog that an engine without databases writes before it.
    fn plain_schema(&self, node: &Node, writer: &str) -> String {
        let schema = node.schema.clone().unwrap_or_default();
        match (self.writer.compute(writer), schema.split_once('.')) {
            (Some(compute), Some((_, rest))) if !compute.addressing.database => rest.to_owned(),
            _ => schema,
        }
    }

    fn same_plugin(&self, writer: &str, reader: &str) -> bool {
        let plugin = |session: &Session<'_>, name: &str| session.compute(name).map(|compute| compute.plugin.clone());
        plugin(self.writer, writer) == plugin(self.reader, reader)
    }

    fn same_file(&self, path: &str, reader: &str) -> bool {
        let storage = self.reader.connection(reader).map(|connection| &connection.storage);
        matches!(storage, Some(Storage::File { path: other }) if other == path)
    }
}

/// Settings of a profile that say where in a server things lie and how hard it works, and not which server it is.
const WITHIN_A_SERVER: &[&str] = &[
    "schema",
    "dataset",
    "database",
    "dbname",
    "catalog",
    "threads",
    "user",
    "username",
    "password",
    "role",
    "warehouse",
    "query_tag",
    "priority",
    "job_execution_timeout_seconds",
    "query_timeout",
    "session_properties",
    "search_path",
];

/// A setting by which two profiles may be of two servers.
fn differing(
    one: &serde_json::Map<String, serde_json::Value>,
    other: &serde_json::Map<String, serde_json::Value>,
) -> Option<String> {
    let keys = one.keys().chain(other.keys());
    let mut differing = keys.filter(|key| !WITHIN_A_SERVER.contains(&key.as_str()) && one.get(*key) != other.get(*key));
    differing.next().cloned()
}

fn explicit_address(reads: &ReadsArtifact, schema: String, node: &Node) -> Address {
    let identifier = identifier(node);
    match reads {
        ReadsArtifact::Catalog(catalog) => Address { database: Some(catalog.clone()), schema, identifier },
        ReadsArtifact::SchemaPrefix(prefix) => {
            Address { database: None, schema: format!("{prefix}{schema}"), identifier }
        }
    }
}

fn as_it_is(node: &Node) -> Address {
    Address {
        database: node.database.clone(),
        schema: node.schema.clone().unwrap_or_default(),
        identifier: identifier(node),
    }
}

fn identifier(node: &Node) -> String {
    node.alias.clone().unwrap_or_else(|| node.name.clone())
}

/// The rest of `catalog.rest`.
fn below<'s>(schema: &'s str, catalog: &str) -> Option<&'s str> {
    schema.strip_prefix(catalog)?.strip_prefix('.')
}

fn place_of(node: &Node, storage: Option<&Storage>) -> String {
    match (storage, &node.database) {
        (Some(Storage::File { path }), _) => format!("the file {path}"),
        (_, Some(database)) => format!("database `{database}`"),
        (_, None) => format!("schema `{}`", node.schema.as_deref().unwrap_or_default()),
    }
}
