//! The values of secrets, for a live check and for the environment of a dbt that floe starts. Never for a file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::Secret;
use serde::Serialize;
use serde_json::{Map, Value};

use super::template::{EnvVar, Filter, Part, Template};
use super::{Reference, SecretRef, SecretSource, recognise, sounds_secret};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::Problems;
use crate::documents::yaml::{Kind, Node};

/// Longest secret in a file: a key with its chain of certificates fits many times.
const MAX_BYTES: u64 = 1 << 20;

/// Where values are looked up.
pub struct Surroundings<'a> {
    /// The dbt project's folder: relative paths of files count from it.
    pub project_dir: &'a Utf8Path,
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Surroundings<'a> {
    /// Those of this process.
    pub fn of_process(project_dir: &'a Utf8Path) -> Self {
        Self { project_dir, variable: &|name| std::env::var(name).ok() }
    }
}

/// Settings with the values of their secrets. `Debug` shows none of them.
pub struct Resolved {
    /// The settings.
    pub value: Value,
    /// Every value that was looked up.
    pub secrets: Vec<ResolvedSecret>,
}

/// A value that was looked up.
#[derive(Debug, Clone)]
pub struct ResolvedSecret {
    /// JSON pointer to the setting.
    pub pointer: String,
    /// The value.
    pub value: Secret,
    /// Whether it was written as `{secret: …}`, or as a variable that dbt treats as one or that is called as secrets are;
    /// other variables may well be a user's name or a port.
    pub is_secret: bool,
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

/// Looks up all references in settings. What is missing is reported; its value is then empty.
pub fn resolve_settings(node: &Node, surroundings: &Surroundings<'_>) -> (Resolved, Vec<Diagnostic>) {
    let mut walk = Walk { surroundings, secrets: Vec::new(), problems: Problems::new() };
    let value = walk.value(node, "");
    (Resolved { value, secrets: walk.secrets }, walk.problems)
}

/// Whether a value is there, without the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It is there.
    Set,
    /// It is not there, or empty, and its default counts.
    Default,
    /// It is not there, or empty.
    Missing,
    /// Its file is there and cannot be read, or holds no text.
    Unreadable,
}

impl EnvVar {
    /// Whether the variable is there.
    pub fn availability(&self, surroundings: &Surroundings<'_>) -> Availability {
        match ((surroundings.variable)(&self.name), &self.default) {
            (Some(_), _) => Availability::Set,
            (None, Some(_)) => Availability::Default,
            (None, None) => Availability::Missing,
        }
    }
}

impl SecretRef {
    /// Whether the value is there.
    pub fn availability(&self, surroundings: &Surroundings<'_>) -> Availability {
        if self.resolve(surroundings).is_ok() {
            return Availability::Set;
        }
        let is_there = || match self.file(surroundings).symlink_metadata() {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
        };
        match self.source {
            SecretSource::File if is_there() => Availability::Unreadable,
            _ => Availability::Missing,
        }
    }

    /// The path of its file.
    pub fn file(&self, surroundings: &Surroundings<'_>) -> Utf8PathBuf {
        let path = surroundings.project_dir.join(&self.name);
        self.key.as_ref().map_or(path.clone(), |key| path.join(key))
    }

    /// Looks up the value.
    pub fn resolve(&self, surroundings: &Surroundings<'_>) -> Result<Secret, Box<Diagnostic>> {
        match self.source {
            SecretSource::Env => variable(&self.name, &self.span, surroundings).map(Secret::new),
            SecretSource::File => self.read_file(surroundings),
        }
    }

    fn read_file(&self, surroundings: &Surroundings<'_>) -> Result<Secret, Box<Diagnostic>> {
        let path = self.file(surroundings);
        let failed = |why: &str| {
            let help = "mount the secret there, and let the user that runs floe read it";
            Box::new(missing(format!("the secret's file `{path}` {why}"), help, &self.span))
        };
        let read = || -> std::io::Result<Option<String>> {
            let metadata = std::fs::metadata(&path)?;
            if !metadata.is_file() {
                return Ok(None);
            }
            let mut text = String::new();
            File::open(&path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
            Ok(Some(text))
        };
        match read() {
            Ok(None) if self.key.is_none() => {
                Err(failed("is no file; for a folder add `key`, the name of a file in it"))
            }
            Ok(None) => Err(failed("is no file")),
            Ok(Some(text)) if text.len() as u64 > MAX_BYTES => Err(failed("is longer than 1 MiB")),
            // Editors and `echo` end a file with a line break that is not part of the secret.
            Ok(Some(text)) => match text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text)) {
                Some(text) if !text.is_empty() => Ok(Secret::new(text)),
                None if !text.is_empty() => Ok(Secret::new(text)),
                _ => Err(failed("is empty")),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(failed("does not exist")),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(failed("is not UTF-8 text")),
            Err(error) => Err(failed(&format!("cannot be read: {error}"))),
        }
    }
}

