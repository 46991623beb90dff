//! What a subcommand answers, and how it reaches the user: results on standard output, everything else on standard error.

use std::fmt::Debug;
use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::args::Format;
use crate::diagnostics::{Diagnostic, Report, TextStyle};
use crate::telemetry;

/// Version of the shape of `--format json`. Fields are only added within a major.
const FORMAT_VERSION: &str = "1.0";

const USAGE: u8 = 2;

/// A result for machines.
trait Found: Debug {
    fn to_json(&self) -> Value;
}

impl<T: Serialize + Debug> Found for T {
    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// What a subcommand answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    text: String,
    /// Under plural nouns; written out where they are asked for, since there may be thousands.
    results: Vec<(String, Box<dyn Found>)>,
    diagnostics: Vec<Diagnostic>,
    /// Printed as it is in every format: a script, a schema.
    verbatim: bool,
    /// What is wrong with the arguments.
    usage: Option<String>,
    /// Fails although no diagnostic is an error.
    denied: bool,
    /// The exit status of the program that was run for the user.
    status: Option<u8>,
}

impl Answer {
    /// A text for people.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A text in a format of its own.
    pub(super) fn verbatim(text: impl Into<String>) -> Self {
        Self { verbatim: true, ..Self::text(text) }
    }

    /// Wrong arguments, where clap could not see it.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { usage: Some(message.into()), ..Self::default() }
    }

    /// Adds a result for machines, under a plural noun.
    pub(super) fn with(mut self, noun: &str, value: impl Serialize + Debug + 'static) -> Self {
        self.results.push((noun.to_owned(), Box::new(value)));
        self
    }

    /// Adds diagnostics.
    pub(super) fn with_diagnostics(mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.diagnostics.extend(diagnostics);
        self
    }

    /// Makes the command fail.
    pub(super) fn denied(mut self, denied: bool) -> Self {
        self.denied |= denied;
        self
    }

    /// Ends as the program that was run for the user did.
    pub(super) fn ending_as(mut self, code: Option<i32>) -> Self {
        self.status = code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
        self
    }

    /// The first of its errors.
    pub(super) fn first_error(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|diagnostic| diagnostic.is_error())
    }

    /// Prints the diagnostics, of a command that goes on.
    pub(super) fn print_diagnostics(self) {
        let id = telemetry::correlation_id();
        show(&logged(self.diagnostics, id), id);
    }

    /// Prints it all and says how the command ends.
    pub(super) fn print(self, format: Format, correlation_id: &str) -> ExitCode {
        if let Some(message) = self.usage {
            let _ = writeln!(io::stderr(), "error: {message}");
            return ExitCode::from(USAGE);
        }
        let report = logged(self.diagnostics, correlation_id);
        let failed = report.has_errors() || self.denied;
        let out = match format {
            Format::Json if !self.verbatim => {
                let mut object = Map::new();
                object.insert("format_version".to_owned(), json!(FORMAT_VERSION));
                object.insert("diagnostics".to_owned(), Value::from(report.to_json(correlation_id)));
                object.extend(self.results.into_iter().map(|(noun, result)| (noun, result.to_json())));
                let mut text = serde_json::to_string_pretty(&object).unwrap_or_default();
                text.push('\n');
                text
            }
            _ => {
                show(&report, correlation_id);
                self.text
            }
        };
        match io::stdout().lock().write_all(out.as_bytes()) {
            // Whoever reads has seen enough (`floe … | head`).
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let _ = writeln!(io::stderr(), "error: standard output cannot be written: {error}");
                ExitCode::FAILURE
            }
            _ if failed => self.status.map_or(ExitCode::FAILURE, ExitCode::from),
            _ => ExitCode::SUCCESS,
        }
    }
}

/// The diagnostics in the order in which they are told; each stands in the log.
fn logged(diagnostics: Vec<Diagnostic>, correlation_id: &str) -> Report {
    let report = Report::new(diagnostics);
    for diagnostic in report.diagnostics() {
        telemetry::log(diagnostic, correlation_id);
    }
    report
}

/// Shows them to people.
fn show(report: &Report, correlation_id: &str) {
    let style = TextStyle { colour: colour(&io::stderr()), ..TextStyle::default() };
    // Who has closed standard error does not want it.
    let _ = io::stderr().lock().write_all(report.to_text(style, correlation_id).as_bytes());
}

/// Whether a stream takes colour.
fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Ends as clap wants it: help and version on standard output with 0, errors on standard error with 2.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // Printing fails only where nobody reads.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}
