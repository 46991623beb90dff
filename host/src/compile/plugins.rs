//! Asks the plugins of a product for all that goes into its artifacts: one session a plugin, side by side.

use std::collections::BTreeMap;
use std::thread;

use floe_plugin_api::{
    CatalogConfig, ConfigSchemaRequest, DbtPackages, DbtPackagesRequest, MetadataRequest, PluginMetadata,
    ProfileRequest, ProfileResponse, ResourcesRequest, WorkloadSize,
};
use serde_json::Value;

use super::answers;
use super::product::{Compute, Product};
use super::schema::SettingsSchema;
use super::settings::Settings;
use super::source::{ComputeSession, ComputeSource, PluginIdentity};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::PLUGIN_WARNS;

/// What a plugin answered for one compute.
#[derive(Debug)]
pub struct ComputeAnswers {
    /// What the plugin is.
    pub metadata: PluginMetadata,
    /// Python packages.
    pub packages: DbtPackages,
    /// Kubernetes ResourceRequirements, by workload size.
    pub resources: BTreeMap<&'static str, Value>,
    /// Profiles, by environment.
    pub profiles: BTreeMap<String, ProfileResponse>,
}

/// What all plugins answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// By plugin.
    pub plugins: BTreeMap<String, PluginIdentity>,
    /// By compute. One that failed is not there.
    pub computes: BTreeMap<String, ComputeAnswers>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Answers {
    fn absorb(&mut self, other: Self) {
        self.plugins.extend(other.plugins);
        self.computes.extend(other.computes);
        self.diagnostics.extend(other.diagnostics);
    }
}

/// Asks every plugin for its computes; `helper_dir` is where helper files will lie, from the dbt project's folder.
pub fn ask<S: ComputeSource>(product: &Product, source: &S, helper_dir: &str) -> Answers {
    // One session serves all computes that want the same of a plugin.
    let mut wanted: BTreeMap<(&str, Option<String>), Vec<&Compute>> = BTreeMap::new();
    for compute in &product.computes {
        let version = compute.version.as_ref().map(ToString::to_string);
        wanted.entry((&compute.plugin, version)).or_default().push(compute);
    }
    let mut answers = Answers::default();
    thread::scope(|scope| {
        let running: Vec<_> = wanted
            .into_values()
            .map(|computes| scope.spawn(move || ask_one(product, source, &computes, helper_dir)))
            .collect();
        for handle in running {
            match handle.join() {
                Ok(more) => answers.absorb(more),
                // A panic of the host's own code: let it be seen as one.
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
    });
    answers
}

/// One plugin and the computes that run on it, of which there is at least one.
fn ask_one<S: ComputeSource>(product: &Product, source: &S, computes: &[&Compute], helper_dir: &str) -> Answers {
    let mut answers = Answers::default();
    let Some(first) = computes.first() else { return answers };
    let mut session = match source.open(&first.plugin, first.version.as_ref()) {
        Ok(session) => session,
        Err(error) => {
            answers.diagnostics.push(located(error, first));
            return answers;
        }
    };
    answers.plugins.insert(first.plugin.clone(), session.identity().clone());
    let schema =
        session.call(&ConfigSchemaRequest::new()).and_then(|answer| SettingsSchema::new(&first.plugin, answer.schema));
    match schema {
        Ok(schema) => {
            for compute in computes {
                match ask_compute(product, &mut session, compute, &schema, helper_dir, &mut answers.diagnostics) {
                    Ok(Some(answer)) => {
                        answers.computes.insert(compute.name.clone(), answer);
                    }
                    Ok(None) => {}
                    // The plugin is of no more use: one cause, told once.
                    Err(error) => {
                        answers.diagnostics.push(located(error, compute));
                        break;
                    }
                }
            }
        }
        Err(error) => answers.diagnostics.push(located(error, first)),
    }
    answers.diagnostics.extend(session.close().into_iter().map(|besides| located(besides, first)));
    answers
}

/// All that the artifacts need of one compute; `None` where its settings are wrong, which has been told.
fn ask_compute<T: ComputeSession>(
    product: &Product,
    session: &mut T,
    compute: &Compute,
    schema: &SettingsSchema,
    helper_dir: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<ComputeAnswers>, Diagnostic> {
    let settings: Vec<_> = product
        .environments
        .iter()
        .map(|environment| (environment, Settings::of(product, compute, &environment.name)))
        .collect();
    let mut wrong: Vec<Diagnostic> = Vec::new();
    for (_, settings) in &settings {
        // The same mistake shows in every environment that does not mend it.
        wrong.extend(settings.check(schema).into_iter().filter(|error| !wrong.contains(error)).collect::<Vec<_>>());
    }
    if !wrong.is_empty() {
        diagnostics.extend(wrong.into_iter().map(|error| located(error, compute)));
        return Ok(None);
    }
    let Some((_, first)) = settings.first() else { return Ok(None) };
    let config = first.for_profile();
    let metadata = session.call(&MetadataRequest::new())?;
    let packages = session.call(&DbtPackagesRequest::new(config.clone()))?;
    answers::packages(&compute.plugin, &packages)?;
    let mut resources = BTreeMap::new();
    for size in WorkloadSize::ALL {
        let preset = session.call(&ResourcesRequest::new(config.clone(), size))?;
        let own = compute.resources.get(size);
        let spec = own.map_or_else(|| preset.clone(), |own| own.over(preset.clone()));
        match answers::resources(&compute.name, size.as_str(), &spec) {
            Ok(kubernetes) => {
                resources.insert(size.as_str(), kubernetes);
            }
            Err(error) => diagnostics.push(match own {
                Some(own) => located(error.at(own.span.clone()), compute),
                None => located(error, compute),
            }),
        }
    }
    let mut profiles = BTreeMap::new();
    for (environment, settings) in &settings {
        let request =
            ProfileRequest::new(settings.for_profile(), &*product.product.name, &*environment.name, helper_dir)
                .with_catalog(None::<CatalogConfig>);
        let response = session.call(&request)?;
        answers::profile(&compute.plugin, &response)?;
        for warning in &response.warnings {
            let help = warning.help.clone().unwrap_or_else(|| "see the documentation of the plugin".to_owned());
            let warning = located(
                Diagnostic::warning(&PLUGIN_WARNS, format!("compute `{}`: {}", compute.name, warning.message), help),
                compute,
            );
            if !diagnostics.contains(&warning) {
                diagnostics.push(warning);
            }
        }
        profiles.insert(environment.name.clone(), response);
    }
    Ok(Some(ComputeAnswers { metadata, packages, resources, profiles }))
}

/// Points at the compute in the manifest, where the diagnostic has no place of its own.
pub fn located(diagnostic: Diagnostic, compute: &Compute) -> Diagnostic {
    let diagnostic = diagnostic.for_compute(&compute.name);
    match &compute.place {
        Some(span) if diagnostic.labels.is_empty() => diagnostic.at(span.clone()),
        _ => diagnostic,
    }
}
