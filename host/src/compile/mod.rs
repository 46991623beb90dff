//! Documents in, artifacts or diagnostics out.
//!
//! `resolve` decides what needs no plugin, `plugins` asks the plugins for the rest, `answers` and `schema` check both sides,
//! `artifacts` and `yaml` write it down, `folder` puts it in place; `parity` compares what was written, and `manifest_schema` says
//! to editors what would be accepted. It never connects anywhere, and knows plugins only through `source`.

mod addressing;
pub mod answers;
pub mod artifacts;
pub mod catalog;
pub mod folder;
mod helpers;
pub mod keys;
pub mod manifest_schema;
mod may_set;
pub mod needs;
pub mod parity;
pub mod plugins;
pub mod product;
pub mod provenance;
pub mod resolve;
pub mod schema;
pub mod settings;
pub mod source;
pub(crate) mod yaml;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use artifacts::{
    ARTIFACTS_FILE, ARTIFACTS_VERSION, CatalogAttachmentArtifact, CatalogRef, CompiledArtifacts, ComputeArtifact,
    ComputeEnvironment, ComputeRegistry, EnvironmentArtifact, TransformArtifact,
};
use folder::{Files, Long};
use helpers::HelperFiles;
use needs::ComputeNeeds;
use plugins::{Answers, ComputeAnswers};
use product::{Compute, Product};
use settings::Settings;
use source::ComputeSource;

use crate::diagnostics::codes::compile::{COMPUTES_ALL_FAILED, TIMEOUT_ELSEWHERE};
use crate::diagnostics::{Diagnostic, listed};

/// Folder of dbt's helper files, in the artifacts' folder.
const HELPER_FOLDER: &str = "dbt";

/// A product that compiled without an error.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What was decided.
    pub artifacts: CompiledArtifacts,
    /// The dbt project's folder.
    pub project_dir: Utf8PathBuf,
    /// The files of the artifacts' folder beside [`ARTIFACTS_FILE`].
    pub files: Files,
    /// What profiles read from variables.
    pub needs: Vec<ComputeNeeds>,
}

impl Compiled {
    /// Puts the artifacts in the place of the folder's former ones.
    ///
    /// # Errors
    /// As [`folder::replace`].
    pub fn write(&self, out: &Utf8Path) -> Result<(), Diagnostic> {
        let long = Long { path: ARTIFACTS_FILE, write: &|file| self.artifacts.write_json(file) };
        folder::replace(out, &self.project_dir, &self.files, Some(long))
    }
}

/// Compiles a resolved product. `out` is the artifacts' folder, from the dbt project's.
pub fn compile<S: ComputeSource>(
    mut product: Product,
    source: &S,
    out: &Utf8Path,
) -> (Option<Compiled>, Vec<Diagnostic>) {
    // In a profile it is seen from the project, so that the artifacts are the same wherever that lies.
    let helper_dir = resolve::relative(&product.project_dir.join(out), &product.project_dir).join(HELPER_FOLDER);
    let mut answers = plugins::ask(&product, source, helper_dir.as_str());
    let mut diagnostics = std::mem::take(&mut answers.diagnostics);
    diagnostics.extend(may_set::check(&product, &answers.keys));
    diagnostics.extend(addressing::check(&product, &answers));
    if diagnostics.iter().any(Diagnostic::is_error) {
        if answers.computes.is_empty() && product.computes.len() > 1 {
            let aggregate = all_failed(&product, &diagnostics);
            diagnostics.push(aggregate);
        }
        return (None, diagnostics);
    }
    let clashes = clashes(&product, &answers);
    if !clashes.is_empty() {
        diagnostics.extend(clashes);
        return (None, diagnostics);
    }
    diagnostics.extend(limits_of_transforms(&product.transforms));
    // Moved: there may be thousands.
    let transforms = std::mem::take(&mut product.transforms);
    let artifacts = assemble(&product, transforms, &answers);
    match files(&product, &answers) {
        Ok(files) => {
            let needs = needs::of(&answers);
            (Some(Compiled { artifacts, project_dir: product.project_dir.clone(), files, needs }), diagnostics)
        }
        Err(error) => {
            diagnostics.push(error);
            (None, diagnostics)
        }
    }
}

/// Two secrets that would reach dbt in one variable, those of mounted secrets included.
fn clashes(product: &Product, answers: &Answers) -> Vec<Diagnostic> {
    let of = |environment: &product::Environment| {
        let answers = product.computes.iter().filter_map(|compute| answers.computes.get(&compute.name));
        answers.filter_map(|answer| answer.secrets.get(&environment.name)).flatten().cloned().collect()
    };
    settings::clashing(product.environments.iter().map(of))
}

/// Limits of transforms are floe's alone: a profile has one for all.
fn limits_of_transforms(transforms: &[TransformArtifact]) -> Option<Diagnostic> {
    let limited = transforms.iter().filter_map(|transform| Some((transform, transform.timeout_seconds?)));
    let named: Vec<String> =
        limited.map(|(transform, seconds)| format!("{} ({seconds} s)", transform.selects)).collect();
    (!named.is_empty()).then(|| {
        Diagnostic::warning(
            &TIMEOUT_ELSEWHERE,
            format!(
                "`floe run` and `floe dbt` hold the limits of transforms, plain dbt does not: {}",
                listed(named.iter().map(String::as_str).take(8))
            ),
            "run these with floe, or let the limits of their computes be enough",
        )
    })
}

