//! A compute's settings against its plugin's JSON Schema, with errors in the words of the file.

use std::fmt;
use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use super::manifest_schema::{Values, translate};
use crate::diagnostics::codes::compile::{SCHEMA_INVALID, SETTING_INVALID, SETTING_MISSING, SETTING_UNKNOWN};
use crate::diagnostics::{Diagnostic, Span, did_you_mean};

/// Finds where a setting stands, by its JSON pointer: its key, and its value.
pub type Places<'a> = &'a dyn Fn(&str) -> Option<(Span, Span)>;

/// Values that only dbt, or nobody before a live check, will know: what a schema says of them does not count. All are
/// JSON pointers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unknown<'a> {
    /// Expressions of the user's own: they may come to a value of any type.
    pub expressions: &'a [String],
    /// References to secrets: they come to a text, of any form.
    pub references: &'a [String],
    /// Secrets that are written out: told already, with all that is below them.
    pub refused: &'a [String],
}

impl Unknown<'_> {
    /// Whether an error is about such a value, and about nothing else.
    fn excuses(&self, error: &ValidationError<'_>) -> bool {
        let pointer = error.instance_path().as_str();
        let is = |pointers: &[String]| pointers.iter().any(|other| other == pointer);
        let below = |other: &String| pointer.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if is(self.expressions) || is(self.refused) || self.refused.iter().any(below) {
            return true;
        }
        match error.kind() {
            // One form that has nothing against it but what is not known fits.
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                context.iter().any(|branch| branch.iter().all(|error| self.excuses(error)))
            }
            ValidationErrorKind::Type { .. } => false,
            _ => is(self.references),
        }
    }
}

/// What the settings of a compute are checked against.
pub struct SettingsSchema {
    plugin: String,
    whole: Checked,
    /// For settings of which another layer holds the rest; `None` where the schema does not say that much.
    layer: OnceLock<Option<Checked>>,
}

impl fmt::Debug for SettingsSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsSchema").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

/// A schema and its validator.
struct Checked {
    schema: Value,
    validator: Validator,
}

impl SettingsSchema {
    /// Prepares a plugin's schema.
    ///
    /// # Errors
    /// [`SCHEMA_INVALID`] where it is none.
    pub fn new(plugin: &str, schema: Value) -> Result<Self, Diagnostic> {
        let validator = jsonschema::validator_for(&schema).map_err(|error| {
            Diagnostic::error(
                &SCHEMA_INVALID,
                format!(
                    "the settings schema of plugin `{plugin}` is no JSON Schema: {}",
                    shortened(&error.to_string())
                ),
                "this is a defect of the plugin: tell its vendor, or install another version",
            )
        })?;
        Ok(Self { plugin: plugin.to_owned(), whole: Checked { schema, validator }, layer: OnceLock::new() })
    }

    /// The schema itself.
    pub fn as_value(&self) -> &Value {
        &self.whole.schema
    }

    /// Whether it names a setting, at the top: not whether it would let one of that name pass.
    pub fn declares(&self, key: &str) -> bool {
        let property = self.resolved(self.as_value()).and_then(|root| root.get("properties")?.get(key));
        property.is_some_and(|property| *property != Value::Bool(false))
    }

    /// Everything that is wrong with the settings, in which secrets stand as dbt's `env_var` expressions.
    pub fn check(&self, compute: &str, settings: &Value, unknown: &Unknown<'_>, places: Places<'_>) -> Vec<Diagnostic> {
        self.check_against(&self.whole, compute, settings, unknown, places)
    }

    /// As [`SettingsSchema::check`], of a part of the settings.
    pub fn check_layer(
        &self,
        compute: &str,
        settings: &Value,
        unknown: &Unknown<'_>,
        places: Places<'_>,
    ) -> Vec<Diagnostic> {
        let layer = self.layer.get_or_init(|| {
            let schema = translate(self.as_value(), "plugin", Values::Plain).ok()?.into_document();
            let validator = jsonschema::draft202012::new(&schema).ok()?;
            Some(Checked { schema, validator })
        });
        layer.as_ref().map(|layer| self.check_against(layer, compute, settings, unknown, places)).unwrap_or_default()
    }

