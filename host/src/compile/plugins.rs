//! Asks the plugins of a product for all that goes into its artifacts: one session a plugin, side by side.

use std::collections::BTreeMap;
use std::thread;

use floe_plugin_api::{
    CatalogAttachment, CatalogAttachmentRequest, CatalogConfig, ComputeConfig, ConfigSchemaRequest, DbtPackages,
    DbtPackagesRequest, MetadataRequest, PluginMetadata, ProfileRequest, ProfileResponse, ResourcesRequest,
    TIMEOUT_NOT_ENFORCED, WorkloadSize,
};
use serde_json::Value;

use super::answers;
use super::keys::SettingKeys;
use super::product::{Compute, Product};
use super::schema::SettingsSchema;
use super::settings::{self, Settings};
use super::source::{ComputeSession, ComputeSource, PluginIdentity};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::compile::{PLUGIN_WARNS, TIMEOUT_ELSEWHERE};
use crate::documents::secrets::BoundSecret;
use crate::telemetry::names::COMPUTE;
use crate::telemetry::traces::Span;

/// What a plugin answered for one compute.
#[derive(Debug)]
pub struct ComputeAnswers {
    /// What the plugin is.
    pub metadata: PluginMetadata,
    /// Python packages.
    pub packages: DbtPackages,
    /// Kubernetes ResourceRequirements, by workload size.
    pub resources: BTreeMap<&'static str, Value>,
    /// How it mounts the manifest's catalog; nothing where there is no catalog.
    pub attachment: Option<CatalogAttachment>,
    /// Profiles, by environment.
    pub profiles: BTreeMap<String, ProfileResponse>,
    /// Secrets that they read from variables, by environment.
    pub secrets: BTreeMap<String, Vec<BoundSecret>>,
}

/// What all plugins answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// By plugin.
    pub plugins: BTreeMap<String, PluginIdentity>,
    /// By compute. One that failed is not there.
    pub computes: BTreeMap<String, ComputeAnswers>,
    /// What settings each plugin takes. One whose schema is not known is not there.
    pub keys: BTreeMap<String, SettingKeys>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Answers {
    fn absorb(&mut self, other: Self) {
        self.plugins.extend(other.plugins);
        self.computes.extend(other.computes);
        self.keys.extend(other.keys);
        self.diagnostics.extend(other.diagnostics);
    }
}

