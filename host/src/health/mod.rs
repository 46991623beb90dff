//! Live checks of connections: every compute in a worker of its own, side by side, each with the same deadline.

use std::thread;
use std::time::{Duration, Instant};

use floe_plugin_api::{
    CatalogAttachmentRequest, CatalogConfig, CheckRequest, CheckStep, ComputeConfig, ConfigSchemaRequest,
    ConnectionDetails, ConnectionResult, ConnectionStatus, ErrorKind, PluginError, Secret, Warning,
};
use serde::Serialize;

use crate::compile::plugins::located;
use crate::compile::product::{Compute, Product};
use crate::compile::schema::SettingsSchema;
use crate::compile::settings::{self, Settings};
use crate::diagnostics::codes::health::{
    CHECK_CONFIGURATION, CHECK_CONNECTION, CHECK_DEGRADED, CHECK_PLUGIN, CHECK_QUERY, CHECK_TIMEOUT, CHECK_WARNS,
};
use crate::diagnostics::{Code, Diagnostic};
use crate::plugins::{PluginHost, Scrubber, Worker};

/// The deadline of a check where none is asked for (requirement 014).
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// What is kept of the deadline for the answer to arrive.
const ANSWER_MARGIN: Duration = Duration::from_millis(200);

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

/// What to check.
#[derive(Debug)]
pub struct Checks<'a> {
    /// The product whose computes are checked.
    pub product: &'a Product,
    /// The computes, in the order of the answers.
    pub computes: Vec<&'a Compute>,
    /// The environment whose connections are checked.
    pub environment: &'a str,
    /// When to give up, for each of them.
    pub deadline: Duration,
    /// Id of the command.
    pub correlation_id: &'a str,
}

