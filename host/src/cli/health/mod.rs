//! `floe health`.

mod watch;

use std::time::Duration;

use camino::Utf8PathBuf;
use floe_plugin_api::ConnectionStatus;
use serde_json::json;

use super::answer::Answer;
use super::args::{Format, ProductArgs, StrictArgs};
use super::table::table;
use super::{product, wiring};
use crate::compile::product::{Environment, Product};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::health::WATCH_SLOW;
use crate::health::watch::DETECTION;
use crate::health::{self, ComputeHealth, EnvFiles, Manner, Target, word};
use crate::plugins::{Limits, PluginHost};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    product: ProductArgs,

    #[command(flatten)]
    strict: StrictArgs,

    /// Only these computes; all approved ones without
    #[arg(long = "compute", value_name = "NAME")]
    computes: Vec<String>,

    /// The environments whose connections are checked; the spec's first without
    #[arg(long = "env", value_name = "NAME")]
    environments: Vec<String>,

    /// Give up on a compute after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = health::DEFAULT_DEADLINE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,

    /// Fail where a compute is degraded too
    #[arg(long)]
    deny_degraded: bool,

    /// Take variables from this file (NAME=value a line) before those of the process; read anew for each check
    #[arg(long = "env-file", value_name = "FILE")]
    env_files: Vec<Utf8PathBuf>,

    /// Check again and again, and tell what changes, until it is ended (Ctrl-C, SIGTERM)
    #[arg(long, conflicts_with = "deny_degraded")]
    watch: bool,

    /// With --watch: the time between two checks of a compute (10s, 1m)
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = interval, requires = "watch")]
    interval: Duration,
}

/// From a tenth of a second to an hour.
fn interval(text: &str) -> Result<Duration, String> {
    let parsed: Option<Duration> =
        text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    parsed
        .filter(|interval| (Duration::from_millis(100)..=Duration::from_hours(1)).contains(interval))
        .ok_or_else(|| "write a number with a unit, as in `10s` or `1m`, from 100ms to 1h".to_owned())
}

pub(super) fn run(args: &Args, format: Format, correlation_id: &str) -> Answer {
    let (resolved, mut diagnostics) = product::resolve(&args.product, &args.environments);
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
    let targets: Vec<_> = environments(args, &resolved)
        .flat_map(|environment| {
            let resolved = &resolved;
            computes.iter().map(move |compute| Target { product: resolved, compute, environment: &environment.name })
        })
        .collect();
    let deadline = Duration::from_secs(args.timeout);
    // One that hangs while it is loaded is given no more time than one that hangs in the check.
    let limits = Limits { load: deadline.min(Limits::default().load), ..Limits::default() };
    let host = wiring::plugin_host(&args.product.plugins, policy).with_limits(limits);
    // One that is an error is told by each compute whose plugin it hides.
    diagnostics.extend(host.problems().iter().filter(|problem| !problem.is_error()).cloned());
    let manner = Manner { deadline, env_files: &EnvFiles::new(args.env_files.clone()) };
    if args.watch {
        diagnostics.extend(too_seldom(args));
        return watched(args, format, &targets, manner, &host, diagnostics);
    }
    let (found, more) = health::check_all(&targets, manner, &host, correlation_id);
    diagnostics.extend(more);
    product::deny_warnings(&args.strict, &mut diagnostics);
    let degraded = found.iter().any(|health| health.status != ConnectionStatus::Healthy);
    Answer::text(text(&found))
        .with_diagnostics(diagnostics)
        .with("computes", json!(found))
        .denied(args.deny_degraded && degraded)
}

/// Those that are asked for; else the first.
fn environments<'a>(args: &'a Args, product: &'a Product) -> impl Iterator<Item = &'a Environment> {
    let wanted = if args.environments.is_empty() { 1 } else { product.environments.len() };
    product.environments.iter().take(wanted)
}

fn watched(
    args: &Args,
    format: Format,
    targets: &[Target<'_>],
    manner: Manner<'_>,
    host: &PluginHost,
    mut diagnostics: Vec<Diagnostic>,
) -> Answer {
    product::deny_warnings(&args.strict, &mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Answer::default().with_diagnostics(diagnostics).with("computes", json!([]));
    }
    watch::run(format, targets, manner, host, args.interval, diagnostics)
}

/// A compute that goes down is to be reported within 30 s (SC-007).
fn too_seldom(args: &Args) -> Option<Diagnostic> {
    let whole = args.interval + Duration::from_secs(args.timeout);
    (whole > DETECTION).then(|| {
        Diagnostic::warning(
            &WATCH_SLOW,
            format!("a compute may be down for {} s before it is reported", whole.as_secs()),
            "take an `--interval` and a `--timeout` that make 30 s together at most, as 10 s and 10 s do",
        )
    })
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
                word(health.status).to_owned(),
                format!("{:.0} ms", health.latency_ms),
                health.details.server_version.clone().unwrap_or_default(),
                health.message.clone(),
            ]
        })
        .collect();
    table(["compute", "plugin", "environment", "status", "latency", "server", "message"], &rows)
}
