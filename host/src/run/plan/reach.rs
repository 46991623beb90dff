//! Each read of what another compute wrote: its address, or why there is none.

use std::collections::BTreeMap;

use super::address::{Address, Addresses, Unreachable};
use super::{Edge, Scope};
use crate::diagnostics::codes::run::UNREACHABLE;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::read_source;
use crate::run::Session;
use crate::run::graph::{Graphs, Node};

/// How a node reaches a parent that it does not share a compute and an environment with.
#[derive(Debug, Clone)]
pub(super) struct Read {
    writer: String,
    environment: Option<String>,
    address: Address,
}

/// The reads of a plan.
pub(super) struct Reach<'a> {
    session: &'a Session<'a>,
    graphs: &'a Graphs,
    addresses: &'a Addresses<'a>,
    scope: &'a Scope<'a>,
    edges: Vec<Edge>,
    problems: Vec<Diagnostic>,
}

impl<'a> Reach<'a> {
    /// Goes through all that is selected.
    pub(super) fn new(
        session: &'a Session<'a>,
        graphs: &'a Graphs,
        addresses: &'a Addresses<'a>,
        scope: &'a Scope<'a>,
    ) -> Self {
        let mut reach = Self { session, graphs, addresses, scope, edges: Vec::new(), problems: Vec::new() };
        for (node, owned) in graphs.nodes().filter(|(node, _)| scope.has(&node.unique_id)) {
            for parent in node.parents() {
                match reach.try_read(parent, &owned.compute) {
                    Ok(read) => reach.add(read, parent, &node.unique_id, &owned.compute),
                    Err(why) => reach.problems.push(reach.unreachable(node, &owned.compute, parent, &why)),
                }
            }
        }
        reach
    }

    /// How a compute reads a node; `None` where it is its own, or a source.
    pub(super) fn try_read(&self, parent: &str, reader: &str) -> Result<Option<Read>, Unreachable> {
        let Some(owned) = self.graphs.owners.get(parent) else { return Ok(None) };
        let deferred = self.scope.deferred.filter(|_| !self.scope.has(parent));
        let graphs = deferred.map_or(self.graphs, |deferred| deferred.graphs);
        let node = graphs.node(parent).ok_or(Unreachable::SwitchedOff)?;
        if owned.compute == reader && (deferred.is_none() || node.is_ephemeral()) {
            return Ok(None);
        }
        let addresses = deferred.map_or(self.addresses, |deferred| deferred.addresses);
        let address = addresses.of(node, &owned.compute, reader)?;
        let environment = deferred.map(|deferred| deferred.environment.to_owned());
        Ok(Some(Read { writer: owned.compute.clone(), environment, address }))
    }

    /// Notes a read.
    pub(super) fn add(&mut self, read: Option<Read>, parent: &str, child: &str, reader: &str) {
        let Some(Read { writer, environment, address }) = read else { return };
        let edge = Edge {
            parent: parent.to_owned(),
            child: child.to_owned(),
            writer,
            reader: reader.to_owned(),
            environment,
            address,
        };
        self.edges.push(edge);
    }

