//! A product with everything resolved that needs no plugin: which computes there are, which one each transform runs on.

use camino::Utf8PathBuf;
use semver::VersionReq;
use serde_json::{Map, Value};

use super::artifacts::{DbtProject, ManifestRef, ProductRef, TransformArtifact};
use super::catalog::Catalog;
use crate::diagnostics::Span;
use crate::documents::Spanned;
use crate::documents::environments::ALL_COMPUTES;
use crate::documents::manifest::{ReadsFrom, ResourceOverrides, TrustSection};
use crate::documents::settings::ComputeSettings;
use crate::documents::yaml::Node;

/// One approved compute, as the manifest gives it.
#[derive(Debug, Clone)]
pub struct Compute {
    /// Its name.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// Versions of the plugin that will do.
    pub version: Option<VersionReq>,
    /// Its settings, all manifests' together.
    pub config: ComputeSettings,
    /// What each manifest sets of the plugin's settings, the root first: a later one may hide what an earlier one says.
    pub layers: Vec<Node>,
    /// What the manifest lays over the plugin's resource presets.
    pub resources: ResourceOverrides,
    /// How it addresses what others wrote, as far as the manifest says it.
    pub reads: Vec<ReadsFrom>,
    /// Where the manifest names it; nowhere where there is no manifest.
    pub place: Option<Span>,
}

/// An environment.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Variables for dbt.
    pub vars: Map<String, Value>,
    /// Settings that the manifest leaves to products here.
    pub product_may_set: Vec<Spanned<String>>,
    /// Settings over a compute's own, by compute; in the order in which they apply.
    pub connections: Vec<(String, ComputeSettings)>,
}

impl Environment {
    /// What it lays over a compute's settings, in order.
    pub fn overrides<'a>(&'a self, compute: &'a str) -> impl Iterator<Item = &'a ComputeSettings> {
        let applies = move |name: &str| name == compute || name == ALL_COMPUTES;
        self.connections.iter().filter(move |(name, _)| applies(name)).map(|(_, settings)| settings)
    }
}

/// A product with everything resolved that needs no plugin.
#[derive(Debug, Clone)]
pub struct Product {
    /// Name and version.
    pub product: ProductRef,
    /// The dbt project's folder: the spec's.
    pub project_dir: Utf8PathBuf,
    /// The dbt project.
    pub dbt: DbtProject,
    /// The manifests that apply.
    pub inheritance: Vec<ManifestRef>,
    /// Files of these manifests, as the user would write them; the product's own is the last.
    pub manifests: Vec<Utf8PathBuf>,
    /// Whose plugins they allow.
    pub trust: Option<TrustSection>,
    /// Environments that are compiled, in the spec's order.
    pub environments: Vec<Environment>,
    /// All others: nothing is made for them, and no secret may be written out there either.
    pub other_environments: Vec<Environment>,
    /// Approved computes, in the manifest's order.
    pub computes: Vec<Compute>,
    /// The catalog that computes may mount, if the manifest has one.
    pub catalog: Option<Catalog>,
    /// It has one that cannot be read, which has been told: what follows from its absence means nothing.
    pub catalog_is_unreadable: bool,
    /// What a transform without a compute runs on.
    pub default: String,
    /// Where that is written, or the one compute that there is; nowhere where there is no manifest.
    pub default_set_by: Option<Span>,
    /// Transforms, in the spec's order.
    pub transforms: Vec<TransformArtifact>,
}

impl Product {
    /// The approved compute with a name.
    pub fn compute(&self, name: &str) -> Option<&Compute> {
        self.computes.iter().find(|compute| compute.name == name)
    }

    /// The environment with a name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name == name)
    }

    /// What any environment lays over a compute's settings, those that are not compiled included.
    pub fn all_overrides<'a>(&'a self, compute: &'a str) -> impl Iterator<Item = &'a ComputeSettings> {
        let environments = self.environments.iter().chain(&self.other_environments);
        environments.flat_map(move |environment| environment.overrides(compute))
    }

    /// What an environment lays over a compute's settings, in order.
    pub fn overrides<'a>(&'a self, environment: &str, compute: &'a str) -> impl Iterator<Item = &'a ComputeSettings> {
        self.environment(environment).into_iter().flat_map(move |environment| environment.overrides(compute))
    }
}