    fn check_against(
        &self,
        checked: &Checked,
        compute: &str,
        settings: &Value,
        unknown: &Unknown<'_>,
        places: Places<'_>,
    ) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for error in checked.validator.iter_errors(settings) {
            if !unknown.excuses(&error) && !self.is_misspelt(&error, settings) {
                self.describe(compute, &error, unknown, places, &mut found);
            }
        }
        found
    }

    fn describe(
        &self,
        compute: &str,
        error: &ValidationError<'_>,
        unknown: &Unknown<'_>,
        places: Places<'_>,
        found: &mut Vec<Diagnostic>,
    ) {
        let pointer = error.instance_path().as_str();
        let name = name(pointer);
        let help = format!("`floe schema plugin {}` prints what each setting takes", self.plugin);
        let mut add = |diagnostic: Diagnostic, place: Option<Span>| {
            let diagnostic = diagnostic.for_compute(compute).of_kind(floe_plugin_api::ErrorKind::Configuration);
            found.push(match place {
                Some(span) => diagnostic.at(span),
                None => diagnostic,
            });
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for key in unexpected {
                    let allowed = self.allowed_keys(error.schema_path().as_str());
                    let inside = if pointer.is_empty() { String::new() } else { format!(" below `{name}`") };
                    add(
                        Diagnostic::error(
                            &SETTING_UNKNOWN,
                            format!("`{key}` is no setting of plugin `{}`{inside}", self.plugin),
                            unknown_help(key, &allowed, &help, self.elsewhere(key).as_deref()),
                        ),
                        places(&format!("{pointer}/{}", escape(key))).map(|(key, _)| key),
                    );
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let inside = if pointer.is_empty() { String::new() } else { format!(" below `{name}`") };
                add(
                    Diagnostic::error(
                        &SETTING_MISSING,
                        format!("compute `{compute}` lacks `{key}`{inside}, which plugin `{}` requires", self.plugin),
                        format!("add `{key}: …`; {help}"),
                    ),
                    places(pointer).map(|(key, _)| key),
                );
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                match best_branch(context) {
                    Some(branch) => branch
                        .iter()
                        .filter(|error| !unknown.excuses(error))
                        .for_each(|error| self.describe(compute, error, unknown, places, found)),
                    None => add(
                        Diagnostic::error(
                            &SETTING_INVALID,
                            format!("`{name}` has none of the forms that it may take"),
                            help,
                        ),
                        places(pointer).map(|(_, value)| value),
                    ),
                }
            }
            kind => {
                let expected = expected(kind);
                // The value is not shown: it may be a secret in the wrong place.
                add(
                    Diagnostic::error(&SETTING_INVALID, format!("`{name}` takes {expected}"), help),
                    places(pointer).map(|(_, value)| value),
                );
            }
        }
    }

    /// Whether a key is missing because it is misspelt, which is told of the wrong one.
    fn is_misspelt(&self, error: &ValidationError<'_>, settings: &Value) -> bool {
        let ValidationErrorKind::Required { property } = error.kind() else { return false };
        let allowed = self.allowed_keys(error.schema_path().as_str());
        let written = settings.pointer(error.instance_path().as_str()).and_then(Value::as_object);
        let mut unknown =
            written.into_iter().flat_map(|object| object.keys()).filter(|key| !allowed.contains(&key.as_str()));
        property.as_str().is_some_and(|property| {
            unknown.any(|key| {
                self.elsewhere(key).is_none() && did_you_mean(key, allowed.iter().copied()) == Some(property)
            })
        })
    }

    /// The keys of the object one of whose keywords (`additionalProperties`, `required`) failed.
    fn allowed_keys(&self, keyword_path: &str) -> Vec<&str> {
        let object = keyword_path.rsplit_once('/').map_or("", |(object, _)| object);
        self.as_value()
            .pointer(object)
            .and_then(|schema| schema.get("properties"))
            .and_then(Value::as_object)
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }

    /// Where a key that is unknown here does belong: one level below.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let properties = self.as_value().get("properties")?.as_object()?;
        properties.iter().find_map(|(outer, schema)| {
            let inner = self.resolved(schema)?.get("properties")?.as_object()?;
            inner.contains_key(key).then(|| format!("{outer}: {{{key}: …}}"))
        })
    }

    /// The object schema behind `$ref` or `anyOf: [$ref, null]`.
    fn resolved<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.as_value().pointer(reference.strip_prefix('#')?);
        }
        match schema.get("anyOf").and_then(Value::as_array) {
            Some(branches) => branches.iter().find_map(|branch| {
                branch.get("$ref").and_then(Value::as_str).and_then(|to| self.as_value().pointer(to.strip_prefix('#')?))
            }),
            None => Some(schema),
        }
    }
}

