//! `compiled_artifacts.json`: what other parts of the platform, and floe's own commands, read.

pub mod read;

use std::collections::BTreeMap;
use std::io;

use floe_plugin_api::{Addressing, Storage, TimeoutEnforcement};
use serde::Serialize;
use serde_json::{Map, Value};

use super::provenance::SetBy;
use super::source::PluginIdentity;
use crate::documents::secrets::SecretRef;

/// Version of this document's shape. Fields are only added within a major.
pub const ARTIFACTS_VERSION: &str = "1.0";

/// Name of the file in the artifacts' folder.
pub const ARTIFACTS_FILE: &str = "compiled_artifacts.json";

/// Everything that a compile decided. Paths are relative: to the folder where not said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CompiledArtifacts {
    /// [`ARTIFACTS_VERSION`].
    pub version: &'static str,
    /// The product.
    pub product: ProductRef,
    /// The manifests that apply, the root first; empty where there is none and DuckDB is the compute.
    pub inheritance: Vec<ManifestRef>,
    /// The dbt project beside the spec.
    pub dbt: DbtProject,
    /// Environments, in the spec's order.
    pub environments: Vec<EnvironmentArtifact>,
    /// The catalog that computes may mount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<CatalogRef>,
    /// The approved computes.
    pub compute_registry: ComputeRegistry,
    /// Transforms, in the spec's order.
    pub transforms: Vec<TransformArtifact>,
    /// The plugins behind the computes, by name.
    pub plugins: BTreeMap<String, PluginIdentity>,
}

/// The product that was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductRef {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A manifest that applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManifestRef {
    /// `enterprise`, `domain`, or absent for a single tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its path, relative to the dbt project's folder.
    pub path: String,
}

/// The dbt project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DbtProject {
    /// Its name.
    pub name: String,
    /// The profile that it asks for.
    pub profile: String,
}

impl DbtProject {
    /// One that cannot be read, which has been told.
    pub fn unnamed() -> Self {
        Self { name: "unnamed".to_owned(), profile: "unnamed".to_owned() }
    }
}

/// An environment; it selects no compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnvironmentArtifact {
    /// Its name, which is the dbt target too.
    pub name: String,
    /// Variables for dbt. Stock dbt knows nothing of them: whoever starts it passes them as `--vars`, as the commands of
    /// `floe plan` do.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub vars: Map<String, Value>,
}

/// The manifest's catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogRef {
    /// What computes call it.
    pub name: String,
}

/// How a compute addresses what another one wrote: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadsArtifact {
    /// Its name for the writer's database.
    Catalog(String),
    /// What stands before the writer's schema.
    SchemaPrefix(String),
}

/// The approved computes and the default.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComputeRegistry {
    /// What a transform without a compute runs on.
    pub default: String,
    /// The manifest that chose it, by its path as in `inheritance`; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_set_by: Option<String>,
    /// The approved computes, by name.
    pub computes: BTreeMap<String, ComputeArtifact>,
}

/// One approved compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComputeArtifact {
    /// Its plugin.
    pub plugin: String,
    /// Name of the engine, for people.
    pub engine: String,
    /// The dbt adapter's `type`.
    pub dbt_adapter: String,
    /// Whether the engine runs on the user's own machines.
    pub self_hosted: bool,
    /// dbt threads.
    pub threads: u16,
    /// Wall time in seconds that one dbt node may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// What no transform and no model may exceed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_timeout_seconds: Option<u32>,
    /// Python packages that dbt needs, by PEP 508.
    pub packages: Vec<String>,
    /// Versions of Python that they support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
    /// Kubernetes ResourceRequirements of dbt's pod, by workload size.
    pub resources: BTreeMap<&'static str, Value>,
    /// SQL that mounts the catalog; `null`: none needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_attachment: Option<CatalogAttachmentArtifact>,
    /// How it names what another compute wrote.
    pub addressing: Addressing,
    /// How it addresses what others wrote, by writer, where the manifest says it. What is not here is derived for each table.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reads: BTreeMap<String, ReadsArtifact>,
    /// What differs between environments, by environment.
    pub environments: BTreeMap<String, ComputeEnvironment>,
    /// Which manifest set each value, by its path as in `inheritance`. Values by JSON pointer into the entry of `approved`;
    /// `/name` is the last manifest that lists it. What is not there is the plugin's or floe's own.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set_by: SetBy,
}

/// How a compute mounts the manifest's catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CatalogAttachmentArtifact {
    /// Statements in order; `null`: this engine needs none.
    pub statements: Option<Vec<String>>,
}

/// A compute in one environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComputeEnvironment {
    /// Its `profiles.yml`.
    pub profile: String,
    /// dbt threads, where the environment sets others than the compute's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u16>,
    /// Wall time in seconds that one dbt node may take, where the environment sets another than the compute's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// What the adapter itself does about `timeout_seconds`.
    pub timeout: TimeoutEnforcement,
    /// Where it keeps what it builds.
    pub storage: Storage,
    /// Which document set each value that the environment lays over the compute's, as in the compute's `set_by`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set_by: SetBy,
    /// The variables from which the profile reads secrets, and where each secret is. Whoever starts dbt sets them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretArtifact>,
    /// The output of the profile; it stands in `profile` already.
    #[serde(skip)]
    pub output: Map<String, Value>,
}

/// Where a secret is: never what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretArtifact {
    /// `env` or `file`.
    pub source: &'static str,
    /// Name of the variable, or path of the file or folder.
    pub name: String,
    /// Name of the file, where `name` is a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl From<&SecretRef> for SecretArtifact {
    fn from(secret: &SecretRef) -> Self {
        Self { source: secret.source.as_str(), name: secret.name.clone(), key: secret.key.clone() }
    }
}

/// A transform and its compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransformArtifact {
    /// `path`, `name` or `package`.
    pub kind: &'static str,
    /// What it selects: a folder or file of the project, a model, a dbt package.
    pub selects: String,
    /// The compute that it runs on, in every environment.
    pub compute: String,
    /// Where that came from: `transform` or `default`.
    pub compute_from: &'static str,
    /// Wall time in seconds that one dbt node may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// How much work it is.
    pub workload_size: &'static str,
    /// Its tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Models that come before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// Places in this list of the transforms that own these models: they come before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
}

impl CompiledArtifacts {
    /// Writes the document: the same input gives the same bytes.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_json(&self, mut out: impl io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}
