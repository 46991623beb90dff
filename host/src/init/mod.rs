//! From an existing dbt project to a first `floe.yaml` and `manifest.yaml`.
//!
//! `profiles` finds and reads what dbt connects by, `adapters` knows where an adapter's keys and floe's differ, `settings`
//! makes a compute's settings of an output, `secrets` takes out what must not stand in a manifest, `environments` splits what
//! outputs share from what differs, `render` writes the two documents and `write` puts them in place. What would be written
//! is compiled before it is: that it compiles is checked, not promised. Nothing of the user's is changed.

mod adapters;
mod choice;
mod environments;
mod names;
mod profiles;
mod render;
mod secrets;
mod settings;
mod target;
mod write;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

pub use choice::{Choice, From};
pub use secrets::Variable;
pub use write::{MANIFEST_FILE, SPEC_FILE};

use crate::compile;
use crate::compile::resolve::{self, ProjectFacts};
use crate::compile::source::ComputeSource;
use crate::diagnostics::codes::compile::DBT_PROJECT_MISSING;
use crate::diagnostics::{Diagnostic, Severity, Source};
use environments::Compute;
use profiles::{Output, Profile};
use render::Documents;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The folder of the dbt project, as the user would write it; empty for the current one.
    pub project_dir: Utf8PathBuf,
    /// Folders in which dbt would look for `profiles.yml`, in order.
    pub profiles: Vec<ProfilesFolder>,
    /// The output that is the default, in place of the profile's own `target`.
    pub target: Option<String>,
}

/// A folder in which `profiles.yml` may be.
#[derive(Debug, Clone)]
pub struct ProfilesFolder {
    /// Its path.
    pub path: Utf8PathBuf,
    /// Its path as files that others read may show it: `~/.dbt`.
    pub shown: String,
    /// Whether somebody named it: then no other counts.
    pub is_named: bool,
}

/// A file that `floe init` writes.
#[derive(Debug, Clone, Serialize)]
pub struct Draft {
    /// Its path, as the user would write it.
    pub path: Utf8PathBuf,
    /// Its text.
    pub content: String,
    /// Whether it was written.
    pub written: bool,
}

/// What comes of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was decided, and why.
    pub choices: Vec<Choice>,
    /// Variables to set in place of secrets that were written out.
    pub variables: Vec<Variable>,
    /// The files; none where there is nothing worth writing.
    pub files: Vec<Draft>,
    /// What is wrong or should be known, what compiling the files would say included.
    pub diagnostics: Vec<Diagnostic>,
}

/// Decides what the files of a project are. Nothing is written; `installed` are the names of the plugins.
pub fn draft<S: ComputeSource>(ask: &Ask, source: &S, installed: &[String]) -> Outcome {
    let mut outcome = Outcome::default();
    match documents(ask, source, installed, &mut outcome) {
        Ok(documents) => check(ask, source, &documents, &mut outcome),
        Err(problems) => outcome.diagnostics.extend(problems),
    }
    outcome
}

fn documents<S: ComputeSource>(
    ask: &Ask,
    source: &S,
    installed: &[String],
    outcome: &mut Outcome,
) -> Result<Documents, Vec<Diagnostic>> {
    write::refuse_existing(&ask.project_dir)?;
    let project =
        resolve::facts(&ask.project_dir).map_err(|problems| problems.into_iter().map(no_spec).collect::<Vec<_>>())?;
    let (profile, warnings) = profiles::read(&ask.profiles, &project)?;
    outcome.diagnostics.extend(warnings);
    let target = target::of(&profile, ask.target.as_deref()).map_err(|problem| vec![*problem])?;
    let product = choice::product(&project, &mut outcome.choices);
    let chosen = &profile.outputs[target];
    let plugin = settings::open(source, installed, chosen, &profile).map_err(|problem| vec![*problem])?;
    choice::default_compute(
        &names::name(&plugin.name, "compute"),
        chosen,
        &profile,
        ask.target.is_some(),
        &mut outcome.choices,
    );

    // The default first: it is what a command takes that names none.
    let rest = profile.outputs.iter().enumerate().filter(|(index, _)| *index != target).map(|(_, output)| output);
    let (same, others): (Vec<&Output>, Vec<&Output>) = rest.partition(|output| output.adapter == chosen.adapter);
    let outputs: Vec<&Output> = std::iter::once(chosen).chain(same).collect();
    let compute = environments::compute(&product, &plugin, &outputs, outcome);
    let left_out = left_out(&product, &others, chosen, (source, installed), &profile, outcome);
    let models = models(&ask.project_dir, &project);
    choice::transforms(models.as_deref(), &project, &mut outcome.choices);
    Ok(render::documents(&render::Parts {
        product: &product,
        project: &project,
        profile: &profile,
        compute: &compute,
        left_out: &left_out,
        models,
    }))
}

