//! The computes that a manifest approves, for who looks at the plugins and at nothing else of a product.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Inputs, computes, dbt_project, manifest_path, read_manifest, read_spec};
use crate::compile::product::Compute;
use crate::diagnostics::Diagnostic;
use crate::documents::placeholders::Placeholders;

/// What is approved, and where that is written.
#[derive(Debug, Clone)]
pub struct Approved {
    /// The computes, in the manifest's order.
    pub computes: Vec<Compute>,
    /// The files of the manifests, as the user would write them; the product's own is the last. None where there is no
    /// manifest.
    pub manifests: Vec<Utf8PathBuf>,
}

/// Reads what is approved. A manifest that is named needs no product.
///
/// # Errors
/// What is wrong with the documents.
pub fn approved_computes(inputs: &Inputs<'_>) -> Result<Approved, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let folder = inputs.spec.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let spec = if inputs.manifest.is_some() {
        None
    } else {
        let dbt = dbt_project::read(&folder).ok();
        let spec = read_spec(inputs.spec, dbt.is_some(), &mut wrong);
        let Ok(spec) = spec else { return Err(wrong) };
        Some((spec, dbt.map(|dbt| dbt.name)))
    };
    let own = spec.as_ref().and_then(|(spec, _)| spec.as_ref());
    let Some((path, named)) = manifest_path(inputs, own, &folder) else {
        let product = own.map(|spec| spec.metadata.name.value.clone());
        let product = product.or(spec.and_then(|(_, dbt)| dbt)).unwrap_or_default();
        let computes = computes::duckdb_alone(&product).0;
        return if wrong.is_empty() { Ok(Approved { computes, manifests: Vec::new() }) } else { Err(wrong) };
    };
    let (manifest, found) = read_manifest(&path, named.as_ref());
    wrong.extend(found);
    // Which product the settings would be for does not matter: only names and versions are looked at.
    let computes = manifest.and_then(|manifest| computes::of_manifest(&manifest, &Placeholders::of_product("")));
    match computes {
        Some((computes, _)) if !wrong.iter().any(Diagnostic::is_error) => {
            Ok(Approved { computes, manifests: vec![path] })
        }
        _ => Err(wrong),
    }
}
