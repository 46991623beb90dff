//! dbt's `manifest.json`, as far as running across computes needs it.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::DBT_OUTPUT;

/// A node of dbt's graph.
#[derive(Debug, Clone, Deserialize)]
pub struct Node {
    /// dbt's id: `model.shop.orders`.
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// `model`, `seed`, `snapshot`, `function`, `test`, `unit_test` and others.
    pub resource_type: String,
    /// The project that it is in.
    pub package_name: String,
    /// Its version.
    #[serde(default)]
    version: Option<Value>,
    /// Its file, from its own project's folder.
    pub original_file_path: String,
    /// Its place among others, from its project down.
    #[serde(default)]
    pub fqn: Vec<String>,
    /// Where dbt puts it.
    #[serde(default)]
    pub database: Option<String>,
    /// Where dbt puts it.
    #[serde(default)]
    pub schema: Option<String>,
    /// What it is called there.
    #[serde(default)]
    pub alias: Option<String>,
    /// Settings.
    #[serde(default)]
    pub config: Config,
    #[serde(default)]
    depends_on: DependsOn,
    /// Where its settings are, with the name of the project: `shop://models/schema.yml`.
    #[serde(default)]
    pub patch_path: Option<String>,
    /// The model of a generic test.
    #[serde(default)]
    pub attached_node: Option<String>,
    /// For a unit test, the name of its model.
    #[serde(default)]
    pub model: Option<String>,
}

/// Settings of a node.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Config {
    /// How it is built.
    #[serde(default)]
    pub materialized: Option<String>,
    /// A database of its own.
    #[serde(default)]
    pub database: Option<String>,
    /// What the user says of it to others than dbt.
    #[serde(default)]
    meta: Option<Map<String, Value>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct DependsOn {
    #[serde(default)]
    nodes: Vec<String>,
}

impl Node {
    /// Its version, as dbt writes it in names.
    pub fn version(&self) -> Option<String> {
        match self.version.as_ref()? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// What it depends on: nodes and sources.
    pub fn parents(&self) -> &[String] {
        &self.depends_on.nodes
    }

    /// What the user says to floe: `meta: {floe: …}`.
    pub fn floe(&self) -> Option<&Value> {
        self.config.meta.as_ref()?.get("floe")
    }

    /// How it is built, in dbt's words.
    pub fn materialized(&self) -> &str {
        match self.resource_type.as_str() {
            "model" => self.config.materialized.as_deref().unwrap_or("view"),
            other => other,
        }
    }

    /// Whether it is a test of any kind.
    pub fn is_test(&self) -> bool {
        matches!(self.resource_type.as_str(), "test" | "unit_test")
    }

    /// Whether dbt builds something in a database for it, or inlines it where it is used.
    pub fn is_built(&self) -> bool {
        matches!(self.resource_type.as_str(), "model" | "seed" | "snapshot" | "function")
    }

    /// Whether others get its text instead of a relation.
    pub fn is_ephemeral(&self) -> bool {
        self.resource_type == "model" && self.materialized() == "ephemeral"
    }
}

/// What dbt made of the project for one compute.
#[derive(Debug)]
pub struct Manifest {
    /// Nodes by their ids: what is built, and tests.
    pub nodes: BTreeMap<String, Node>,
    /// What dbt wrote of what others can refer to, as it is.
    pub raw: BTreeMap<String, Box<RawValue>>,
    /// The head of the document.
    pub metadata: Box<RawValue>,
    /// Hooks of the project and its packages that run once an invocation.
    pub hooks: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    metadata: Box<RawValue>,
    nodes: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    functions: BTreeMap<String, Box<RawValue>>,
    #[serde(default)]
    unit_tests: BTreeMap<String, Node>,
}

impl Manifest {
    /// Reads what `dbt parse` wrote.
    ///
    /// # Errors
    /// [`DBT_OUTPUT`] where it cannot be read or is not what dbt 1.8 to 1.11 writes.
    pub fn read(path: &Utf8Path) -> Result<Self, Diagnostic> {
        let wrong = |why: String| {
            Diagnostic::error(
                &DBT_OUTPUT,
                format!("{path} is not the manifest that dbt is known to write: {why}"),
                "see that the compute's environment has dbt-core 1.8 to 1.11 (`floe env list`)",
            )
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let document: Document = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let (mut nodes, mut raw, mut hooks) = (document.unit_tests, BTreeMap::new(), Vec::new());
        for (id, text) in document.nodes.into_iter().chain(document.functions) {
            let node: Node = serde_json::from_str(text.get()).map_err(|error| wrong(format!("{id}: {error}")))?;
            if node.resource_type == "operation" {
                hooks.push(node.name.clone());
            }
            if node.is_built() {
                raw.insert(id.clone(), text);
            }
            if node.is_built() || node.is_test() {
                nodes.insert(id, node);
            }
        }
        Ok(Self { nodes, raw, metadata: document.metadata, hooks })
    }
}