/// One error for what all others come to.
fn all_failed(product: &Product, errors: &[Diagnostic]) -> Diagnostic {
    let cause = |name: &str| {
        let of_compute = errors.iter().filter(|error| error.is_error() && error.compute.as_deref() == Some(name));
        of_compute.map(|error| format!("{} [{}]", error.message, error.code.id)).next()
    };
    // A cause that several computes share is told of the first.
    let failures = product.computes.iter().map(|compute| match cause(&compute.name) {
        Some(cause) => format!("`{}`: {cause}", compute.name),
        None => format!("`{}`: for a reason that is named already", compute.name),
    });
    let message = format!("none of the approved computes can be used: {}", failures.collect::<Vec<_>>().join("; "));
    let help = "`floe plugin list` shows which plugins were found and where floe looked";
    let places = product.computes.iter().filter_map(|compute| compute.place.clone());
    places.fold(Diagnostic::error(&COMPUTES_ALL_FAILED, message, help), Diagnostic::at)
}

fn assemble(product: &Product, transforms: Vec<TransformArtifact>, answers: &Answers) -> CompiledArtifacts {
    let computes = product.computes.iter().filter_map(|compute| {
        let answer = answers.computes.get(&compute.name)?;
        Some((
            compute.name.clone(),
            ComputeArtifact {
                plugin: compute.plugin.clone(),
                engine: answer.metadata.engine.clone(),
                dbt_adapter: answer.metadata.dbt_adapter.clone(),
                self_hosted: answer.metadata.self_hosted,
                threads: compute.config.threads(),
                timeout_seconds: compute.config.timeout().map(|seconds| seconds.value),
                max_timeout_seconds: compute.config.max_timeout_seconds.as_ref().map(|seconds| seconds.value),
                packages: answer.packages.packages.iter().map(ToString::to_string).collect(),
                requires_python: answer.packages.requires_python.clone(),
                resources: answer.resources.clone(),
                catalog_attachment: answer
                    .attachment
                    .as_ref()
                    .map(|attachment| CatalogAttachmentArtifact { statements: attachment.statements.clone() }),
                addressing: answer.metadata.addressing,
                reads: addressing::reads(compute),
                environments: compute_environments(product, compute, answer),
                set_by: provenance::of_compute(product, compute),
            },
        ))
    });
    CompiledArtifacts {
        version: ARTIFACTS_VERSION,
        product: product.product.clone(),
        inheritance: product.inheritance.clone(),
        dbt: product.dbt.clone(),
        environments: product
            .environments
            .iter()
            .map(|environment| EnvironmentArtifact { name: environment.name.clone(), vars: environment.vars.clone() })
            .collect(),
        catalog: product.catalog.as_ref().map(|catalog| CatalogRef { name: catalog.name().to_owned() }),
        compute_registry: ComputeRegistry {
            default: product.default.clone(),
            default_set_by: product.default_set_by.as_ref().map(|place| provenance::document(product, place)),
            computes: computes.collect(),
        },
        transforms,
        plugins: answers.plugins.clone(),
    }
}

fn compute_environments(
    product: &Product,
    compute: &Compute,
    answer: &ComputeAnswers,
) -> BTreeMap<String, ComputeEnvironment> {
    let entry = |(environment, profile): (&String, &floe_plugin_api::ProfileResponse)| {
        let own = Settings::of(product, compute, environment).for_profile();
        let secrets = answer.secrets.get(environment);
        let entry = ComputeEnvironment {
            profile: profile_path(environment, &compute.name),
            threads: Some(own.threads).filter(|threads| *threads != compute.config.threads()),
            timeout_seconds: own
                .timeout_seconds
                .filter(|seconds| compute.config.timeout().is_none_or(|default| default.value != *seconds)),
            timeout: profile.timeout,
            storage: profile.storage.clone(),
            set_by: provenance::of_environment(product, compute, environment),
            secrets: secrets
                .into_iter()
                .flatten()
                .map(|bound| (bound.variable.clone(), (&bound.secret).into()))
                .collect(),
            output: profile.output.clone(),
        };
        (environment.clone(), entry)
    };
    answer.profiles.iter().map(entry).collect()
}

fn profile_path(environment: &str, compute: &str) -> String {
    format!("profiles/{environment}/{compute}/profiles.yml")
}

/// Everything that goes into the folder beside the artifacts' own document.
fn files(product: &Product, answers: &Answers) -> Result<Files, Diagnostic> {
    let mut files = Files::new();
    let mut helpers = HelperFiles::default();
    for (compute, answer) in &answers.computes {
        let requirements: String = answer.packages.packages.iter().map(|package| format!("{package}\n")).collect();
        files.insert(format!("requirements/{compute}.txt"), requirements);
        for (environment, profile) in &answer.profiles {
            let comment = format!(
                "Written by `floe compile` for compute `{compute}` in environment `{environment}`; changes here are lost.\n\
                 dbt build --profiles-dir <this folder> --target {environment}"
            );
            let output = Value::Object(profile.output.clone());
            let document = json!({ &product.dbt.profile: {"target": environment, "outputs": { environment: output }} });
            files.insert(profile_path(environment, compute), yaml::document(&comment, &document));
            for file in &profile.helper_files {
                helpers.add(compute, file).map_err(|error| match product.compute(compute) {
                    Some(compute) => plugins::located(error, compute),
                    None => error,
                })?;
            }
        }
    }
    files.extend(helpers.into_files().map(|(path, content)| (format!("{HELPER_FOLDER}/{path}"), content)));
    Ok(files)
}
