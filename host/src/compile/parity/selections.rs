//! What the reader of manifests lets pass, because a plugin may have such a setting.

use crate::compile::product::{Compute, Product};
use crate::compile::schema::SettingsSchema;
use crate::diagnostics::Diagnostic;
use crate::documents::environments::{may_be_setting, selection};
use crate::documents::settings::ComputeSettings;

/// What selects a compute in any environment, those that are not compiled included.
pub fn refused(product: &Product, compute: &Compute, schema: &SettingsSchema) -> Vec<Diagnostic> {
    let environments = product.environments.iter().chain(&product.other_environments);
    environments
        .flat_map(|environment| {
            let settings = environment.overrides(&compute.name);
            settings.filter_map(|settings| undeclared(settings, &environment.name, schema))
        })
        .collect()
}

/// The error for a mapping `compute` directly under a connection, unless the plugin's schema declares such a setting: what a
/// schema merely does not forbid is none.
pub fn undeclared(settings: &ComputeSettings, environment: &str, schema: &SettingsSchema) -> Option<Diagnostic> {
    let entries = settings.connection.as_map().unwrap_or_default();
    let entry = entries.iter().find(|entry| may_be_setting(entry) && !schema.declares(&entry.key))?;
    selection(entry, environment)
}
