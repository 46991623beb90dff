//! `floe.yaml`: one data product and what of it runs where.

mod transforms;

use std::sync::Arc;

use super::environments::{self, Connection};
use super::fields::{self, Fields, Problems, Shape};
use super::metadata::{self, Metadata};
use super::spanned::Spanned;
use super::yaml::{Entry, Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Source};

pub use transforms::{Selector, Transform};

/// A spec that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// The file.
    pub source: Arc<Source>,
    /// Who the product is.
    pub metadata: Metadata,
    /// The manifest, as it is written: a path from the spec's folder. Absent: DuckDB alone.
    pub manifest: Option<Spanned<String>>,
    /// What runs where, in the order of the file.
    pub transforms: Vec<Transform>,
    /// Environments; see [`super::environments::names`] for what counts where there are none.
    pub environments: Vec<SpecEnvironment>,
    /// What belongs to other parts of the platform, at the top.
    pub elsewhere: Vec<Entry>,
}

/// One environment of a spec.
#[derive(Debug, Clone, PartialEq)]
pub struct SpecEnvironment {
    /// Its name.
    pub name: Spanned<String>,
    /// What it is, in a few words.
    pub description: Option<Spanned<String>>,
    /// dbt's vars, opaque.
    pub vars: Vec<Entry>,
    /// Settings by compute, or `*`.
    pub connections: Vec<Connection>,
}

/// Keys of other parts of the platform, at the top of a spec and in a transform.
pub(super) const ELSEWHERE: &[&str] = &[
    "schedule",
    "tier",
    "qualityChecks",
    "outputPorts",
    "inputPorts",
    "quality",
    "contracts",
    "governance",
    "observability",
    "ingestion",
    "semanticLayer",
    "sla",
    "alerts",
    "classification",
    "owner",
    "description",
];

static SPEC: Shape = Shape {
    what: "the spec",
    keys: &["apiVersion", "kind", "metadata", "platform", "transforms", "environments"],
    elsewhere: ELSEWHERE,
    extensions: true,
};
static PLATFORM: Shape = Shape::closed("`platform`", &["manifest"]);
static ENVIRONMENT: Shape = Shape::closed("an environment", &["name", "description", "vars", "connections"]);

pub(super) fn read(node: Node, problems: &mut Problems) -> Option<Spec> {
    let source = Arc::clone(node.span.source());
    if metadata::is_other_kind(&node, "FloeSpec", problems) {
        return None;
    }
    let mut fields = Fields::open_with(node, &SPEC, problems, compute_of_the_product)?;
    metadata::check_kind(&mut fields, "FloeSpec", problems);
    let metadata = metadata::read(&mut fields, "a product", problems);
    let platform = fields.take("platform").and_then(|entry| Fields::open(entry.value, &PLATFORM, problems));
    let manifest =
        platform.and_then(|mut platform| platform.required_text("manifest", "manifest: ../manifest.yaml", problems));
    let transforms = fields.list("transforms", problems).map_or_else(Vec::new, |list| list.value);
    let transforms = transforms.into_iter().filter_map(|node| transforms::read(node, problems)).collect();
    let environments =
        environments::read(&mut fields, &ENVIRONMENT, problems, read_environment, |environment| &environment.name);
    Some(Spec { source, metadata, manifest, transforms, environments, elsewhere: fields.elsewhere })
}

/// A key that many try first.
fn compute_of_the_product(entry: &Entry) -> Option<Diagnostic> {
    (entry.key == "compute").then(|| {
        Diagnostic::error(
            &codes::UNKNOWN_KEY,
            "a spec chooses computes by transform, not for the whole product",
            "write `transforms: [{path: models/, compute: NAME}]`; without it the manifest's default counts",
        )
        .at(entry.key_span.clone())
    })
}

fn read_environment(mut common: environments::Common, problems: &mut Problems) -> SpecEnvironment {
    for connection in &mut common.connections {
        let Kind::Map(entries) = &mut connection.settings.connection.kind else { continue };
        // What a manifest may set here, where the plugin has it, is no product's to set.
        entries.retain(|entry| match environments::selection(entry, &common.name) {
            Some(refused) => {
                problems.push(refused);
                false
            }
            None => true,
        });
    }
    let vars = common.fields.take("vars").and_then(|entry| fields::mapping(entry, problems));
    SpecEnvironment {
        name: common.name,
        description: common.description,
        vars: vars.map(|vars| vars.value).unwrap_or_default(),
        connections: common.connections,
    }
}
