//! What the manifests approve, for who looks at the plugins and at nothing else of a product.

use camino::{Utf8Path, Utf8PathBuf};

use super::read::{self, Told};
use super::{Inputs, computes, dbt_project};
use crate::compile::product::Compute;
use crate::diagnostics::Diagnostic;
use crate::documents::manifest::TrustSection;
use crate::documents::placeholders::Placeholders;

/// What is approved, and where that is written.
#[derive(Debug, Clone)]
pub struct ApprovedComputes {
    /// The computes, in the manifest's order.
    pub computes: Vec<Compute>,
    /// The files of the manifests, as the user would write them; the product's own is the last. None where there is no
    /// manifest.
    pub manifests: Vec<Utf8PathBuf>,
    /// Whose plugins they allow.
    pub trust: Option<TrustSection>,
}

/// Reads what is approved. A manifest that is named needs no product.
///
/// # Errors
/// What is wrong with the documents.
pub fn approved_computes(inputs: &Inputs<'_>) -> Result<ApprovedComputes, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let found = approved(inputs, &mut wrong);
    found.ok().filter(|_| !wrong.iter().any(Diagnostic::is_error)).ok_or(wrong)
}

fn approved(inputs: &Inputs<'_>, wrong: &mut Vec<Diagnostic>) -> Result<ApprovedComputes, Told> {
    let folder = inputs.spec.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let (spec, dbt) = if inputs.manifest.is_some() {
        (None, None)
    } else {
        let dbt = dbt_project::read(&folder).ok();
        (read::spec(inputs.spec, dbt.is_some(), wrong)?, dbt)
    };
    let Some(chain) = read::manifests(inputs, spec.as_ref(), &folder, wrong)? else {
        let product = spec.map(|spec| spec.metadata.name.value).or(dbt.map(|project| project.dbt.name));
        let computes = computes::duckdb_alone(&product.unwrap_or_default()).0;
        return Ok(ApprovedComputes { computes, manifests: Vec::new(), trust: None });
    };
    // Which product the settings would be for does not matter: only names and versions are looked at.
    let computes = computes::of_manifest(&chain.manifest, &Placeholders::of_product("")).0;
    let manifests = chain.levels.iter().map(|level| level.path().to_owned()).collect();
    Ok(ApprovedComputes { computes, manifests, trust: chain.manifest.trust })
}
