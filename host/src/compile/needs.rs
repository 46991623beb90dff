//! The environment variables that dbt needs, by environment and compute.

use floe_plugin_api::TIMEOUT_VARIABLE;
use serde_json::Value;

use super::plugins::Answers;
use crate::documents::secrets::{BoundSecret, EnvVar, expressions};

/// What the profile of a compute in an environment reads from variables.
#[derive(Debug, Clone)]
pub struct ComputeNeeds {
    /// The environment.
    pub environment: String,
    /// The compute.
    pub compute: String,
    /// Secrets, and the variables from which they are read.
    pub secrets: Vec<BoundSecret>,
    /// All variables that the profile reads, those of secrets included, and the one that floe sets not.
    pub variables: Vec<EnvVar>,
}

/// Those of all profiles.
pub(super) fn of(answers: &Answers) -> Vec<ComputeNeeds> {
    let mut needs = Vec::new();
    for (compute, answer) in &answers.computes {
        for (environment, profile) in &answer.profiles {
            needs.push(ComputeNeeds {
                environment: environment.clone(),
                compute: compute.clone(),
                secrets: answer.secrets.get(environment).cloned().unwrap_or_default(),
                variables: expressions(&Value::Object(profile.output.clone()))
                    .into_iter()
                    .filter(|variable| variable.name != TIMEOUT_VARIABLE)
                    .collect(),
            });
        }
    }
    needs
}
