//! The compliance suite (requirement 020): asks a plugin everything, from outside, and says what it does otherwise than it
//! should. It needs nothing but the binary.
//!
//! `checks` are what is asked, each a function over the plugin (`subject`) and what is known of it so far (`context`).
//! `settings` are what it is asked with: made from its own schema, or read from a file, and the hostile ones. `network` is
//! a server of this machine that says nothing; `footprint` what a process holds; `python` asks dbt's own adapter.

mod checks;
mod context;
mod footprint;
mod junit;
mod network;
mod python;
mod settings;
mod subject;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use serde::{Serialize, Serializer};

pub use junit::save_junit;

use self::context::Context;
use self::subject::Subject;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::conformance as codes;
use crate::plugins::{Inspected, PluginHost};

/// How to test.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A file with the settings to ask with, as a manifest writes them below `config:`; made from the schema without.
    pub settings: Option<Utf8PathBuf>,
    /// The Python whose dbt reads the profiles; `python3` without.
    pub python: Option<PathBuf>,
    /// Ask the package index whether the packages can be installed together.
    pub resolve_packages: bool,
}

/// Something that a plugin does otherwise than it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was asked, and what came.
    pub message: String,
    /// What to change.
    pub help: String,
}

impl Finding {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// What a check comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The plugin does what it should; a note says how far that was seen.
    Passed(Option<String>),
    /// It does not; never empty.
    Failed(Vec<Finding>),
    /// It could not be seen, and why.
    Skipped(String),
}

impl Verdict {
    /// Passed where nothing was found.
    fn of(findings: Vec<Finding>) -> Self {
        if findings.is_empty() { Self::Passed(None) } else { Self::Failed(distinct(findings)) }
    }

    fn noted(findings: Vec<Finding>, note: impl Into<String>) -> Self {
        if findings.is_empty() { Self::Passed(Some(note.into())) } else { Self::Failed(distinct(findings)) }
    }

    /// The word that people and machines read.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }

    /// What is to be said besides the findings.
    pub fn note(&self) -> Option<&str> {
        match self {
            Self::Passed(note) => note.as_deref(),
            Self::Skipped(why) => Some(why),
            Self::Failed(_) => None,
        }
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Failed(findings) => findings,
            _ => &[],
        }
    }
}

/// The first of those that say the same of several requests: what was asked stands before the first colon.
fn distinct(findings: Vec<Finding>) -> Vec<Finding> {
    let said = |finding: &Finding| {
        finding.message.split_once(": ").map_or(finding.message.clone(), |(_, said)| said.to_owned())
    };
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        if !kept.iter().any(|other| said(other) == said(&finding)) {
            kept.push(finding);
        }
    }
    kept
}

/// One check and what it came to.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// Its name: a stable word.
    pub check: &'static str,
    /// What a plugin should do, in a few words.
    pub expects: &'static str,
    /// What it came to.
    #[serde(flatten, serialize_with = "verdict")]
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    #[serde(rename = "elapsed_ms", serialize_with = "milliseconds")]
    pub elapsed: Duration,
}

fn verdict<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap as _;
    let mut map = serializer.serialize_map(Some(3))?;
    map.serialize_entry("status", verdict.as_str())?;
    map.serialize_entry("note", &verdict.note())?;
    map.serialize_entry("findings", verdict.findings())?;
    map.end()
}

fn milliseconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(elapsed.as_secs_f64() * 1e3)
}

/// What became of a plugin.
#[derive(Debug)]
pub struct Report {
    /// Every check, in the order in which they ran.
    pub checks: Vec<CheckReport>,
    /// No settings are known that the plugin accepts: what depends on them was not seen.
    pub needs_settings: Option<String>,
}

impl Report {
    /// One diagnostic for each finding, and for what is missing to say more.
    pub fn diagnostics(&self, plugin: &Inspected) -> Vec<Diagnostic> {
        let failed =
            self.checks.iter().flat_map(|check| check.verdict.findings().iter().map(move |found| (check, found)));
        let failed = failed.map(|(check, found)| {
            let message = format!("plugin {} fails `{}`: {}", plugin.name(), check.check, found.message);
            Diagnostic::error(&codes::NOT_COMPLIANT, message, &found.help)
        });
        let missing = self.needs_settings.iter().map(|why| {
            Diagnostic::error(
                &codes::NEEDS_SETTINGS,
                format!("plugin {} accepts none of the settings that were made from its schema: {why}", plugin.name()),
                "write settings that it accepts into a file, as a manifest does below `config:`, and name it with --config",
            )
        });
        failed.chain(missing).collect()
    }
}

/// Asks a plugin everything.
///
/// # Errors
/// What is wrong with the settings of the file, or with this machine. What is wrong with the plugin is in the report.
pub fn test(host: &PluginHost, plugin: &Inspected, options: &Options) -> Result<Report, Vec<Diagnostic>> {
    let mut context = Context::new(options).map_err(|error| vec![error])?;
    let mut subject = Subject::new(host, plugin);
    let mut reports: Vec<CheckReport> = Vec::new();
    for check in checks::ALL {
        let begun = Instant::now();
        let loaded = reports.first().is_none_or(|load| matches!(load.verdict, Verdict::Passed(_)));
        let verdict = if loaded {
            (check.run)(&mut subject, &mut context)
        } else {
            Verdict::Skipped("the plugin was not loaded".to_owned())
        };
        reports.push(CheckReport { check: check.name, expects: check.expects, verdict, elapsed: begun.elapsed() });
        if !context.wrong_settings.is_empty() {
            return Err(context.wrong_settings);
        }
    }
    Ok(Report { checks: reports, needs_settings: context.needs_settings })
}