/// Who has no spec yet names the folder of the project.
fn no_spec(mut problem: Diagnostic) -> Diagnostic {
    if problem.code == &DBT_PROJECT_MISSING {
        "run it in the folder of dbt_project.yml, or name that folder with --project-dir".clone_into(&mut problem.help);
    }
    problem
}

/// What the outputs of other adapters would be: computes that the manifest shows in a comment.
fn left_out<S: ComputeSource>(
    product: &str,
    others: &[&Output],
    chosen: &Output,
    (source, installed): (&S, &[String]),
    profile: &Profile,
    outcome: &mut Outcome,
) -> Vec<Compute> {
    let mut computes: Vec<Compute> = Vec::new();
    for output in others {
        let is_known = computes.iter().any(|compute| compute.adapter == output.adapter);
        if !is_known {
            match settings::open(source, installed, output, profile) {
                Ok(plugin) => {
                    // What is said of it would be said of what nobody uses yet: its variables, its keys.
                    let mut aside = Outcome::default();
                    computes.push(environments::compute(product, &plugin, &[output], &mut aside));
                }
                Err(mut problem) => {
                    problem.severity = Severity::Warning;
                    outcome.diagnostics.push(*problem);
                    continue;
                }
            }
        }
        outcome.diagnostics.push(choice::other_adapter(output, chosen));
    }
    computes
}

/// The folder of the models, where there is one and something in it.
fn models(folder: &Utf8Path, project: &ProjectFacts) -> Option<Utf8PathBuf> {
    project.models.iter().find(|path| holds_models(&folder.join(path), 0)).cloned()
}

/// Where `floe compile` would write.
const ARTIFACTS: &str = "target/floe";

/// Deepest folder that is looked into for a first model.
const DEEPEST: usize = 8;

fn holds_models(folder: &Utf8Path, depth: usize) -> bool {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    depth <= DEEPEST
        && entries.into_iter().any(|entry| match entry.path().extension() {
            Some("sql" | "py") => true,
            _ => entry.path().is_dir() && holds_models(entry.path(), depth + 1),
        })
}

/// Compiles what would be written, in memory.
fn check<S: ComputeSource>(ask: &Ask, source: &S, documents: &Documents, outcome: &mut Outcome) {
    let in_project = |name: &str| ask.project_dir.join(name);
    let text = |name: &str, content: &str| Source::new(in_project(name), content);
    let spec = text(SPEC_FILE, &documents.spec);
    let manifest = text(MANIFEST_FILE, &documents.manifest);
    let (product, found) = resolve::resolve_drafts(&spec, &manifest);
    let mut found = found;
    if let Some(product) = product {
        let (_, more) = compile::compile(product, source, ARTIFACTS.into());
        found.extend(more);
    }
    outcome.diagnostics.extend(found);
    outcome.files = [(SPEC_FILE, &documents.spec), (MANIFEST_FILE, &documents.manifest)]
        .map(|(name, content)| Draft { path: in_project(name), content: content.clone(), written: false })
        .into();
}

/// Puts the files in place: both or neither.
///
/// # Errors
/// Where one is there by now, or the system refuses.
pub fn write(ask: &Ask, files: &mut [Draft]) -> Result<(), Vec<Diagnostic>> {
    write::refuse_existing(&ask.project_dir)?;
    write::all(files)
}