    /// Notes an error.
    pub(super) fn refuse(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    pub(super) fn finish(self) -> (Vec<Edge>, Vec<Diagnostic>) {
        (self.edges, self.problems)
    }

    fn unreachable(&self, child: &Node, reader: &str, parent: &str, why: &Unreachable) -> Diagnostic {
        let writer = self.graphs.owners.get(parent).map(|owned| owned.compute.as_str()).unwrap_or_default();
        let name = self.graphs.node(parent).map_or(parent, |node| node.name.as_str());
        let message = format!(
            "`{}` on compute `{reader}` reads `{name}` on compute `{writer}`, which {}",
            child.name,
            reason(why, reader, &self.session.environment)
        );
        let diagnostic =
            Diagnostic::error(&UNREACHABLE, message, self.help(why, name, writer, reader)).for_compute(reader);
        match place_of_ref(self.session, child, name) {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        }
    }

    fn help(&self, why: &Unreachable, parent: &str, writer: &str, reader: &str) -> String {
        let catalog = self.session.compiled.artifacts.catalog.as_ref().map(|catalog| catalog.name.as_str());
        let one_compute = format!("let one compute run both (`{{name: {parent}, compute: {reader}}}` in floe.yaml)");
        match why {
            Unreachable::NotATable(_) => {
                format!("set `materialized: table` for `{parent}`: another engine reads tables only; or {one_compute}")
            }
            Unreachable::SwitchedOff => format!("switch it on for compute `{writer}`, or {one_compute}"),
            Unreachable::InMemory | Unreachable::NotMounted { .. } => {
                let addressing = self.session.compute(reader).map(|compute| compute.addressing);
                let entry = if addressing.is_some_and(|addressing| addressing.database) {
                    "{catalog: NAME}"
                } else {
                    "{schema_prefix: NAME.}"
                };
                let shared = catalog.map_or_else(
                    || format!("build `{parent}` in storage that `{reader}` mounts and write `reads: {{{writer}: {entry}}}` for `{reader}` into the manifest"),
                    |catalog| format!("build `{parent}` in the catalog `{catalog}`, which the manifest offers to all computes"),
                );
                format!("{shared}; or {one_compute}")
            }
        }
    }
}

/// Why a reader cannot have a table, as a part of a sentence.
pub(super) fn reason(why: &Unreachable, reader: &str, environment: &str) -> String {
    match why {
        Unreachable::NotATable(kind) => match kind.as_str() {
            "ephemeral" => "is ephemeral: only its own engine can put its SQL in place".to_owned(),
            "view" => "is a view: it is there for its own engine only".to_owned(),
            kind => format!("is built as `{kind}`, which only its own engine reads"),
        },
        Unreachable::InMemory => {
            format!("is kept in memory in environment `{environment}` and gone when its step ends")
        }
        Unreachable::NotMounted { place } => format!("lies in {place}, which `{reader}` does not mount"),
        Unreachable::SwitchedOff => "is switched off there".to_owned(),
    }
}

/// Where a file of the project refers to a model.
fn place_of_ref(session: &Session<'_>, child: &Node, parent: &str) -> Option<Span> {
    if child.package_name != session.compiled.artifacts.dbt.name {
        return None;
    }
    let path = session.place.project_dir.join(&child.original_file_path);
    let source = read_source(&path, "the model").ok()?;
    let text = source.text();
    let references = text.match_indices("ref").filter_map(|(at, _)| {
        let rest = text[at + 3..].trim_start().strip_prefix('(')?;
        let arguments = &rest[..rest.find(')')?];
        let begins = text.len() - rest.len();
        ["'", "\""]
            .iter()
            .find_map(|quote| arguments.find(&format!("{quote}{parent}{quote}")))
            .map(|inner| begins + inner + 1)
    });
    let at = references.into_iter().next().unwrap_or(0);
    let length = if at == 0 { 0 } else { parent.len() };
    Some(Span::new(&source, at, at + length))
}

/// Whether a compute reads all parents of a test, and how; else the first that it does not.
pub(super) fn reads_all(
    reach: &Reach<'_>,
    test: &Node,
    reader: &str,
) -> Result<BTreeMap<String, Option<Read>>, (String, Unreachable)> {
    let mut reads = BTreeMap::new();
    let mut open: Vec<&str> = test.parents().iter().map(String::as_str).collect();
    while let Some(parent) = open.pop() {
        if reads.contains_key(parent) {
            continue;
        }
        let read = reach.try_read(parent, reader).map_err(|why| (parent.to_owned(), why))?;
        // An ephemeral parent of its own is put in place, with what that reads.
        if let Some(node) = reach.graphs.node(parent).filter(|node| node.is_ephemeral()) {
            open.extend(node.parents().iter().map(String::as_str));
        }
        reads.insert(parent.to_owned(), read);
    }
    Ok(reads)
}
