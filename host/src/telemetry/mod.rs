//! Logs on standard error, and the id that ties a command's errors to them.
//!
//! `FLOE_LOG` filters as `tracing` does (off by default; `floe=debug` shows each phase with its time),
//! `FLOE_LOG_FORMAT=json` writes one JSON object a line.
//!
//! Metrics, traces and logs go to an OpenTelemetry receiver where the variables of OpenTelemetry name one: `otlp`.

pub mod metrics;
pub mod names;
pub mod traces;

mod nodes;
mod otlp;

use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;
use std::time::Instant;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};
use uuid::Uuid;

pub use nodes::{NodeEnded, NodeFailure, TimedOut};

use crate::diagnostics::{Diagnostic, Severity};

/// What a command's telemetry needs until its end.
#[derive(Debug)]
#[must_use]
pub struct Telemetry {
    exporters: otlp::Exporters,
    command: Option<traces::Span>,
}

/// Starts logging, and exporting where that is asked for. A filter that cannot be read is as if it were not there: a log is no
/// reason to fail.
pub fn start(command: &str) -> Telemetry {
    let exporters = otlp::Exporters::start(correlation_id());
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = if std::env::var("FLOE_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.with_ansi(colour).boxed()
    };
    // What the exporters say of themselves is for people alone: sending it would make more of it.
    let sent = exporters.logs().map(|logs| {
        let silent = "opentelemetry=off".parse();
        let filter = filter("floe=info");
        logs.with_filter(silent.into_iter().fold(filter, EnvFilter::add_directive))
    });
    // Only a second start can fail, and the first one holds.
    drop(tracing_subscriber::registry().with(lines.with_filter(filter("off"))).with(sent).try_init());
    let command = Some(traces::Span::command(command, correlation_id()));
    Telemetry { exporters, command }
}

/// The filter of `FLOE_LOG`, or this one.
fn filter(otherwise: &str) -> EnvFilter {
    EnvFilter::try_from_env("FLOE_LOG").unwrap_or_else(|_| EnvFilter::new(otherwise))
}

impl Telemetry {
    /// What cannot be exported as the variables want it, in words.
    pub fn problems(&self) -> Vec<String> {
        self.exporters.problems()
    }

    /// The command failed, with these words.
    pub fn failed(&self, error_type: &str, message: &str) {
        if let Some(command) = &self.command {
            command.fail(error_type, message);
        }
    }

    /// Sends what is left, and waits for that 0.5 s at most.
    pub fn finish(mut self) {
        drop(self.command.take());
        self.exporters.finish();
    }
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
    let kind = diagnostic.kind_word();
    match diagnostic.severity {
        Severity::Error => tracing::error!(correlation_id, code, compute, kind, "{message}"),
        Severity::Warning => tracing::warn!(correlation_id, code, compute, kind, "{message}"),
    }
}

/// Runs one phase of a command and logs how long it took.
pub fn phase<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    let _span = traces::Span::of(name, &[]);
    let begun = Instant::now();
    let result = work();
    tracing::debug!(phase = name, ms = begun.elapsed().as_secs_f64() * 1e3, "phase");
    result
}