/// Checks all computes side by side.
pub fn check_all(checks: &Checks<'_>, host: &PluginHost) -> (Vec<ComputeHealth>, Vec<Diagnostic>) {
    let (mut found, mut diagnostics) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let running: Vec<_> =
            checks.computes.iter().map(|compute| scope.spawn(|| check(checks, compute, host))).collect();
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

fn check(checks: &Checks<'_>, compute: &Compute, host: &PluginHost) -> (ComputeHealth, Vec<Diagnostic>) {
    let begun = Instant::now();
    let (outcome, worker) = attempt(checks, compute, host, begun);
    let took = begun.elapsed();
    let (result, mut diagnostics) = match outcome {
        Ok(result) => {
            let verdict = verdict(compute, &result);
            (result, verdict)
        }
        Err(errors) => (unhealthy(&errors), errors),
    };
    // What it did besides answering.
    diagnostics.extend(worker.map(Worker::finish).unwrap_or_default());
    let diagnostics = diagnostics.into_iter().map(|diagnostic| located(diagnostic, compute)).collect();
    (health(checks, compute, took, result), diagnostics)
}

type Outcome = Result<ConnectionResult, Vec<Diagnostic>>;

/// Worker, settings, check; and the worker, where it came to one.
fn attempt(checks: &Checks<'_>, compute: &Compute, host: &PluginHost, begun: Instant) -> (Outcome, Option<Worker>) {
    let left = || checks.deadline.saturating_sub(begun.elapsed());
    let started = host.find(&compute.plugin).and_then(|plugin| {
        compute.version.as_ref().map_or(Ok(()), |wanted| plugin.fulfils(wanted))?;
        host.start(plugin)
    });
    let mut worker = match started {
        Ok(worker) => worker,
        Err(error) => return (Err(vec![error]), None),
    };
    let schema = worker
        .call(&ConfigSchemaRequest::new(), left())
        .and_then(|answer| SettingsSchema::new(&compute.plugin, answer.schema));
    let schema = match schema {
        Ok(schema) => schema,
        Err(error) => return (Err(vec![error]), Some(worker)),
    };
    // What is wrong with the settings and what is missing here are told together.
    let mut errors = settings::check(checks.product, compute, &[checks.environment], &schema);
    let own = Settings::complete(checks.product, compute, checks.environment, &schema);
    let mut secrets = Vec::new();
    let config = own.for_check(&checks.product.project_dir, &schema);
    let config = kept(config, &mut secrets, &mut errors);
    let catalog = mounted_catalog(checks, compute, &mut worker, own.for_profile(), left());
    let catalog = kept(catalog, &mut secrets, &mut errors).flatten();
    worker = worker.with_scrubber(Scrubber::new(secrets.iter().map(Secret::expose)));
    let outcome = match config.filter(|_| errors.is_empty()) {
        Some(config) => {
            let request = request(checks, config, left()).with_catalog(catalog);
            worker.call(&request, left()).map_err(|error| vec![error])
        }
        None => Err(errors),
    };
    (outcome, Some(worker))
}

/// Something with the values of its secrets in it, and these; or what is wrong with it.
type WithSecrets<T> = Result<(T, Vec<Secret>), Vec<Diagnostic>>;

/// What was found; its secrets, and the errors that were not told yet, go to the others.
fn kept<T>(found: WithSecrets<T>, secrets: &mut Vec<Secret>, errors: &mut Vec<Diagnostic>) -> Option<T> {
    match found {
        Ok((found, more)) => {
            secrets.extend(more);
            Some(found)
        }
        Err(wrong) => {
            let new: Vec<_> = wrong.into_iter().filter(|error| !errors.contains(error)).collect();
            errors.extend(new);
            None
        }
    }
}

/// The manifest's catalog, where the compute mounts it: nobody else gets its secrets.
fn mounted_catalog(
    checks: &Checks<'_>,
    compute: &Compute,
    worker: &mut Worker,
    config: ComputeConfig,
    left: Duration,
) -> WithSecrets<Option<CatalogConfig>> {
    let none = Ok((None, Vec::new()));
    let Some(catalog) = &checks.product.catalog else { return none };
    let request = CatalogAttachmentRequest::new(config, catalog.for_profile().0);
    let attachment = worker.call(&request, left).map_err(|error| vec![catalog.located(error, &compute.name)])?;
    if attachment.statements.is_none() {
        return none;
    }
    catalog.for_check(&checks.product.project_dir).map(|(catalog, secrets)| (Some(catalog), secrets))
}

fn request(checks: &Checks<'_>, config: ComputeConfig, left: Duration) -> CheckRequest {
    let margin = ANSWER_MARGIN.min(left / 4);
    let deadline = u64::try_from(left.saturating_sub(margin).as_millis()).unwrap_or(u64::MAX);
    let folder = checks.product.project_dir.as_str();
    CheckRequest::new(config, checks.environment, folder, deadline, checks.correlation_id)
}

/// What a result means for the command.
fn verdict(compute: &Compute, result: &ConnectionResult) -> Vec<Diagnostic> {
    let named = |text: &str| format!("compute `{}`: {text}", compute.name);
    let help =
        |help: Option<&String>| help.cloned().unwrap_or_else(|| "see the documentation of its plugin".to_owned());
    let degraded = !matches!(result.status, ConnectionStatus::Healthy | ConnectionStatus::Unhealthy);
    let warning_code = if degraded { &CHECK_DEGRADED } else { &CHECK_WARNS };
    let warnings = result
        .warnings
        .iter()
        .map(|warning| Diagnostic::warning(warning_code, named(&warning.message), help(warning.help.as_ref())));
    let mut found = Vec::new();
    if result.status == ConnectionStatus::Unhealthy {
        let kind = result.kind.unwrap_or(ErrorKind::Connection);
        found.push(Diagnostic::error(code(kind), named(&result.message), help(result.help.as_ref())).of_kind(kind));
    } else if degraded && result.warnings.is_empty() {
        found.push(Diagnostic::warning(&CHECK_DEGRADED, named(&result.message), help(result.help.as_ref())));
    }
    found.extend(warnings);
    found
}

/// The code of an unhealthy compute.
fn code(kind: ErrorKind) -> &'static Code {
    match kind {
        ErrorKind::Configuration => &CHECK_CONFIGURATION,
        ErrorKind::Timeout => &CHECK_TIMEOUT,
        ErrorKind::Query => &CHECK_QUERY,
        ErrorKind::PluginExecution => &CHECK_PLUGIN,
        _ => &CHECK_CONNECTION,
    }
}

/// A check that did not come to a result.
fn unhealthy(errors: &[Diagnostic]) -> ConnectionResult {
    let error = match errors.first() {
        Some(error) => {
            // What has no kind is about the documents.
            PluginError::new(error.kind.unwrap_or(ErrorKind::Configuration), &error.message).with_help(&error.help)
        }
        None => PluginError::new(ErrorKind::PluginExecution, "the check came to no result"),
    };
    ConnectionResult::unhealthy(error)
}

fn health(checks: &Checks<'_>, compute: &Compute, latency: Duration, result: ConnectionResult) -> ComputeHealth {
    ComputeHealth {
        compute: compute.name.clone(),
        plugin: compute.plugin.clone(),
        environment: checks.environment.to_owned(),
        status: result.status,
        latency_ms: latency.as_secs_f64() * 1e3,
        message: result.message,
        reason: result.reason,
        help: result.help,
        warnings: result.warnings,
        details: result.details,
        steps: result.steps,
    }
}
