//! What runs where, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::compile::artifacts::{CompiledArtifacts, TransformArtifact};

/// Transforms that run one after another on one compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Number, from 1.
    pub step: usize,
    /// The compute, the same in every environment.
    pub compute: String,
    /// Its plugin.
    pub plugin: String,
    /// What it runs: paths, models and packages, as the spec selects them.
    pub transforms: Vec<String>,
    /// The command that runs it with stock dbt, from the dbt project's folder, by environment; absent where other
    /// computes run parts of the product, which one dbt command cannot tell apart.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, String>,
}

/// The steps of a product: transforms in the order of `dependsOn`, neighbours on one compute together.
pub fn steps(artifacts: &CompiledArtifacts, out: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for transform in ordered(&artifacts.transforms) {
        if steps.last().is_none_or(|step| step.compute != transform.compute) {
            steps.push(step(artifacts, steps.len() + 1, &transform.compute));
        }
        if let Some(step) = steps.last_mut() {
            step.transforms.push(transform.selects.clone());
        }
    }
    let registry = &artifacts.compute_registry;
    // What no transform claims runs on the default.
    let computes: BTreeSet<_> = steps.iter().map(|step| &step.compute).chain([&registry.default]).collect();
    if computes.len() == 1 {
        let commands = commands(artifacts, out, &registry.default);
        if steps.is_empty() {
            steps.push(step(artifacts, 1, &registry.default));
        }
        // One compute: neighbours are one step.
        steps[0].commands = commands;
    }
    steps
}

fn step(artifacts: &CompiledArtifacts, number: usize, compute: &str) -> Step {
    let plugin = artifacts.compute_registry.computes.get(compute).map(|entry| entry.plugin.clone());
    Step {
        step: number,
        compute: compute.to_owned(),
        plugin: plugin.unwrap_or_default(),
        transforms: Vec::new(),
        commands: BTreeMap::new(),
    }
}

fn commands(artifacts: &CompiledArtifacts, out: &str, compute: &str) -> BTreeMap<String, String> {
    let environments = artifacts.compute_registry.computes.get(compute).map(|entry| &entry.environments);
    environments
        .into_iter()
        .flatten()
        .map(|(name, environment)| {
            let folder = environment.profile.trim_end_matches("/profiles.yml");
            let vars = artifacts.environments.iter().find(|one| one.name == *name).map(|one| &one.vars);
            let vars = vars.filter(|vars| !vars.is_empty()).map(|vars| {
                let json = serde_json::to_string(vars).unwrap_or_default();
                format!(" --vars '{}'", json.replace('\'', "'\\''"))
            });
            let vars = vars.unwrap_or_default();
            (name.clone(), format!("dbt build --profiles-dir {out}/{folder} --target {name}{vars}"))
        })
        .collect()
}

/// Each transform behind those that own the models that it depends on; otherwise in the spec's order. The compiler refuses
/// cycles; one that is there all the same is cut where it is entered.
fn ordered(transforms: &[TransformArtifact]) -> Vec<&TransformArtifact> {
    let mut order = Vec::with_capacity(transforms.len());
    let mut seen = vec![false; transforms.len()];
    for start in 0..transforms.len() {
        // Depth first with a stack of its own: a chain of dependencies may be long.
        let mut stack = vec![(start, false)];
        while let Some((at, expanded)) = stack.pop() {
            if expanded {
                order.push(&transforms[at]);
            } else if !seen[at] {
                seen[at] = true;
                stack.push((at, true));
                let parents = transforms[at].after.iter().rev().filter(|parent| **parent < transforms.len());
                stack.extend(parents.map(|parent| (*parent, false)));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transform(selects: &str, compute: &str, after: &[usize]) -> TransformArtifact {
        TransformArtifact {
            kind: "name",
            selects: selects.to_owned(),
            compute: compute.to_owned(),
            compute_from: "transform",
            timeout_seconds: None,
            workload_size: "medium",
            tags: Vec::new(),
            depends_on: Vec::new(),
            after: after.to_vec(),
        }
    }

    #[test]
    fn parents_come_first_and_the_rest_keeps_its_order() {
        let transforms = [transform("c", "x", &[2]), transform("a", "x", &[]), transform("b", "x", &[1])];
        let order: Vec<_> = ordered(&transforms).iter().map(|transform| transform.selects.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
    }

    #[test]
    fn a_cycle_does_not_hang() {
        let transforms = [transform("a", "x", &[1]), transform("b", "x", &[0])];
        assert_eq!(ordered(&transforms).len(), 2);
    }
}
