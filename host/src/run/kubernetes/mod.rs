//! A plan as Kubernetes Jobs, one a step, for an orchestrator that starts them in their order.
//!
//! `job` writes one, `command` its command line, `name` its name, `secrets` its references to Kubernetes secrets, `volumes` finds
//! out whether steps share files.

mod command;
mod job;
mod name;
mod secrets;
mod volumes;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use serde_json::Value;

use super::plan::Step;
use super::prepare::Prepared;
use crate::compile::yaml;
use crate::diagnostics::Diagnostic;
pub use command::Asked;
use job::Job;
pub use name::{is_label, is_name};
use secrets::Secrets;
use volumes::Volume;

/// What the Jobs hold that no document of the product says.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The image: floe, its plugins, the product and its Python environments.
    pub image: String,
    /// The folder of the product in it.
    pub workdir: Utf8PathBuf,
    /// The namespace of the Jobs.
    pub namespace: Option<String>,
    /// The service account of the pods.
    pub service_account: Option<String>,
    /// The Kubernetes secret of all computes; without, each has its own.
    pub secret: Option<String>,
    /// The claim of the volume on which the files of computes lie.
    pub volume_claim: Option<String>,
}

impl Wish {
    /// The Kubernetes secret of a compute. Environments have different ones: the same variable has another value in each.
    fn secret_of(&self, prepared: &Prepared<'_>, environment: &str, compute: &str) -> String {
        let own = || format!("{}-{environment}-{compute}-secrets", product(prepared)).replace('_', "-");
        self.secret.clone().unwrap_or_else(own)
    }
}

/// The Jobs of a plan, as a stream of YAML documents.
///
/// # Errors
/// What a pod would not have, or not keep.
pub fn jobs(prepared: &Prepared<'_>, asked: &Asked<'_>, wish: &Wish) -> Result<String, Vec<Diagnostic>> {
    let plan = prepared.plan;
    let project_dir = &prepared.session.compiled.project_dir;
    let mut problems = Vec::new();
    let arguments = asked.arguments(project_dir).map_err(|problem| problems.push(problem)).unwrap_or_default();
    let volume = volumes::volume(prepared, wish).map_err(|more| problems.extend(more)).unwrap_or_default();
    let digest = plan.digest();
    let names: Vec<String> = plan.steps.iter().map(|step| name_of(prepared, step)).collect();
    let mut documents: Vec<Value> = Vec::new();
    let mut told = BTreeSet::new();
    for (step, name) in plan.steps.iter().zip(&names) {
        let secrets = match Secrets::of(prepared, wish, step) {
            Ok(secrets) => secrets,
            // Once for each compute, however many steps it has.
            Err(more) if told.insert(&step.compute) => {
                problems.extend(more);
                continue;
            }
            Err(_) => continue,
        };
        let after: Vec<&str> =
            after(&volume, step).iter().filter_map(|at| names.get(at - 1)).map(String::as_str).collect();
        let command = command::command(plan, &digest, step, &arguments);
        let job = Job {
            prepared,
            wish,
            step,
            name,
            after: &after,
            digest: &digest,
            command: &command,
            secrets: &secrets,
            volume: &volume,
        };
        documents.push(job.to_json());
    }
    if problems.is_empty() { Ok(written(&documents)) } else { Err(problems) }
}

fn written(documents: &[Value]) -> String {
    const COMMENT: &str = "Written by `floe plan --as k8s`. A Job that comes after others (floe.dev/after) is suspended:\n\
                           whoever runs the plan starts it once they are complete.";
    let texts = documents.iter().enumerate().map(|(at, document)| match at {
        0 => yaml::document(COMMENT, document),
        _ => format!("---\n{}", yaml::document("", document)),
    });
    texts.collect()
}

/// The name of the product.
fn product<'p>(prepared: &Prepared<'p>) -> &'p str {
    &prepared.session.compiled.artifacts.product.name
}

fn name_of(prepared: &Prepared<'_>, step: &Step) -> String {
    let plan = prepared.plan;
    name::label(&format!("{}-{}-{}-{}", product(prepared), plan.environment, step.step, step.compute))
}

/// The steps before a step: the plan's; and of those that share files the one before, since one process at a time may write a file.
fn after(volume: &Volume, step: &Step) -> BTreeSet<usize> {
    let shares = volume.steps.contains(&step.step);
    let before = volume.steps.range(..step.step).next_back().copied().filter(|_| shares);
    step.after.iter().copied().chain(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_share_files_never_run_side_by_side() {
        let step = |number: usize, before: &[usize]| Step {
            step: number,
            compute: String::new(),
            plugin: String::new(),
            nodes: Vec::new(),
            tests: Vec::new(),
            transforms: Vec::new(),
            after: before.to_vec(),
        };
        let volume = Volume { steps: [1, 3, 4].into(), ..Volume::default() };
        let comes_after =
            |number, before: &[usize]| after(&volume, &step(number, before)).into_iter().collect::<Vec<_>>();
        assert_eq!(comes_after(1, &[]), [0; 0]);
        assert_eq!(comes_after(2, &[1]), [1], "it needs no volume");
        assert_eq!(comes_after(3, &[]), [1]);
        assert_eq!(comes_after(4, &[2]), [2, 3]);
    }
}
