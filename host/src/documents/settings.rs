//! The settings of a compute: floe's own, and the plugin's, which stay as they are until its schema checks them.

use std::collections::BTreeSet;

use super::environments::{may_be_setting, selection};
use super::fields::{self, Problems, wrong_type};
use super::secrets::{self, Reference, SecretMount};
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

/// A mounted Kubernetes secret that holds settings.
pub const SECRET_MOUNT: &str = "connection_secret_ref";

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
    /// A mounted Kubernetes secret that holds some of the plugin's settings.
    pub secret_mount: Option<SecretMount>,
    /// Top-level settings from below the mounted secret, which replaces them.
    pub before_mount: BTreeSet<String>,
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
            secret_mount: None,
            before_mount: BTreeSet::new(),
        }
    }

    /// dbt threads.
    pub fn threads(&self) -> u16 {
        self.threads.as_ref().map_or(DEFAULT_THREADS, |threads| threads.value)
    }

    /// Wall time in seconds that one dbt node may take: a limit without a default is the default.
    pub fn timeout(&self) -> Option<&Spanned<u32>> {
        self.timeout_seconds.as_ref().or(self.max_timeout_seconds.as_ref())
    }

    /// Lays others over these, field by field; what they do not set stays, and who set it.
    pub fn lay(&mut self, over: &Self) {
        if over.secret_mount.is_some() {
            self.before_mount.extend(keys_of(&self.connection));
            self.secret_mount.clone_from(&over.secret_mount);
        }
        for key in keys_of(&over.connection) {
            self.before_mount.remove(&key);
        }
        lay_field(&mut self.threads, over.threads.as_ref());
        lay_field(&mut self.timeout_seconds, over.timeout_seconds.as_ref());
        lay_field(&mut self.connect_timeout_seconds, over.connect_timeout_seconds.as_ref());
        lay_field(&mut self.max_timeout_seconds, over.max_timeout_seconds.as_ref());
        lay_node(&mut self.connection, &over.connection);
    }
}

fn keys_of(connection: &Node) -> impl Iterator<Item = String> + '_ {
    connection.as_map().into_iter().flatten().map(|entry| entry.key.clone())
}

/// A field that is set replaces the one below.
fn lay_field<T: Clone>(under: &mut Option<Spanned<T>>, over: Option<&Spanned<T>>) {
    if let Some(over) = over {
        *under = Some(over.clone());
    }
}

/// Lays one mapping over another, key by key; anything but a mapping, and a reference, is replaced as a whole.
pub(super) fn lay_node(under: &mut Node, over: &Node) {
    let is_secret = |node: &Node| matches!(secrets::recognise(node), Ok(Some(Reference::Secret(_))));
    if is_secret(under) || is_secret(over) {
        *under = over.clone();
        return;
    }
    match (&mut under.kind, &over.kind) {
        (Kind::Map(entries), Kind::Map(overrides)) => {
            for entry in overrides {
                match entries.iter_mut().find(|existing| existing.key == entry.key) {
                    Some(existing) => {
                        lay_node(&mut existing.value, &entry.value);
                        existing.key_span = entry.key_span.clone();
                    }
                    None => entries.push(entry.clone()),
                }
            }
        }
        _ => *under = over.clone(),
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

/// Settings that are a document of their own.
pub(super) fn read_alone(node: Node, problems: &mut Problems) -> Option<ComputeSettings> {
    let entry = Entry { key: "config".to_owned(), key_span: node.span.clone(), value: node };
    read(entry, Where::Config, problems)
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
            (SECRET_MOUNT, _) => settings.secret_mount = secrets::read_mount(entry, problems),
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
