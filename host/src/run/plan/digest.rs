//! What tells two plans apart.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Plan;

impl Plan {
    /// SHA-256 in hex over the environment and over what each step builds and tests, and where. Nothing of the machine counts:
    /// the same product gives the same digest in a container.
    pub fn digest(&self) -> String {
        let steps: Vec<_> =
            self.steps.iter().map(|step| json!([step.step, step.compute, step.nodes, step.tests])).collect();
        sha256(&json!([self.environment, steps]).to_string())
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
