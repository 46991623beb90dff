//! Live checks of connections: every compute in a worker of its own, side by side, each with the same deadline.
//!
//! `checker` checks one compute, once or again and again; `verdict` says what a result means; `watch` does it for days.

mod checker;
mod env_file;
mod verdict;
pub mod watch;

use std::thread;
use std::time::Duration;

use floe_plugin_api::{CheckStep, ConnectionDetails, ConnectionStatus, Warning};
use serde::Serialize;

use crate::compile::product::{Compute, Product};
use crate::diagnostics::Diagnostic;
use crate::plugins::PluginHost;
use crate::telemetry::names::COMPUTE;
use crate::telemetry::traces::Span;
pub use checker::Checker;
pub use env_file::EnvFiles;
pub use verdict::word;

/// The deadline of a check where none is asked for (requirement 014).
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// How one compute is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComputeHealth {
    /// The compute.
    pub compute: String,
    /// Its plugin.
    pub plugin: String,
    /// The environment whose connection was checked.
    pub environment: String,
    /// How it is.
    pub status: ConnectionStatus,
    /// How long the check took, in milliseconds, the worker's start included.
    pub latency_ms: f64,
    /// What was found.
    pub message: String,
    /// A short stable word for the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the reader can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What should be known besides.
    pub warnings: Vec<Warning>,
    /// What the check learned.
    pub details: ConnectionDetails,
    /// The steps that were taken, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CheckStep>,
}

/// What is checked: a compute's connection in an environment.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The product that the compute is approved for.
    pub product: &'a Product,
    /// The compute.
    pub compute: &'a Compute,
    /// The environment whose connection is checked.
    pub environment: &'a str,
}

/// How checks are made.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// When to give up, for each of them.
    pub deadline: Duration,
    /// Files of variables, which win over those of the process.
    pub env_files: &'a EnvFiles,
}

/// Checks all targets side by side, once; the answers are in their order.
pub fn check_all(
    targets: &[Target<'_>],
    manner: Manner<'_>,
    host: &PluginHost,
    correlation_id: &str,
) -> (Vec<ComputeHealth>, Vec<Diagnostic>) {
    let (mut found, mut diagnostics) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let running: Vec<_> = targets
            .iter()
            .map(|target| {
                scope.spawn(move || {
                    let compute = &target.compute.name;
                    let span = Span::about(format!("check {compute}"), &[(COMPUTE, compute)]);
                    let mut checker = Checker::new(*target, manner, host);
                    let found = checker.check(correlation_id, &span);
                    // What its worker did besides answering is told behind the verdict.
                    let mut more = found.diagnostics;
                    more.extend(checker.finish());
                    (found.health, more)
                })
            })
            .collect();
        for handle in running {
            match handle.join() {
                Ok((health, more)) => {
                    found.push(health);
                    diagnostics.extend(more);
                }
                // A panic of the host's own code: let it be seen as one.
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
    });
    (found, diagnostics)
}
