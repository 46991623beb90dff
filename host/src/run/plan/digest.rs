//! What makes two plans the same, for whoever wrote down the steps of one and runs them later, one by one.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Plan;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{NO_STEP, PLAN_CHANGED};

impl Plan {
    /// The sha256 of the environment and of each step's number, compute, nodes and tests, in hexadecimal.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            digest.update(part.as_bytes());
            digest.update([0]);
        };
        add(&self.environment);
        for step in &self.steps {
            add(&step.step.to_string());
            add(&step.compute);
            for ids in [&step.nodes, &step.tests] {
                add(&ids.len().to_string());
                for id in ids {
                    add(id);
                }
            }
        }
        digest.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
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
