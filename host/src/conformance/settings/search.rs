//! Finds settings that a plugin accepts: the smallest and the largest, by its schema and by what it says.

use floe_plugin_api::{ErrorKind, PluginError};
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

use super::{Generator, SECRET_EXPRESSION, is_host, is_url, leaves};
use crate::compile::schema::{SettingsSchema, Unknown};
use crate::conformance::Finding;
use crate::conformance::subject::Reply;

/// How often a plugin is asked for the smallest settings, at most.
const PATIENCE: usize = 60;

/// How many values of a property are tried beside others.
const TRIES: usize = 6;

/// Looks for settings by asking for profiles.
pub(in crate::conformance) struct Search<'a> {
    pub(in crate::conformance) generator: Generator<'a>,
    pub(in crate::conformance) schema: &'a SettingsSchema,
    pub(in crate::conformance) validator: &'a Validator,
    /// What the plugin does otherwise than it should on the way.
    pub(in crate::conformance) findings: Vec<Finding>,
}

/// What the search for the smallest settings came to.
pub(in crate::conformance) enum Found {
    /// Settings that the plugin accepts.
    Accepted(Map<String, Value>),
    /// It refuses all, and says this.
    Refused(String),
    /// It does something else; that is among the findings.
    Nothing,
}

/// How a plugin took settings that are valid by its schema.
enum Taken {
    Accepted,
    Refused(PluginError),
    Badly,
}

