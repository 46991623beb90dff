//! What tells two plans apart.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Plan;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{NO_STEP, PLAN_CHANGED};

impl Plan {
    /// SHA-256 in hex over the environment and over what each step builds and tests, and where. Nothing of the machine counts:
    /// the same product gives the same digest in a container.
    pub fn digest(&self) -> String {
        let steps: Vec<_> =
            self.steps.iter().map(|step| json!([step.step, step.compute, step.nodes, step.tests])).collect();
        sha256(&json!([self.environment, steps]).to_string())
    }

    /// Why a single step cannot be run: it is not there, or the plan is not the one that is meant.
    pub fn refuse_step(&self, step: usize, digest: Option<&str>) -> Option<Diagnostic> {
        let found = self.digest();
        if let Some(wanted) = digest.filter(|wanted| *wanted != found) {
            return Some(Diagnostic::error(
                &PLAN_CHANGED,
                format!("the plan here is {found}, and not {wanted}"),
                "write the steps anew from what is installed here (`floe plan --as k8s …`)",
            ));
        }
        let is_there = self.steps.iter().any(|known| known.step == step);
        (!is_there).then(|| {
            let count = self.steps.len();
            let steps = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
            Diagnostic::error(
                &NO_STEP,
                format!("there is no step {step}: the plan has {steps}"),
                "`floe plan` shows them",
            )
        })
    }
}

/// SHA-256 of a text, in hex.
pub(in crate::run) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::plan::Step;

    #[test]
    fn it_follows_what_runs_and_nothing_else() {
        let plan = |compute: &str, nodes: &[&str], after: &[usize]| Plan {
            environment: "dev".to_owned(),
            steps: vec![Step {
                step: 1,
                compute: compute.to_owned(),
                plugin: "duckdb".to_owned(),
                nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
                tests: Vec::new(),
                transforms: Vec::new(),
                after: after.to_vec(),
            }],
            ..Plan::default()
        };
        let digest = plan("shop", &["a", "b"], &[]).digest();
        assert_eq!(digest.len(), 64);
        assert_eq!(digest, plan("shop", &["a", "b"], &[]).digest());
        for other in [
            plan("vault", &["a", "b"], &[]),
            plan("shop", &["a"], &[]),
            Plan { environment: "prod".to_owned(), ..plan("shop", &["a", "b"], &[]) },
        ] {
            assert_ne!(digest, other.digest());
        }
    }
}
