//! `manifest.yaml`: what the platform approves.

mod catalog;
mod compute;
mod resources;
mod trust;

use std::sync::Arc;

use super::environments::{self, Connection, SELECTIONS};
use super::fields::{Fields, Problems, Shape};
use super::metadata::{self, Metadata};
use super::spanned::Spanned;
use super::yaml::{Entry, Node};
use crate::diagnostics::codes::{documents, manifest as codes};
use crate::diagnostics::{Diagnostic, Source, Span, meant_or_listed};

pub(super) use catalog::read as read_catalog;
pub use catalog::{CatalogLogin, CatalogSection, CatalogType, SettingText};
pub use compute::{ComputeEntry, ComputeForm, ComputeSection, Reads, ReadsFrom};
pub use resources::{ResourceOverrides, ResourceSettings};
pub use trust::TrustSection;
pub(super) use trust::check_keys as check_trusted_keys;

/// A manifest that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The file.
    pub source: Arc<Source>,
    /// Who it is.
    pub metadata: Metadata,
    /// Its level; none for a platform of one tier.
    pub scope: Option<Spanned<Scope>>,
    /// Whether no level is written, not even a wrong one.
    pub lacks_scope: bool,
    /// The manifest that this one narrows, as it is written: set exactly where the scope is a domain.
    pub parent_manifest: Option<Spanned<String>>,
    /// The computes. Always there in a manifest without a parent, if it has no errors.
    pub computes: Option<ComputeSection>,
    /// The Iceberg catalog that computes may mount. A manifest with a parent may say a part of it only: then it is absent.
    pub catalog: Option<CatalogSection>,
    /// The catalog as it is written.
    pub catalog_as_written: Option<Node>,
    /// Whose plugins may be loaded.
    pub trust: Option<TrustSection>,
    /// Settings that differ.
    pub environments: Vec<ManifestEnvironment>,
    /// What belongs to other parts of the platform, at the top.
    pub elsewhere: Vec<Entry>,
    /// What belongs to other parts of the platform, under `plugins`.
    pub other_plugins: Vec<Entry>,
}

/// The level of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The root of a chain.
    Enterprise,
    /// Narrows its parent.
    Domain,
}

impl Scope {
    /// The word that a manifest writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Domain => "domain",
        }
    }
}

/// One environment of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestEnvironment {
    /// Its name.
    pub name: Spanned<String>,
    /// What it is, in a few words.
    pub description: Option<Spanned<String>>,
    /// Settings that a spec may set here.
    pub product_may_set: Vec<Spanned<String>>,
    /// Where they are written, if they are: an empty list lets products set nothing.
    pub lists_may_set: Option<Span>,
    /// Settings by compute.
    pub connections: Vec<Connection>,
}

static MANIFEST: Shape = Shape {
    what: "the manifest",
    keys: &["apiVersion", "kind", "metadata", "scope", "parent_manifest", "plugins", "compute", "environments"],
    elsewhere: &[
        "governance",
        "observability",
        "artifacts",
        "approved_plugins",
        "approved_sinks",
        "approved_products",
        "defaults",
        "resource_presets",
    ],
    extensions: true,
};

static PLUGINS: Shape = Shape {
    what: "`plugins`",
    keys: &["compute", "catalog", "trust"],
    elsewhere: &[
        "orchestrator",
        "storage",
        "semantic_layer",
        "ingestion",
        "secrets",
        "telemetry_backend",
        "lineage_backend",
        "identity",
        "dbt",
        "quality",
    ],
    extensions: false,
};

static ENVIRONMENT: Shape = Shape::closed("an environment", &["name", "description", "product_may_set", "connections"]);

