//! What a long command says while it goes on: on standard error.

use std::io::{self, Write as _};

use super::table::seconds;
use crate::run::execute::Progress;
use crate::run::execute::outcome::{NodeResult, Status};
use crate::run::name_in;

/// One line.
pub(super) fn line(text: &str) {
    // Who has closed standard error does not want it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What a run says.
pub(super) fn of_run(progress: &Progress<'_>) {
    match progress {
        Progress::Step(step, steps) => line(&format!("step {} of {steps}: {}", step.step, step.compute)),
        Progress::Node(result) => line(&node(result)),
    }
}

fn node(result: &NodeResult) -> String {
    let status = match result.status {
        Status::Success if matches!(result.resource_type.as_str(), "test" | "unit_test") => "pass",
        Status::Success => "ok",
        Status::Warn => "warn",
        Status::Error => "FAIL",
        Status::Skipped => "skip",
    };
    let kind = result.resource_type.replace('_', " ");
    let took = result.seconds.map_or_else(String::new, |took| format!("  {}", seconds(took)));
    let because = result.because.as_ref().map_or_else(String::new, |id| format!("  behind {}", name_in(id)));
    format!("  {status:4}  {kind} {}{took}{because}", result.name)
}
