//! Logs on standard error, and the id that ties a command's errors to them.
//!
//! `FLOE_LOG` filters as `tracing` does (off by default; `floe=debug` shows each phase with its time),
//! `FLOE_LOG_FORMAT=json` writes one JSON object a line.

use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;
use std::time::Instant;

use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::diagnostics::{Diagnostic, Severity};

/// Starts logging. A filter that cannot be read is as if it were not there: a log is no reason to fail.
pub fn start() {
    let filter = EnvFilter::try_from_env("FLOE_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let started = if std::env::var("FLOE_LOG_FORMAT").is_ok_and(|format| format == "json") {
        logs.json().flatten_event(true).try_init()
    } else {
        logs.with_ansi(colour).try_init()
    };
    // Only a second start can fail, and the first one holds.
    drop(started);
}

/// The id of the command that is being run.
pub fn correlation_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| Uuid::new_v4().to_string())
}

/// Logs a diagnostic with the id that its reader sees.
pub fn log(diagnostic: &Diagnostic, correlation_id: &str) {
    let (code, message) = (diagnostic.code.id, diagnostic.message.as_str());
    let compute = diagnostic.compute.as_deref();
    // In the words of `--format json`.
    let kind = diagnostic.kind.and_then(|kind| serde_json::to_value(kind).ok());
    let kind = kind.as_ref().and_then(serde_json::Value::as_str);
    match diagnostic.severity {
        Severity::Error => tracing::error!(correlation_id, code, compute, kind, "{message}"),
        Severity::Warning => tracing::warn!(correlation_id, code, compute, kind, "{message}"),
    }
}

/// A node that has ended, or will not begin.
#[derive(Debug, Clone, Copy)]
pub struct NodeEnded<'a> {
    /// dbt's id.
    pub node: &'a str,
    /// Its compute.
    pub compute: &'a str,
    /// How it ended.
    pub status: &'a str,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
    /// What the engine calls its last statement.
    pub query_id: Option<&'a str>,
}

impl NodeEnded<'_> {
    /// Logs it.
    pub fn log(&self) {
        tracing::info!(
            correlation_id = correlation_id(),
            node = self.node,
            compute = self.compute,
            status = self.status,
            seconds = self.seconds,
            query_id = self.query_id,
            "a node ended"
        );
    }
}

/// A node that took longer than it may.
#[derive(Debug, Clone, Copy)]
pub struct TimedOut<'a> {
    /// dbt's id.
    pub node: &'a str,
    /// Its compute.
    pub compute: &'a str,
    /// What the engine calls the query.
    pub query_id: Option<&'a str>,
    /// What it took, in seconds.
    pub seconds: f64,
    /// What it was allowed, in seconds.
    pub timeout_seconds: f64,
    /// Whether the engine was told to cancel.
    pub cancel_sent: bool,
    /// Whether the engine's answer says that the query ended.
    pub engine_confirmed: bool,
}

impl TimedOut<'_> {
    /// Logs it.
    pub fn log(&self) {
        tracing::warn!(
            correlation_id = correlation_id(),
            node = self.node,
            compute = self.compute,
            query_id = self.query_id,
            seconds = self.seconds,
            timeout_seconds = self.timeout_seconds,
            timed_out = true,
            cancel_sent = self.cancel_sent,
            engine_confirmed = self.engine_confirmed,
            "a node timed out"
        );
    }
}

/// Runs one phase of a command and logs how long it took.
pub fn phase<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    tracing::debug!(phase = name, ms = begun.elapsed().as_secs_f64() * 1e3, "phase");
    result
}
