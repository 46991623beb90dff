//! What of settings reaches a profile: expressions in place of secrets.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Reference, SecretRef, recognise};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::documents as codes;
use crate::documents::fields::Problems;
use crate::documents::yaml::{Kind, Node};

/// Settings without a single secret, for schema checks, profiles and artifacts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileSettings {
    /// The settings, with `{{ env_var('…') }}` where secrets are.
    pub value: Value,
    /// The secrets and the variables that stand for them.
    pub secrets: Vec<BoundSecret>,
    /// JSON pointers to values that hold an expression of the user's own: their type is known only to dbt, so that a
    /// schema's complaint about it does not count.
    pub expressions: Vec<String>,
}

/// A secret and the variable that dbt reads it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundSecret {
    /// JSON pointer to the setting.
    pub pointer: String,
    /// The reference.
    pub secret: SecretRef,
    /// Name of the variable.
    pub variable: String,
}

/// The settings of a compute as its profile may hold them. References that cannot be read are reported.
pub fn profile_settings(node: &Node, compute: &str) -> (ProfileSettings, Vec<Diagnostic>) {
    let mut walk = Walk { compute, path: Vec::new(), found: ProfileSettings::default(), problems: Problems::new() };
    walk.found.value = walk.value(node);
    (walk.found, walk.problems)
}

struct Walk<'a> {
    compute: &'a str,
    path: Vec<String>,
    found: ProfileSettings,
    problems: Problems,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node) -> Value {
        match recognise(node) {
            Ok(Some(Reference::Secret(secret))) => {
                let variable = variable_name(self.compute, self.path.iter().map(String::as_str));
                let expression = format!("{{{{ env_var('{variable}') }}}}");
                self.found.secrets.push(BoundSecret { pointer: self.pointer(), secret, variable });
                Value::from(expression)
            }
            Ok(Some(Reference::Template(_))) => {
                self.found.expressions.push(self.pointer());
                node.to_json()
            }
            Ok(None) => self.plain(node),
            Err(problems) => {
                self.problems.extend(problems);
                // Told already; it must not fail a schema check as well.
                self.found.expressions.push(self.pointer());
                Value::from("")
            }
        }
    }

    fn plain(&mut self, node: &Node) -> Value {
        match &node.kind {
            Kind::Seq(items) => {
                items.iter().enumerate().map(|(index, item)| self.below(index.to_string(), item)).collect()
            }
            Kind::Map(entries) => {
                let entries =
                    entries.iter().map(|entry| (entry.key.clone(), self.below(entry.key.clone(), &entry.value)));
                Value::Object(entries.collect::<Map<_, _>>())
            }
            _ => node.to_json(),
        }
    }

    fn below(&mut self, key: String, node: &Node) -> Value {
        self.path.push(key);
        let value = self.value(node);
        self.path.pop();
        value
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for key in &self.path {
            pointer.push('/');
            pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        }
        pointer
    }
}

/// `DBT_ENV_SECRET_FLOE_<OWNER>_<KEY>…`: dbt lets variables of this prefix into profiles and keeps them out of its logs.
///
/// The owner is a compute; [`CATALOG_OWNER`] cannot be one.
pub fn variable_name<'k>(owner: &'k str, keys: impl IntoIterator<Item = &'k str>) -> String {
    let mut name = "DBT_ENV_SECRET_FLOE".to_owned();
    for part in std::iter::once(owner).chain(keys) {
        name.push('_');
        name.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }));
    }
    name
}

/// Owner of the catalog's secrets: no compute has this name, for names begin with a letter.
pub const CATALOG_OWNER: &str = "_catalog";

/// The variables of all computes of one environment: two settings must not share one.
#[derive(Debug, Default)]
pub struct SecretVariables {
    by_name: BTreeMap<String, SecretRef>,
}

impl SecretVariables {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the variable of a setting; an error where another secret has it.
    pub fn add(&mut self, bound: &BoundSecret) -> Result<(), Box<Diagnostic>> {
        let Some(first) = self.by_name.get(&bound.variable) else {
            self.by_name.insert(bound.variable.clone(), bound.secret.clone());
            return Ok(());
        };
        if first.same_value(&bound.secret) {
            return Ok(());
        }
        Err(Box::new(
            Diagnostic::error(
                &codes::SECRET_CLASH,
                format!("two secrets would share the variable `{}`", bound.variable),
                "rename one of the computes, or write \"{{ env_var('NAME') }}\", which keeps its own name",
            )
            .labelled(bound.secret.span.clone(), "the second")
            .labelled(first.span.clone(), "the first"),
        ))
    }

    /// The variables and their secrets, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretRef)> {
        self.by_name.iter().map(|(name, secret)| (name.as_str(), secret))
    }
}