pub(super) fn read(node: Node, problems: &mut Problems) -> Option<Manifest> {
    let source = Arc::clone(node.span.source());
    if metadata::is_other_kind(&node, "Manifest", problems) {
        return None;
    }
    let mut fields = Fields::open(node, &MANIFEST, problems)?;
    metadata::check_kind(&mut fields, "Manifest", problems);
    let metadata = metadata::read(&mut fields, "a manifest", problems);
    let lacks_scope = !fields.has("scope") && !fields.is_meant("scope");
    let (scope, parent_manifest) = read_scope(&mut fields, lacks_scope, problems);
    let plugins =
        fields.take("plugins").map(|entry| (entry.value.span.clone(), Fields::open(entry.value, &PLUGINS, problems)));
    let unreadable = plugins.as_ref().filter(|(_, fields)| fields.is_none()).map(|(span, _)| span.clone());
    let mut plugins = plugins.and_then(|(_, fields)| fields);
    let nested = plugins.as_mut().and_then(|plugins| plugins.take("compute"));
    let has_parent = parent_manifest.is_some() || matches!(scope.as_deref(), Some(Scope::Domain));
    let computes = compute::read(nested, fields.take("compute"), has_parent, &fields.span, problems);
    let catalog = plugins.as_mut().and_then(|plugins| plugins.take("catalog")).map(|entry| entry.value);
    let whole_catalog = catalog.clone().and_then(|node| catalog::read(node, has_parent, problems));
    let trust = plugins.as_mut().and_then(|plugins| plugins.take("trust"));
    let trust = trust.map(|entry| trust::read(entry.value, has_parent, problems));
    let trust = trust.or(unreadable.map(TrustSection::broken));
    let environments =
        environments::read(&mut fields, &ENVIRONMENT, problems, read_environment, |environment| &environment.name);
    if let Some(computes) = computes.as_ref().filter(|_| !has_parent) {
        check_connections(&environments, computes, problems);
    }
    Some(Manifest {
        source,
        metadata,
        scope,
        lacks_scope,
        parent_manifest,
        computes,
        catalog: whole_catalog,
        catalog_as_written: catalog,
        trust,
        environments,
        elsewhere: fields.elsewhere,
        other_plugins: plugins.map(|plugins| plugins.elsewhere).unwrap_or_default(),
    })
}

fn read_scope(
    fields: &mut Fields,
    lacks_scope: bool,
    problems: &mut Problems,
) -> (Option<Spanned<Scope>>, Option<Spanned<String>>) {
    let scope = fields.word("scope", &[("enterprise", Scope::Enterprise), ("domain", Scope::Domain)], problems);
    let has_parent = fields.has("parent_manifest");
    let parent = fields.text("parent_manifest", problems);
    match (&scope, &parent) {
        (Some(scope), None) if scope.value == Scope::Domain && !has_parent => problems.push(
            Diagnostic::error(
                &codes::SCOPE,
                "a domain manifest needs a parent",
                "add `parent_manifest: ../enterprise.yaml`, or remove `scope` if the platform has one tier",
            )
            .at(scope.span.clone()),
        ),
        (Some(scope), Some(parent)) if scope.value == Scope::Enterprise => problems.push(
            Diagnostic::error(
                &codes::SCOPE,
                "an enterprise manifest is the root and has no parent",
                "remove `parent_manifest`, or write `scope: domain`",
            )
            .labelled(parent.span.clone(), "a parent")
            .labelled(scope.span.clone(), "the root"),
        ),
        (None, Some(parent)) if lacks_scope => problems.push(
            Diagnostic::error(
                &codes::SCOPE,
                "only a domain manifest has a parent, and this one has no scope",
                "add `scope: domain`, or remove `parent_manifest`",
            )
            .at(parent.span.clone()),
        ),
        _ => {}
    }
    (scope, parent)
}

fn read_environment(mut common: environments::Common, problems: &mut Problems) -> ManifestEnvironment {
    let lists_may_set = common.fields.value_span("product_may_set");
    let product_may_set = common.fields.texts("product_may_set", problems);
    for key in &product_may_set {
        if SELECTIONS.contains(&key.as_str()) {
            problems.push(
                Diagnostic::error(
                    &documents::PARITY,
                    format!("`product_may_set` of environment `{}` lets a product select a compute with `{}`", common.name.value, key.value),
                    "name settings of connections only, such as `schema`: a transform runs on one compute in all environments",
                )
                .at(key.span.clone()),
            );
        }
    }
    ManifestEnvironment {
        name: common.name,
        description: common.description,
        product_may_set,
        lists_may_set,
        connections: common.connections,
    }
}

fn check_connections(environments: &[ManifestEnvironment], computes: &ComputeSection, problems: &mut Problems) {
    let approved = || computes.approved.iter().map(|compute| compute.name.as_str());
    for connection in environments.iter().flat_map(|environment| &environment.connections) {
        let name = &connection.compute;
        if approved().any(|approved| approved == name.value) {
            continue;
        }
        let help = meant_or_listed(name, approved(), "approved are");
        problems.push(
            Diagnostic::error(&codes::UNKNOWN_COMPUTE, format!("no compute `{}` is approved", name.value), help)
                .at(name.span.clone()),
        );
    }
}
