//! The settings of a compute: floe's own, and the plugin's, which stay as they are until its schema checks them.

use super::environments::{may_be_setting, selection};
use super::fields::{self, Problems, wrong_type};
use super::spanned::Spanned;
use super::yaml::{Entry, Kind, Node};
use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span};

/// dbt threads where nothing is set.
pub const DEFAULT_THREADS: u16 = 4;
/// Most dbt threads.
pub const MAX_THREADS: u16 = 64;
/// Longest timeout, in seconds: a day.
pub const MAX_TIMEOUT: u32 = 86_400;

/// floe's own keys; all others are the plugin's.
pub const FLOE_KEYS: &[&str] = &["threads", "timeout_seconds", "connect_timeout_seconds", "max_timeout_seconds"];

/// What `config` of a compute, or a connection of an environment, sets.
#[derive(Debug, Clone, PartialEq)]
pub struct ComputeSettings {
    /// Where they stand.
    pub span: Span,
    /// dbt threads, 1 to 64.
    pub threads: Option<Spanned<u16>>,
    /// Seconds that one dbt node may take: a default.
    pub timeout_seconds: Option<Spanned<u32>>,
    /// Seconds that opening a connection may take.
    pub connect_timeout_seconds: Option<Spanned<u32>>,
    /// What no timeout may exceed. Never set in an environment.
    pub max_timeout_seconds: Option<Spanned<u32>>,
    /// The plugin's settings: always a mapping.
    pub connection: Node,
}

impl ComputeSettings {
    /// Nothing set, at a place.
    pub fn empty(span: Span) -> Self {
        Self {
            connection: Node::empty_map(span.clone()),
            span,
            threads: None,
            timeout_seconds: None,
            connect_timeout_seconds: None,
            max_timeout_seconds: None,
        }
    }
}

/// Where settings stand.
#[derive(Clone, Copy)]
pub(super) enum Where<'a> {
    /// `config` of a compute.
    Config,
    /// A connection of this environment.
    Environment(&'a str),
}

pub(super) fn read(entry: Entry, place: Where<'_>, problems: &mut Problems) -> Option<ComputeSettings> {
    let Kind::Map(entries) = entry.value.kind else {
        // `config:` with nothing below it is what is left when all settings are commented out.
        if matches!((&entry.value.kind, place), (Kind::Null, Where::Config)) {
            return Some(ComputeSettings::empty(entry.key_span));
        }
        let help = "write its settings: `key: value` lines, indented below it";
        problems.push(wrong_type(&format!("`{}`", entry.key), "a mapping", &entry.value, help));
        return None;
    };
    let mut settings = ComputeSettings::empty(entry.value.span);
    let mut connection = Vec::with_capacity(entries.len());
    for entry in entries {
        match (entry.key.as_str(), place) {
            ("threads", _) => settings.threads = fields::number(&entry, 1..=MAX_THREADS, problems),
            ("timeout_seconds", _) => settings.timeout_seconds = fields::number(&entry, 1..=MAX_TIMEOUT, problems),
            ("connect_timeout_seconds", _) => {
                settings.connect_timeout_seconds = fields::number(&entry, 1..=MAX_TIMEOUT, problems);
            }
            ("max_timeout_seconds", Where::Config) => {
                settings.max_timeout_seconds = fields::number(&entry, 1..=MAX_TIMEOUT, problems);
            }
            ("max_timeout_seconds", Where::Environment(_)) => problems.push(limit_in_environment(&entry)),
            (_, Where::Environment(environment)) => match selection(&entry, environment) {
                Some(refused) if !may_be_setting(&entry) => problems.push(refused),
                _ => connection.push(entry),
            },
            (_, Where::Config) => connection.push(entry),
        }
    }
    settings.connection.kind = Kind::Map(connection);
    check_timeout(&settings, problems);
    Some(settings)
}

fn check_timeout(settings: &ComputeSettings, problems: &mut Problems) {
    let (Some(timeout), Some(max)) = (&settings.timeout_seconds, &settings.max_timeout_seconds) else { return };
    if timeout.value > max.value {
        problems.push(
            Diagnostic::error(
                &codes::TIMEOUT_OVER_MAX,
                format!("`timeout_seconds` is {}, over the limit of {}", timeout.value, max.value),
                "lower `timeout_seconds`, or raise `max_timeout_seconds`",
            )
            .labelled(timeout.span.clone(), "the default")
            .labelled(max.span.clone(), "the limit"),
        );
    }
}

fn limit_in_environment(entry: &Entry) -> Diagnostic {
    Diagnostic::error(
        &crate::diagnostics::codes::documents::UNKNOWN_KEY,
        "`max_timeout_seconds` is a limit for all environments",
        "set it in the compute's `config`; an environment may set `timeout_seconds`",
    )
    .at(entry.key_span.clone())
}