/// Asks every plugin for its computes; `helper_dir` is where helper files will lie, from the dbt project's folder.
pub fn ask<S: ComputeSource>(product: &Product, source: &S, helper_dir: &str) -> Answers {
    let mut answers = Answers::default();
    let mut told = Told::default();
    let mut wanted: BTreeMap<&str, Vec<&Compute>> = BTreeMap::new();
    for compute in &product.computes {
        match source.find(&compute.plugin, compute.version.as_ref()) {
            Ok(()) => wanted.entry(&compute.plugin).or_default().push(compute),
            Err(error) => told.tell(error, compute),
        }
    }
    answers.diagnostics.extend(told.diagnostics);
    thread::scope(|scope| {
        let running: Vec<_> = wanted
            .into_iter()
            .map(|(plugin, computes)| scope.spawn(move || ask_one(product, source, plugin, &computes, helper_dir)))
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

/// What is said of the computes of one plugin, each cause once: a plugin that died fails every call with the same words, for
/// whichever compute it is asked.
#[derive(Default)]
struct Told {
    causes: Vec<Diagnostic>,
    diagnostics: Vec<Diagnostic>,
}

impl Told {
    fn tell(&mut self, cause: Diagnostic, compute: &Compute) {
        if !self.causes.contains(&cause) {
            self.diagnostics.push(located(cause.clone(), compute));
            self.causes.push(cause);
        }
    }

    /// The value of a call; what is wrong is told.
    fn ok<T>(&mut self, outcome: Result<T, Diagnostic>, compute: &Compute) -> Option<T> {
        outcome.map_err(|cause| self.tell(cause, compute)).ok()
    }
}

/// One plugin and the computes that run on it, of which there is at least one.
fn ask_one<S: ComputeSource>(
    product: &Product,
    source: &S,
    plugin: &str,
    computes: &[&Compute],
    helper_dir: &str,
) -> Answers {
    let (mut answers, mut told) = (Answers::default(), Told::default());
    let Some(first) = computes.first() else { return answers };
    if let Some(mut session) = told.ok(source.open(plugin), first) {
        answers.plugins.insert(plugin.to_owned(), session.identity().clone());
        let schema = session.call(&ConfigSchemaRequest::new());
        let schema = schema.and_then(|answer| SettingsSchema::new(plugin, answer.schema));
        if let Some(schema) = told.ok(schema, first) {
            answers.keys.insert(plugin.to_owned(), SettingKeys::of(schema.as_value()));
            for compute in computes {
                let _span = Span::about(format!("compute {}", compute.name), &[(COMPUTE, &compute.name)]);
                let answer = ask_compute(product, &mut session, compute, &schema, helper_dir, &mut told);
                answers.computes.extend(answer.map(|answer| (compute.name.clone(), answer)));
            }
        }
        session.close().into_iter().for_each(|besides| told.tell(besides, first));
    }
    answers.diagnostics = told.diagnostics;
    answers
}

/// All that the artifacts need of one compute; `None` where something is wrong, which has been told.
fn ask_compute<T: ComputeSession>(
    product: &Product,
    session: &mut T,
    compute: &Compute,
    schema: &SettingsSchema,
    helper_dir: &str,
    told: &mut Told,
) -> Option<ComputeAnswers> {
    let names: Vec<&str> = product.environments.iter().map(|environment| environment.name.as_str()).collect();
    let wrong = settings::check(product, compute, &names, schema);
    if !wrong.is_empty() {
        for error in wrong {
            told.tell(error, compute);
        }
        return None;
    }
    let config = Settings::complete(product, compute, names.first()?, schema).for_profile();
    let metadata = told.ok(session.call(&MetadataRequest::new()), compute);
    let packages = session.call(&DbtPackagesRequest::new(config.clone()));
    let packages = packages.and_then(|packages| answers::packages(&compute.plugin, &packages).map(|()| packages));
    let packages = told.ok(packages, compute);
    let resources = ask_resources(session, compute, &config, told);
    let Mount { attachment, catalog, secrets: of_catalog } = ask_attachment(product, session, compute, &config, told)?;
    let (mut profiles, mut secrets) = (Some(BTreeMap::new()), BTreeMap::new());
    for environment in names {
        let settings = Settings::complete(product, compute, environment, schema);
        let bound = settings.secrets().into_iter().chain(of_catalog.iter().cloned());
        secrets.insert(environment.to_owned(), bound.collect());
        let request = ProfileRequest::new(settings.for_profile(), &*product.product.name, environment, helper_dir)
            .with_catalog(catalog.clone());
        match ask_profile(session, compute, &request, told) {
            Some(profile) => {
                let _ = profiles.as_mut().map(|profiles| profiles.insert(environment.to_owned(), profile));
            }
            None => profiles = None,
        }
    }
    Some(ComputeAnswers {
        metadata: metadata?,
        packages: packages?,
        resources: resources?,
        attachment,
        profiles: profiles?,
        secrets,
    })
}

/// The pods of a compute by size: the manifest's values over the plugin's.
fn ask_resources<T: ComputeSession>(
    session: &mut T,
    compute: &Compute,
    config: &ComputeConfig,
    told: &mut Told,
) -> Option<BTreeMap<&'static str, Value>> {
    let mut resources = Some(BTreeMap::new());
    for size in WorkloadSize::ALL {
        let preset = told.ok(session.call(&ResourcesRequest::new(config.clone(), size)), compute);
        let own = compute.resources.get(size);
        let pod = preset.map(|preset| own.map_or_else(|| preset.clone(), |own| own.over(preset.clone())));
        let pod = pod.and_then(|pod| told.ok(answers::resources(&compute.name, size.as_str(), &pod, own), compute));
        match (pod, &mut resources) {
            (Some(pod), Some(resources)) => drop(resources.insert(size.as_str(), pod)),
            _ => resources = None,
        }
    }
    resources
}

/// What a compute makes of the manifest's catalog. One that needs no statements is told nothing more of it, and gets no
/// secret of it either.
#[derive(Default)]
struct Mount {
    attachment: Option<CatalogAttachment>,
    catalog: Option<CatalogConfig>,
    secrets: Vec<BoundSecret>,
}

fn ask_attachment<T: ComputeSession>(
    product: &Product,
    session: &mut T,
    compute: &Compute,
    config: &ComputeConfig,
    told: &mut Told,
) -> Option<Mount> {
    if product.catalog_is_unreadable {
        return None;
    }
    let Some(catalog) = &product.catalog else { return Some(Mount::default()) };
    let (config_of_catalog, secrets) = catalog.for_profile();
    let answer = session.call(&CatalogAttachmentRequest::new(config.clone(), config_of_catalog.clone()));
    let answer = answer.map_err(|error| catalog.located(error, &compute.name));
    let attachment = told.ok(answer, compute)?;
    Some(match attachment.statements {
        Some(_) => Mount { attachment: Some(attachment), catalog: Some(config_of_catalog), secrets },
        None => Mount { attachment: Some(attachment), ..Mount::default() },
    })
}

fn ask_profile<T: ComputeSession>(
    session: &mut T,
    compute: &Compute,
    request: &ProfileRequest,
    told: &mut Told,
) -> Option<ProfileResponse> {
    let response = session.call(request);
    let response = response.and_then(|answer| answers::profile(&compute.plugin, &answer).map(|()| answer));
    let response = told.ok(response, compute)?;
    for warning in &response.warnings {
        let help = warning.help.clone().unwrap_or_else(|| "see the documentation of the plugin".to_owned());
        let message = format!("compute `{}`: {}", compute.name, warning.message);
        let code = if warning.reason == TIMEOUT_NOT_ENFORCED { &TIMEOUT_ELSEWHERE } else { &PLUGIN_WARNS };
        told.tell(Diagnostic::warning(code, message, help), compute);
    }
    Some(response)
}

/// Points at the compute in the manifest, where the diagnostic has no place of its own.
pub fn located(diagnostic: Diagnostic, compute: &Compute) -> Diagnostic {
    let diagnostic = diagnostic.for_compute(&compute.name);
    match &compute.place {
        Some(span) if diagnostic.labels.is_empty() => diagnostic.at(span.clone()),
        _ => diagnostic,
    }
}