impl Template {
    /// Looks up its variables.
    pub fn resolve(&self, surroundings: &Surroundings<'_>) -> Result<Value, Box<Diagnostic>> {
        if let [Part::EnvVar(only)] = self.parts.as_slice() {
            let text = self.lookup(only, surroundings)?;
            return match only.filter {
                Some(Filter::Number) => text
                    .trim()
                    .parse::<i64>()
                    .map(Value::from)
                    .map_err(|_| Box::new(self.unfit(only, "a whole number"))),
                Some(Filter::Bool) => match text.trim().to_ascii_lowercase().as_str() {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    _ => Err(Box::new(self.unfit(only, "true or false"))),
                },
                Some(Filter::Text) | None => Ok(Value::from(text)),
            };
        }
        let mut whole = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => whole.push_str(text),
                Part::EnvVar(variable) => whole.push_str(&self.lookup(variable, surroundings)?),
            }
        }
        Ok(Value::from(whole))
    }

    fn lookup(&self, env_var: &EnvVar, surroundings: &Surroundings<'_>) -> Result<String, Box<Diagnostic>> {
        match (&env_var.default, (surroundings.variable)(&env_var.name)) {
            // As in dbt: set to nothing is set, and a default is for what is not set.
            (_, Some(value)) => Ok(value),
            (Some(default), None) => Ok(default.clone()),
            (None, None) => variable(&env_var.name, &self.span, surroundings),
        }
    }

    fn unfit(&self, env_var: &EnvVar, expected: &str) -> Diagnostic {
        let message = format!("the environment variable `{}` is not {expected}", env_var.name);
        missing(message, "correct the variable, or remove the filter behind `|`", &self.span)
    }
}

fn variable(name: &str, span: &Span, surroundings: &Surroundings<'_>) -> Result<String, Box<Diagnostic>> {
    let help = format!("set it for this command: `export {name}=…`");
    match (surroundings.variable)(name) {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => Err(Box::new(missing(format!("the environment variable `{name}` is empty"), &help, span))),
        None => Err(Box::new(missing(format!("the environment variable `{name}` is not set"), &help, span))),
    }
}

fn missing(message: String, help: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(&codes::SECRET_MISSING, message, help).at(span.clone())
}

struct Walk<'a> {
    surroundings: &'a Surroundings<'a>,
    secrets: Vec<ResolvedSecret>,
    problems: Problems,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, pointer: &str) -> Value {
        let resolved = match recognise(node) {
            Ok(None) => return self.plain(node, pointer),
            Ok(Some(Reference::Secret(secret))) => {
                secret.resolve(self.surroundings).map_err(|error| vec![*error]).map(|value| {
                    let text = Value::from(value.expose());
                    self.secrets.push(ResolvedSecret { pointer: pointer.to_owned(), value, is_secret: true });
                    text
                })
            }
            Ok(Some(Reference::Template(template))) => {
                self.note(&template, pointer);
                template.resolve(self.surroundings).map_err(|error| vec![*error])
            }
            Err(problems) => Err(problems),
        };
        resolved.unwrap_or_else(|problems| {
            self.problems.extend(problems);
            Value::from("")
        })
    }

    /// Each variable by itself: who prints a password prints it without the text around it.
    fn note(&mut self, template: &Template, pointer: &str) {
        for variable in template.variables() {
            let Ok(text) = template.lookup(variable, self.surroundings) else { continue };
            let is_secret = variable.name.starts_with("DBT_ENV_SECRET") || sounds_secret(&variable.name);
            self.secrets.push(ResolvedSecret { pointer: pointer.to_owned(), value: Secret::new(text), is_secret });
        }
    }

    fn plain(&mut self, node: &Node, pointer: &str) -> Value {
        match &node.kind {
            Kind::Seq(items) => {
                items.iter().enumerate().map(|(index, item)| self.value(item, &format!("{pointer}/{index}"))).collect()
            }
            Kind::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    let key = entry.key.replace('~', "~0").replace('/', "~1");
                    map.insert(entry.key.clone(), self.value(&entry.value, &format!("{pointer}/{key}")));
                }
                Value::Object(map)
            }
            _ => node.to_json(),
        }
    }
}
