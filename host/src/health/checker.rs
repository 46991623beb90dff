//! Checks of one compute, by a worker that may live from one check to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use floe_plugin_api::{
    CatalogAttachmentRequest, CatalogConfig, CheckRequest, ComputeConfig, ConfigSchemaRequest, ConnectionResult,
    MetadataRequest, ProfileRequest, Secret, Storage,
};

use super::verdict::{self, word};
use super::{ComputeHealth, Manner, Target};
use crate::compile::plugins::located;
use crate::compile::schema::SettingsSchema;
use crate::compile::settings::{self, Settings};
use crate::diagnostics::Diagnostic;
use crate::documents::secrets::Surroundings;
use crate::plugins::{PluginHost, Scrubber, Worker};
use crate::telemetry::metrics::{self, Failure, Subject};
use crate::telemetry::names;
use crate::telemetry::traces::Span;

/// What is kept of the deadline for the answer to arrive.
const ANSWER_MARGIN: Duration = Duration::from_millis(200);

/// What a check came to.
#[derive(Debug)]
pub struct Checked {
    /// How the compute is.
    pub health: ComputeHealth,
    /// What that means, and what else there is to say.
    pub diagnostics: Vec<Diagnostic>,
    /// A connection that was kept had broken, and was opened anew.
    pub reconnected: bool,
    /// The worker had died since the last check, and was started anew.
    pub restarted: bool,
    /// The values of secrets are others than in the last check.
    pub credentials_changed: bool,
}

/// Checks one compute, once or again and again.
#[derive(Debug)]
pub struct Checker<'a> {
    target: Target<'a>,
    manner: Manner<'a>,
    host: &'a PluginHost,
    /// Where worker and connection stay for the next check: what ends it all.
    stop: Option<Arc<AtomicBool>>,
    live: Option<Live>,
    /// Of the last check that had any; the worker may still hold them.
    secrets: Option<Vec<Secret>>,
}

/// A worker, and what it said of its plugin.
#[derive(Debug)]
struct Live {
    worker: Worker,
    schema: SettingsSchema,
    version: String,
    /// Known where metrics are exported.
    dbt_adapter: Option<String>,
}

/// The result of a check, and whether it found other secrets than the one before.
struct Outcome {
    result: Result<ConnectionResult, Vec<Diagnostic>>,
    credentials_changed: bool,
}

impl From<Vec<Diagnostic>> for Outcome {
    fn from(errors: Vec<Diagnostic>) -> Self {
        Self { result: Err(errors), credentials_changed: false }
    }
}

impl<'a> Checker<'a> {
    /// Checks a compute by a worker that ends with the check.
    pub fn new(target: Target<'a>, manner: Manner<'a>, host: &'a PluginHost) -> Self {
        Self { target, manner, host, stop: None, live: None, secrets: None }
    }

    /// Keeps the worker, and the connection where the plugin can, for the next check; until somebody sets this, which also ends
    /// a check that goes on.
    #[must_use]
    pub fn keeping(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Whether the compute builds in this machine's memory or files, of which one process at a time may write: dbt, where a
    /// run goes on. Asks the plugin; nothing where it does not answer, which the check will tell.
    pub fn is_embedded(&mut self) -> Option<bool> {
        let Target { product, compute, environment } = self.target;
        let deadline = self.manner.deadline;
        let live = self.live(deadline).ok()?;
        let config = Settings::complete(product, compute, environment, &live.schema).for_profile();
        let request = ProfileRequest::new(config, &product.product.name, environment, ".");
        let profile = live.worker.call(&request, deadline).ok()?;
        Some(matches!(profile.storage, Storage::File { .. } | Storage::Memory))
    }

    /// Checks it now.
    pub fn check(&mut self, correlation_id: &str, span: &Span) -> Checked {
        let begun = Instant::now();
        let had_worker = self.live.is_some();
        let mut outcome = self.attempt(correlation_id, begun);
        // A worker that died since it was last asked says nothing of the engine. One that was too slow leaves no time.
        let mut more = self.bury();
        let restarted = had_worker && self.live.is_none() && !self.left(begun).is_zero() && !self.is_stopped();
        if restarted {
            outcome = self.attempt(correlation_id, begun);
            more = self.bury();
        }
        let took = begun.elapsed();
        let (result, mut diagnostics) = match outcome.result {
            Ok(result) => {
                let verdict = verdict::of(self.target.compute, &result);
                (result, verdict)
            }
            Err(errors) => (verdict::unhealthy(&errors), errors),
        };
        diagnostics.extend(more);
        let diagnostics: Vec<_> =
            diagnostics.into_iter().map(|diagnostic| located(diagnostic, self.target.compute)).collect();
        self.measure(&result, &diagnostics, took, correlation_id, span);
        Checked {
            reconnected: result.reconnected,
            restarted,
            credentials_changed: outcome.credentials_changed,
            health: self.health(took, result),
            diagnostics,
        }
    }

    /// Ends the worker, and says what it did besides answering.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let compute = self.target.compute;
        let told = self.live.take().map(|live| live.worker.finish()).unwrap_or_default();
        told.into_iter().map(|diagnostic| located(diagnostic, compute)).collect()
    }

    fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn left(&self, begun: Instant) -> Duration {
        self.manner.deadline.saturating_sub(begun.elapsed())
    }

    /// The worker, started where there is none.
    fn live(&mut self, left: Duration) -> Result<&mut Live, Vec<Diagnostic>> {
        let live = match self.live.take() {
            Some(live) => live,
            None => self.start(left)?,
        };
        Ok(self.live.insert(live))
    }

    fn start(&self, left: Duration) -> Result<Live, Vec<Diagnostic>> {
        let begun = Instant::now();
        let left = || left.saturating_sub(begun.elapsed());
        let compute = self.target.compute;
        let started = self.host.find(&compute.plugin).and_then(|plugin| {
            compute.version.as_ref().map_or(Ok(()), |wanted| plugin.fulfils(wanted))?;
            Ok((self.host.start(plugin)?, plugin.record.version.clone()))
        });
        let (mut worker, version) = started.map_err(|error| vec![error])?;
        if let Some(stop) = &self.stop {
            worker.set_stop(Arc::clone(stop));
        }
        let schema = worker
            .call(&ConfigSchemaRequest::new(), left())
            .and_then(|answer| SettingsSchema::new(&compute.plugin, answer.schema));
        match schema {
            Ok(schema) => {
                let dbt_adapter = if metrics::are_exported() {
                    worker.call(&MetadataRequest::new(), left()).ok().map(|metadata| metadata.dbt_adapter)
                } else {
                    None
                };
                Ok(Live { worker, schema, version, dbt_adapter })
            }
            Err(error) => {
                let mut errors = vec![error];
                errors.extend(worker.finish());
                Err(errors)
            }
        }
    }

    /// Lets go of a worker that has died, with its last words.
    fn bury(&mut self) -> Vec<Diagnostic> {
        let Some(live) = &mut self.live else { return Vec::new() };
        if live.worker.cause_of_death().is_none() {
            return if self.stop.is_some() { live.worker.take_warnings() } else { Vec::new() };
        }
        self.live.take().map(|live| live.worker.finish()).unwrap_or_default()
    }

    /// Worker, settings, check.
    fn attempt(&mut self, correlation_id: &str, begun: Instant) -> Outcome {
        let target = self.target;
        let Target { product, compute, environment } = target;
        let keeps = self.stop.is_some();
        let manner = self.manner;
        let left = || manner.deadline.saturating_sub(begun.elapsed());
        let former = self.secrets.clone();
        let live = match self.live(left()) {
            Ok(live) => live,
            Err(errors) => return errors.into(),
        };
        let variables = match manner.env_files.read() {
            Ok(variables) => variables,
            Err(unreadable) => return unreadable.into(),
        };
        // What is wrong with the settings and what is missing here are told together.
        let mut errors = settings::check(product, compute, &[environment], &live.schema);
        let surroundings = Surroundings { project_dir: &product.project_dir, variable: &|name| variables.get(name) };
        let own = Settings::complete(product, compute, environment, &live.schema);
        let mut secrets = Vec::new();
        let config = kept(own.for_check(&surroundings, &live.schema), &mut secrets, &mut errors);
        let catalog = mounted_catalog(target, &mut live.worker, own.for_profile(), &surroundings, left());
        let catalog = kept(catalog, &mut secrets, &mut errors).flatten();
        // A kept connection may have been opened with the former ones.
        let hidden = secrets.iter().chain(former.iter().flatten());
        live.worker.set_scrubber(Scrubber::new(hidden.map(Secret::expose)));
        // Where some cannot be looked up, nothing is known of the others.
        let is_whole = errors.is_empty();
        let credentials_changed = is_whole && former.is_some_and(|former| !same(&former, &secrets));
        let result = match config.filter(|_| is_whole) {
            Some(config) => {
                let left = left();
                let request = request(target, config, left, correlation_id);
                let request = request.with_catalog(catalog).with_keep_connection(keeps);
                live.worker.call(&request, left).map_err(|error| vec![error])
            }
            None => Err(errors),
        };
        if is_whole {
            self.secrets = Some(secrets);
        }
        Outcome { result, credentials_changed }
    }

