//! The settings of a file, as a manifest writes them below `config:`.

use camino::Utf8Path;

use super::{COMPUTE, Sample, with_canaries};
use crate::compile::product::Compute;
use crate::compile::schema::SettingsSchema;
use crate::compile::settings::Settings;
use crate::diagnostics::Diagnostic;
use crate::documents;
use crate::documents::manifest::ResourceOverrides;
use crate::documents::secrets::Surroundings;

/// Reads the settings of a file, and holds them to the plugin's schema. References are resolved where that can be done here;
/// else each secret gets a made-up value, with which nobody can log in.
pub(in crate::conformance) fn given(
    file: &Utf8Path,
    folder: &Utf8Path,
    plugin: &str,
    schema: &SettingsSchema,
) -> Result<Sample, Vec<Diagnostic>> {
    let (config, mut problems) = documents::load_settings(file);
    let Some(config) = config else { return Err(problems) };
    let compute = Compute {
        name: COMPUTE.to_owned(),
        plugin: plugin.to_owned(),
        version: None,
        layers: vec![config.connection.clone()],
        place: Some(config.span.clone()),
        config,
        resources: ResourceOverrides::default(),
        reads: Vec::new(),
    };
    let (settings, wrong) = Settings::alone(compute, schema);
    problems.extend(wrong);
    if problems.iter().any(Diagnostic::is_error) {
        return Err(problems);
    }
    let profile = settings.for_profile();
    let surroundings = Surroundings::of_process(folder);
    let (check, secrets) = match settings.for_check(&surroundings, schema) {
        Ok((check, secrets)) => (check, secrets.iter().map(|secret| secret.expose().to_owned()).collect()),
        Err(_) => with_canaries(&profile),
    };
    Ok(Sample { name: "the settings of the file".to_owned(), profile, check, secrets })
}