/// The validator quotes the schema, of which a plugin may write as much as it likes.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 300 { line } else { line.chars().take(299).chain(['…']).collect() }
}

/// `settings.memory_limit` for `/settings/memory_limit`; `config` for the whole.
fn name(pointer: &str) -> String {
    if pointer.is_empty() {
        return "config".to_owned();
    }
    pointer
        .trim_start_matches('/')
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect::<Vec<_>>()
        .join(".")
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unknown_help(key: &str, allowed: &[&str], help: &str, elsewhere: Option<&str>) -> String {
    if let Some(place) = elsewhere {
        return format!("write it as `{place}`; {help}");
    }
    match did_you_mean(key, allowed.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {help}"),
        None if allowed.is_empty() => help.to_owned(),
        None => format!("it takes {}; {help}", allowed.join(", ")),
    }
}

/// Of the forms that a value may take, the one that it comes nearest to: where the first error lies deepest, and then the
/// one with the fewest errors. A form of another type than the value says nothing.
fn best_branch<'a>(context: &'a [Vec<ValidationError<'static>>]) -> Option<&'a [ValidationError<'static>]> {
    let other_type = |branch: &[ValidationError<'_>]| {
        branch.iter().any(|error| {
            matches!(error.kind(), ValidationErrorKind::Type { .. })
                && error.instance_path() == branch[0].instance_path()
        })
    };
    let depth = |branch: &[ValidationError<'_>]| {
        branch.iter().map(|error| error.instance_path().as_str().matches('/').count()).max().unwrap_or(0)
    };
    let candidates: Vec<&Vec<_>> = context.iter().filter(|branch| !branch.is_empty()).collect();
    let fitting = candidates.iter().copied().filter(|branch| !other_type(branch));
    fitting
        .max_by_key(|branch| (depth(branch), std::cmp::Reverse(branch.len())))
        .or_else(|| candidates.iter().copied().find(|branch| !is_null_form(branch)))
        .map(Vec::as_slice)
}

/// The form `null` of an optional setting.
fn is_null_form(branch: &[ValidationError<'_>]) -> bool {
    branch.iter().any(|error| matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null"))
}

/// What the setting takes, in plain words.
fn expected(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => type_name(&kind.to_string()).to_owned(),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(kinds) } => {
            let names: Vec<_> = kinds.iter().map(|kind| kind.to_string()).filter(|kind| kind != "null").collect();
            names.iter().map(|kind| type_name(kind)).collect::<Vec<_>>().join(" or ")
        }
        ValidationErrorKind::Enum { options } => {
            let words = options.as_array().into_iter().flatten().filter(|option| !option.is_null());
            format!("one of {}", words.map(plain).collect::<Vec<_>>().join(", "))
        }
        ValidationErrorKind::Constant { expected_value } => plain(expected_value),
        ValidationErrorKind::Minimum { limit } => format!("a number not below {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("a number not above {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("a number above {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("a number below {limit}"),
        ValidationErrorKind::MinLength { limit: 1 } => "a text that is not empty".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("a text of at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("a text of at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("at least {limit} entries"),
        ValidationErrorKind::MaxItems { limit } => format!("at most {limit} entries"),
        ValidationErrorKind::UniqueItems => "entries that differ from each other".to_owned(),
        ValidationErrorKind::Pattern { pattern } => format!("a text that matches {pattern}"),
        ValidationErrorKind::Format { format } => format!("a text in the format {format}"),
        kind => format!("something else (the schema's `{}`)", kind.keyword()),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn type_name(kind: &str) -> &str {
    match kind {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping of keys to values",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(schema: Value, settings: &Value) -> Vec<String> {
        let schema = SettingsSchema::new("nimbus", schema).unwrap();
        let found = schema.check("warehouse", settings, &Unknown::default(), &|_| None);
        found.into_iter().map(|error| format!("{} {} | {}", error.code.id, error.message, error.help)).collect()
    }

    fn schema() -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["host"],
            "properties": {
                "host": {"type": "string", "minLength": 1},
                "port": {"type": ["integer", "null"], "minimum": 1, "maximum": 65535},
                "password": {"type": "string", "x-floe-secret": true},
                "settings": {"anyOf": [{"$ref": "#/$defs/Settings"}, {"type": "null"}]},
                "mode": {"enum": ["fast", "safe", null]},
            },
            "$defs": {"Settings": {
                "type": "object", "additionalProperties": false, "properties": {"memory_limit": {"type": "string"}},
            }},
        })
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let settings = json!({"hots": "h", "port": "many", "mode": "quick", "memory_limit": "2GB", "settings": {"memory_limit": 2}});
        insta::assert_snapshot!(messages(schema(), &settings).join("\n"));
    }

    #[test]
    fn a_key_one_level_too_deep_or_misspelt_there_is_found() {
        let settings = json!({"host": "h", "settings": {"memory_limt": "2GB"}});
        insta::assert_snapshot!(messages(schema(), &settings).join("\n"));
    }

    #[test]
    fn what_an_expression_comes_to_is_not_judged_however_deep_it_stands() {
        let schema = SettingsSchema::new(
            "nimbus",
            json!({
                "properties": {"retries": {"anyOf": [{"$ref": "#/$defs/Retries"}, {"type": "null"}]}},
                "$defs": {"Retries": {"type": "object", "properties": {
                    "attempts": {"type": "integer"}, "wait": {"type": "integer"},
                }}},
            }),
        );
        let schema = schema.unwrap();
        let check = |settings: Value, expressions: &[&str]| {
            let expressions: Vec<String> = expressions.iter().map(ToString::to_string).collect();
            let unknown = Unknown { expressions: &expressions, ..Unknown::default() };
            let found = schema.check("w", &settings, &unknown, &|_| None);
            found.into_iter().map(|error| error.message).collect::<Vec<_>>()
        };
        let expression = "{{ env_var('N') | int }}";
        assert!(check(json!({"retries": {"attempts": expression}}), &["/retries/attempts"]).is_empty());
        assert_eq!(
            check(json!({"retries": {"attempts": expression, "wait": "long"}}), &["/retries/attempts"]),
            ["`retries.wait` takes a whole number"]
        );
    }

    #[test]
    fn a_secret_is_a_text_of_any_form_and_a_refused_one_is_told_once() {
        let schema = SettingsSchema::new(
            "nimbus",
            json!({"properties": {
                "key": {"type": "string", "minLength": 100, "x-floe-secret": true}, "port": {"type": "integer"},
            }}),
        );
        let schema = schema.unwrap();
        let settings = json!({"key": "{{ env_var('A') }}", "port": "{{ env_var('B') }}"});
        let pointers = ["/key".to_owned(), "/port".to_owned()];
        let unknown = Unknown { references: &pointers, ..Unknown::default() };
        let found = schema.check("w", &settings, &unknown, &|_| None);
        assert_eq!(found.len(), 1, "a port is never a text: {found:?}");
        let unknown = Unknown { refused: &pointers, ..Unknown::default() };
        assert!(schema.check("w", &json!({"key": {"a": 1}, "port": "x"}), &unknown, &|_| None).is_empty());
    }

    #[test]
    fn a_schema_that_leads_back_to_itself_costs_an_error_at_most() {
        for schema in [json!({"$ref": "#"}), json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}})] {
            let _ = SettingsSchema::new("nimbus", schema)
                .map(|schema| schema.check("w", &json!({"a": 1}), &Unknown::default(), &|_| None));
        }
        let far = json!({"$ref": "https://schemas.example/floe.json"});
        assert_eq!(SettingsSchema::new("nimbus", far).err().unwrap().code.id, "F0404");
        let near = json!({"$ref": "file:///etc/hostname"});
        assert_eq!(SettingsSchema::new("nimbus", near).err().unwrap().code.id, "F0404");
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let error = SettingsSchema::new("nimbus", json!({"type": "strnig"})).err().unwrap();
        insta::assert_snapshot!(error.to_text("id"));
    }

    #[test]
    fn a_required_setting_is_missed() {
        insta::assert_snapshot!(messages(schema(), &json!({"port": 1})).join("\n"));
    }
}