    fn measure(
        &self,
        result: &ConnectionResult,
        diagnostics: &[Diagnostic],
        took: Duration,
        correlation_id: &str,
        span: &Span,
    ) {
        let Target { compute, environment, .. } = self.target;
        let status = word(result.status);
        let latency_ms = took.as_secs_f64() * 1e3;
        tracing::info!(
            correlation_id,
            compute = compute.name,
            plugin = compute.plugin,
            environment,
            status,
            latency_ms,
            reason = result.reason,
            "a connection was checked"
        );
        let subject = Subject {
            compute: compute.name.clone(),
            plugin: compute.plugin.clone(),
            plugin_version: self.live.as_ref().map(|live| live.version.clone()),
            environment: environment.to_owned(),
            dbt_adapter: self.live.as_ref().and_then(|live| live.dbt_adapter.clone()),
        };
        let error = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
        let kind = error.and_then(Diagnostic::kind_word);
        let failure = error.map(|error| Failure {
            error_type: result.reason.as_deref().or(kind.as_deref()).unwrap_or("_OTHER"),
            code: error.code.id,
            correlation_id,
        });
        metrics::checked(&subject, status, took.as_secs_f64(), failure);
        span.describe(&subject);
        span.set(names::STATUS, status);
        if let Some(database) = &result.details.database {
            span.set(names::NAMESPACE, database);
        }
        if let Some((error, failure)) = error.zip(failure) {
            span.set(names::CODE, failure.code);
            span.fail(failure.error_type, &error.message);
        }
    }

    fn health(&self, latency: Duration, result: ConnectionResult) -> ComputeHealth {
        ComputeHealth {
            compute: self.target.compute.name.clone(),
            plugin: self.target.compute.plugin.clone(),
            environment: self.target.environment.to_owned(),
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

fn same(one: &[Secret], other: &[Secret]) -> bool {
    one.iter().map(Secret::expose).eq(other.iter().map(Secret::expose))
}

/// The manifest's catalog, where the compute mounts it: nobody else gets its secrets.
fn mounted_catalog(
    target: Target<'_>,
    worker: &mut Worker,
    config: ComputeConfig,
    surroundings: &Surroundings<'_>,
    left: Duration,
) -> WithSecrets<Option<CatalogConfig>> {
    let none = Ok((None, Vec::new()));
    let Some(catalog) = &target.product.catalog else { return none };
    let request = CatalogAttachmentRequest::new(config, catalog.for_profile().0);
    let attachment = worker.call(&request, left).map_err(|error| vec![catalog.located(error, &target.compute.name)])?;
    if attachment.statements.is_none() {
        return none;
    }
    catalog.for_check(surroundings).map(|(catalog, secrets)| (Some(catalog), secrets))
}

fn request(target: Target<'_>, config: ComputeConfig, left: Duration, correlation_id: &str) -> CheckRequest {
    let margin = ANSWER_MARGIN.min(left / 4);
    let deadline = u64::try_from(left.saturating_sub(margin).as_millis()).unwrap_or(u64::MAX);
    CheckRequest::new(config, target.environment, target.product.project_dir.as_str(), deadline, correlation_id)
}
