//! Errors and warnings as people and machines read them: a code, what is wrong, where, and how to mend it.
//!
//! The lowest room: it knows of no other. Rooms that find something wrong make a [`Diagnostic`]; `cli/` renders it.

pub mod codes;
mod json;
mod report;
mod source;
mod suggest;
mod text;

pub use codes::Code;
pub use report::Report;
pub use source::{Position, Source, Span};
pub use suggest::{did_you_mean, listed, meant_or_listed};
pub use text::TextStyle;

use floe_plugin_api::ErrorKind;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The command fails.
    Error,
    /// The command goes on.
    Warning,
}

/// A place in a file, and what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there, in a few words.
    pub text: Option<String>,
}

/// One thing that is wrong or should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What sort of thing; `floe explain` tells more.
    pub code: &'static Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// How to mend it.
    pub help: String,
    /// Where it is; the first is the place to change.
    pub labels: Vec<Label>,
    /// The class of the failure, where a compute failed.
    pub kind: Option<ErrorKind>,
    /// Name of the compute that it is about, for the log.
    pub compute: Option<String>,
}

impl Severity {
    /// The word that people and machines read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Diagnostic {
    /// An error: every one says how to mend it.
    pub fn error(code: &'static Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            help: help.into(),
            labels: Vec::new(),
            kind: None,
            compute: None,
        }
    }

    /// A warning.
    pub fn warning(code: &'static Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, help) }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.labels.push(Label { span, text: None });
        self
    }

    /// Adds a place and what is there.
    #[must_use]
    pub fn labelled(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: Some(text.into()) });
        self
    }

    /// The kind in the word of `--format json`.
    pub fn kind_word(&self) -> Option<String> {
        let word = self.kind.and_then(|kind| serde_json::to_value(kind).ok())?;
        word.as_str().map(str::to_owned)
    }

    /// Sets the class of the failure.
    #[must_use]
    pub fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets the compute that it is about.
    #[must_use]
    pub fn for_compute(mut self, name: impl Into<String>) -> Self {
        self.compute = Some(name.into());
        self
    }

    /// Whether it makes the command fail.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Sorts by file and place, so that every run shows the same order; what has no place comes last, in the order found.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(report::places);
}
