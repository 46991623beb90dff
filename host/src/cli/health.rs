//! `floe health`.

use std::time::Duration;

use floe_plugin_api::ConnectionStatus;
use serde_json::json;

use super::answer::Answer;
use super::args::{ProductArgs, StrictArgs};
use super::table::table;
use super::{product, wiring};
use crate::diagnostics::Diagnostic;
use crate::health::{self, Checks, ComputeHealth};
use crate::plugins::Limits;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// Only these computes; all approved ones without
    #[arg(long = "compute", value_name = "NAME")]
    computes: Vec<String>,

    /// The environment whose connections are checked; the spec's first without
    #[arg(long = "env", value_name = "NAME")]
    environment: Option<String>,

    /// Give up on a compute after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = health::DEFAULT_DEADLINE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,

    /// Fail where a compute is degraded too
    #[arg(long)]
    deny_degraded: bool,
}

pub(super) fn run(args: &Args, correlation_id: &str) -> Answer {
    let wanted: Vec<String> = args.environment.iter().cloned().collect();
    let (resolved, mut diagnostics) = product::resolve(&args.product, &wanted);
    let policy = resolved.as_ref().and_then(|product| {
        let policy = product::policy(&args.product, &product.manifests, product.trust.as_ref(), args.strict.locked);
        policy.map_err(|errors| diagnostics.extend(errors)).ok()
    });
    // What may be wrong in the documents is not connected to.
    let Some((resolved, policy)) = resolved.zip(policy).filter(|_| !diagnostics.iter().any(Diagnostic::is_error))
    else {
        return Answer::default().with_diagnostics(diagnostics).with("computes", json!([]));
    };
    let (computes, unknown) = product::select(&resolved, &args.computes);
    diagnostics.extend(unknown);
    let Some(environment) = resolved.environments.first() else {
        return Answer::default().with_diagnostics(diagnostics).with("computes", json!([]));
    };
    let deadline = Duration::from_secs(args.timeout);
    // One that hangs while it is loaded is given no more time than one that hangs in the check.
    let limits = Limits { load: deadline.min(Limits::default().load), ..Limits::default() };
    let host = wiring::plugin_host(&args.product.plugins, policy).with_limits(limits);
    // One that is an error is told by each compute whose plugin it hides.
    diagnostics.extend(host.problems().iter().filter(|problem| !problem.is_error()).cloned());
    let checks = Checks { product: &resolved, computes, environment: &environment.name, deadline, correlation_id };
    let (found, more) = health::check_all(&checks, &host);
    diagnostics.extend(more);
    product::deny_warnings(&args.strict, &mut diagnostics);
    let degraded = found.iter().any(|health| health.status != ConnectionStatus::Healthy);
    Answer::text(text(&found))
        .with_diagnostics(diagnostics)
        .with("computes", json!(found))
        .denied(args.deny_degraded && degraded)
}

fn text(found: &[ComputeHealth]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = found
        .iter()
        .map(|health| {
            [
                health.compute.clone(),
                health.plugin.clone(),
                health.environment.clone(),
                status(health.status).to_owned(),
                format!("{:.0} ms", health.latency_ms),
                health.message.clone(),
            ]
        })
        .collect();
    table(["compute", "plugin", "environment", "status", "latency", "message"], &rows)
}

fn status(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Healthy => "healthy",
        ConnectionStatus::Degraded => "degraded",
        ConnectionStatus::Unhealthy => "unhealthy",
        _ => "unknown",
    }
}
