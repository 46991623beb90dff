//! `reads:` of the manifest against what each engine can address.

use std::collections::BTreeMap;

use floe_plugin_api::ErrorKind;

use super::artifacts::ReadsArtifact;
use super::plugins::Answers;
use super::product::{Compute, Product};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::READS_NOT_ADDRESSABLE;
use crate::documents::manifest::Reads;

/// How a compute addresses what others wrote, as the manifest says it.
pub(super) fn reads(compute: &Compute) -> BTreeMap<String, ReadsArtifact> {
    let artifact = |reads: &Reads| match reads {
        Reads::Catalog(catalog) => ReadsArtifact::Catalog(catalog.value.clone()),
        Reads::SchemaPrefix(prefix) => ReadsArtifact::SchemaPrefix(prefix.value.clone()),
    };
    compute.reads.iter().map(|from| (from.writer.value.clone(), artifact(&from.reads))).collect()
}

/// An error for each entry that the engine of the reader has no words for.
pub(super) fn check(product: &Product, answers: &Answers) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for compute in &product.computes {
        let Some(answer) = answers.computes.get(&compute.name) else { continue };
        let (addressing, engine) = (answer.metadata.addressing, &answer.metadata.engine);
        for from in &compute.reads {
            let (written, place, has_it) = match &from.reads {
                Reads::Catalog(catalog) => ("catalog", &catalog.span, addressing.database),
                Reads::SchemaPrefix(prefix) => ("schema_prefix", &prefix.span, addressing.schema_prefix),
            };
            if has_it {
                continue;
            }
            let message =
                format!("`reads` of compute `{}` gives a `{written}`, which {engine} cannot address", compute.name);
            let help = match (addressing.database, addressing.schema_prefix) {
                (true, _) => format!(
                    "name the database in which {engine} sees what `{}` wrote, as in `{{catalog: lake}}`",
                    from.writer.value
                ),
                (false, true) => format!(
                    "{engine} has no databases: write what stands before the schema, as in `{{schema_prefix: lake.}}`"
                ),
                (false, false) => format!("{engine} can read nothing but its own schemas: remove the entry"),
            };
            found.push(
                Diagnostic::error(&READS_NOT_ADDRESSABLE, message, help)
                    .of_kind(ErrorKind::Configuration)
                    .for_compute(&compute.name)
                    .at(place.clone()),
            );
        }
    }
    found
}