impl Search<'_> {
    /// Whether settings are valid by the schema.
    pub(in crate::conformance) fn fits(&self, settings: &Value) -> bool {
        let secrets = secret_pointers(settings);
        let unknown = Unknown { references: &secrets, ..Unknown::default() };
        self.schema.check(super::COMPUTE, settings, &unknown, &|_| None).is_empty()
    }

    /// As few settings as the plugin accepts: what its schema requires, and what it asks for when it refuses that.
    pub(in crate::conformance) fn smallest(&mut self, ask: &mut dyn FnMut(&Map<String, Value>) -> Reply) -> Found {
        let mut settings = Map::new();
        for key in self.generator.required() {
            self.add(&mut settings, key);
        }
        for _ in 0..PATIENCE {
            let whole = Value::Object(settings.clone());
            let missing = self.validator.iter_errors(&whole).find_map(|error| missing(&error));
            match missing.filter(|key| !settings.contains_key(key)) {
                Some(key) if self.add(&mut settings, &key) => {}
                _ => break,
            }
        }
        self.accepted(settings, None, ask)
    }

    /// The settings with what says where they lead, as far as the plugin takes it.
    pub(in crate::conformance) fn leading_here(
        &mut self,
        mut settings: Map<String, Value>,
        ask: &mut dyn FnMut(&Map<String, Value>) -> Reply,
    ) -> Map<String, Value> {
        let keys: Vec<&str> = self.generator.properties().map(|(key, _)| key).collect();
        for key in keys.into_iter().filter(|key| is_host(key) || is_url(key) || *key == "port") {
            let mut more = settings.clone();
            if !settings.contains_key(key) && self.add(&mut more, key) && self.fits(&Value::Object(more.clone())) {
                match self.taken(ask(&more), &more) {
                    Taken::Accepted => settings = more,
                    Taken::Refused(_) => {}
                    Taken::Badly => return settings,
                }
            }
        }
        settings
    }

    /// The settings with one key more, and with what the plugin asks for then.
    pub(in crate::conformance) fn with(
        &mut self,
        settings: &Map<String, Value>,
        key: &str,
        ask: &mut dyn FnMut(&Map<String, Value>) -> Reply,
    ) -> Option<Map<String, Value>> {
        let mut more = settings.clone();
        if !self.add(&mut more, key) {
            return None;
        }
        match self.accepted(more, Some(key), ask) {
            Found::Accepted(settings) => Some(settings),
            Found::Refused(_) | Found::Nothing => None,
        }
    }

    /// These settings, changed as the plugin asks for, until it takes them; `keep` stays as it is.
    fn accepted(
        &mut self,
        mut settings: Map<String, Value>,
        keep: Option<&str>,
        ask: &mut dyn FnMut(&Map<String, Value>) -> Reply,
    ) -> Found {
        let mut tried: Vec<Map<String, Value>> = Vec::new();
        let mut said = "no settings could be made that fit its schema".to_owned();
        for _ in 0..PATIENCE {
            if !self.fits(&Value::Object(settings.clone())) {
                break;
            }
            match self.taken(ask(&settings), &settings) {
                Taken::Accepted => return Found::Accepted(settings),
                Taken::Badly => return Found::Nothing,
                Taken::Refused(error) => {
                    tried.push(settings.clone());
                    said.clone_from(&error.message);
                    match self.mended(&settings, &error, keep, &tried) {
                        Some(better) => settings = better,
                        None => break,
                    }
                }
            }
        }
        Found::Refused(said)
    }

    /// As many settings as the plugin accepts at once, beginning with these.
    pub(in crate::conformance) fn largest(
        &mut self,
        settings: &Map<String, Value>,
        ask: &mut dyn FnMut(&Map<String, Value>) -> Reply,
    ) -> Map<String, Value> {
        let mut settings = settings.clone();
        let keys: Vec<&str> = self.generator.properties().map(|(key, _)| key).collect();
        for key in keys {
            if settings.contains_key(key) {
                continue;
            }
            for value in self.generator.candidates(key).into_iter().take(TRIES) {
                let mut more = settings.clone();
                more.insert(key.to_owned(), value);
                if !self.fits(&Value::Object(more.clone())) {
                    continue;
                }
                match self.taken(ask(&more), &more) {
                    Taken::Accepted => {
                        settings = more;
                        break;
                    }
                    Taken::Refused(_) => {}
                    Taken::Badly => return settings,
                }
            }
        }
        settings
    }

    /// Adds the first value of a key that the schema takes; says whether there is one.
    fn add(&self, settings: &mut Map<String, Value>, key: &str) -> bool {
        let is_right = |value: &Value| {
            let mut more = settings.clone();
            more.insert(key.to_owned(), value.clone());
            let more = Value::Object(more);
            let secrets = secret_pointers(&more);
            let mut errors = self.validator.iter_errors(&more).map(|error| error.instance_path().as_str().to_owned());
            !errors.any(|at| {
                at.strip_prefix('/').is_some_and(|at| at.split('/').next() == Some(key)) && !secrets.contains(&at)
            })
        };
        let value = self.generator.candidates(key).into_iter().find(is_right);
        value.map(|value| settings.insert(key.to_owned(), value)).is_some()
    }

    /// The settings with something of what the plugin says about them changed: a key that it names added, taken away, or
    /// given another value.
    fn mended(
        &self,
        settings: &Map<String, Value>,
        error: &PluginError,
        keep: Option<&str>,
        tried: &[Map<String, Value>],
    ) -> Option<Map<String, Value>> {
        let said = format!("{} {}", error.message, error.help.as_deref().unwrap_or_default());
        let words: Vec<&str> = said.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).collect();
        let keys: Vec<&str> = self.generator.properties().map(|(key, _)| key).collect();
        let mut named: Vec<&str> = words.into_iter().filter(|word| keys.contains(word)).collect();
        named.dedup();
        let required = self.generator.required();
        let mut better = Vec::new();
        for key in &named {
            if !settings.contains_key(*key) {
                let mut more = settings.clone();
                if self.add(&mut more, key) {
                    better.push(more);
                }
            }
        }
        for key in named.iter().filter(|key| settings.contains_key(**key) && Some(**key) != keep) {
            if !required.contains(key) {
                let mut less = settings.clone();
                less.remove(*key);
                better.push(less);
            }
            for value in self.generator.candidates(key).into_iter().take(TRIES) {
                let mut other = settings.clone();
                other.insert((*key).to_owned(), value);
                better.push(other);
            }
        }
        better.into_iter().find(|other| !tried.contains(other) && self.fits(&Value::Object(other.clone())))
    }

    fn taken(&mut self, reply: Reply, settings: &Map<String, Value>) -> Taken {
        let what = format!("generate_dbt_profile with {}", shown(settings));
        if let Some(finding) = reply.refused_well(&what) {
            self.findings.push(finding);
            return Taken::Badly;
        }
        let Reply::Refused(error) = reply else { return Taken::Accepted };
        // The reason that `connection_as` gives.
        if error.reason.as_deref() == Some("settings") {
            self.findings.push(Finding::new(
                format!("{what}: the schema accepts these settings and the plugin cannot read them"),
                "derive the schema from the type that the settings are read into (`ConfigSchema::of`)",
            ));
            return Taken::Badly;
        }
        if error.kind != ErrorKind::Configuration {
            self.findings.push(Finding::new(
                format!("{what}: refused with kind {:?}: {}", error.kind, error.message),
                "answer, or refuse settings with an error of kind `Configuration`",
            ));
            return Taken::Badly;
        }
        Taken::Refused(error)
    }
}

/// The names of settings: their values may be long, and are made up.
pub(in crate::conformance) fn shown(settings: &Map<String, Value>) -> String {
    match settings.len() {
        0 => "no settings".to_owned(),
        1..=8 => format!("the settings {}", settings.keys().map(String::as_str).collect::<Vec<_>>().join(", ")),
        many => format!("{many} settings"),
    }
}

/// A key that must be there by the schema, in whatever form is the first that has one.
fn missing(error: &jsonschema::ValidationError<'_>) -> Option<String> {
    if !error.instance_path().as_str().is_empty() {
        return None;
    }
    match error.kind() {
        ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().flatten().find_map(missing)
        }
        _ => None,
    }
}

/// JSON pointers to the expressions that stand for secrets: what the schema says of their form does not count.
fn secret_pointers(settings: &Value) -> Vec<String> {
    let leaves = leaves(settings).into_iter();
    let secrets = leaves.filter(|(_, value)| value.as_str().is_some_and(|text| text.starts_with(SECRET_EXPRESSION)));
    secrets.map(|(pointer, _)| pointer).collect()
}
