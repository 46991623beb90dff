//! The settings at the top of a plugin's schema: which there are, which are secrets, which are required.

use std::collections::BTreeSet;

use floe_plugin_api::ErrorKind;
use serde_json::Value;

use crate::diagnostics::codes::compile::MOUNT_KEYS;
use crate::diagnostics::{Diagnostic, listed};
use crate::documents::Spanned;
use crate::documents::secrets::{SecretMount, is_secret};

/// Deepest chain of `$ref`, `allOf` and the like.
const MAX_DEPTH: usize = 32;

/// The settings at the top of a plugin's schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingKeys {
    /// All of them, as far as the schema names them.
    pub all: BTreeSet<String>,
    /// Those that are secrets.
    pub secret: BTreeSet<String>,
    /// Those without which nothing goes.
    pub required: BTreeSet<String>,
    /// Whether others may stand there too.
    pub is_open: bool,
}

impl SettingKeys {
    /// Those of a schema.
    pub fn of(schema: &Value) -> Self {
        let mut keys = Self { is_open: true, ..Self::default() };
        keys.read(schema, schema, true, 0);
        keys
    }

    /// Reads one of the schemas that apply to the whole; `always` where it does so without a condition.
    fn read(&mut self, schema: &Value, root: &Value, always: bool, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        for (key, setting) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.all.insert(key.clone());
            if is_secret(setting, root) {
                self.secret.insert(key.clone());
            }
        }
        if always {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            self.required.extend(required.filter_map(Value::as_str).map(str::to_owned));
            let closes = |key: &str| schema.get(key) == Some(&Value::Bool(false));
            let has_patterns = schema.get("patternProperties").is_some();
            self.is_open &= has_patterns || !["additionalProperties", "unevaluatedProperties"].into_iter().any(closes);
        }
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        if let Some(target) = target.and_then(|pointer| root.pointer(pointer)) {
            self.read(target, root, always, depth + 1);
        }
        for (keyword, is_certain) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
            for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.read(part, root, always && is_certain, depth + 1);
            }
        }
        for keyword in ["if", "then", "else"] {
            if let Some(part) = schema.get(keyword) {
                self.read(part, root, false, depth + 1);
            }
        }
        for part in
            schema.get("dependentSchemas").and_then(Value::as_object).into_iter().flatten().map(|(_, part)| part)
        {
            self.read(part, root, false, depth + 1);
        }
    }

    /// The settings that a mounted secret holds: those that it names, else the secrets that are required, else the only one.
    ///
    /// # Errors
    /// [`MOUNT_KEYS`] where none of that says which.
    pub fn held_by(
        &self,
        mount: &SecretMount,
        compute: &str,
        plugin: &str,
    ) -> Result<Vec<Spanned<String>>, Box<Diagnostic>> {
        if let Some(keys) = &mount.keys {
            return Ok(keys.clone());
        }
        let required: Vec<&String> = self.secret.intersection(&self.required).collect();
        let files = if required.is_empty() { self.secret.iter().collect() } else { required };
        let is_certain = !self.secret.is_disjoint(&self.required) || files.len() == 1;
        if is_certain {
            return Ok(files.into_iter().map(|key| Spanned::new(key.clone(), mount.span.clone())).collect());
        }
        let name = &mount.name.value;
        let (message, help) = if files.is_empty() {
            (
                format!(
                    "plugin `{plugin}` has no secret at the top of its settings that the secret `{name}` could hold"
                ),
                format!(
                    "write the reference where it belongs: `{{secret: {{source: file, name: {}/{name}, key: KEY}}}}`",
                    crate::documents::secrets::MOUNT_ROOT
                ),
            )
        } else {
            let choices = listed(files.iter().map(|key| key.as_str()));
            (
                format!("which settings of compute `{compute}` the secret `{name}` holds is not said"),
                format!("write `connection_secret_ref: {{name: {name}, keys: […]}}` with some of {choices}"),
            )
        };
        Err(Box::new(
            Diagnostic::error(&MOUNT_KEYS, message, help)
                .at(mount.span.clone())
                .for_compute(compute)
                .of_kind(ErrorKind::Configuration),
        ))
    }
}
