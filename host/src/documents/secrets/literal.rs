//! A secret that is written out, where the plugin's schema says that it is one.

use floe_plugin_api::SECRET_KEYWORD;
use serde_json::{Map, Value, json};

use super::template::Template;
use super::{Reference, recognise, sounds_secret};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::yaml::{Entry, Kind, Node};

/// Deepest chain of `$ref`, `anyOf` and the like.
const MAX_DEPTH: usize = 32;

/// Reports each literal in `settings` that `schema` (a plugin's) marks with `x-floe-secret`. Its text is shown nowhere
/// from then on, in no diagnostic of the file.
pub fn refuse_literals(settings: &Node, schema: &Value, compute: &str) -> Vec<Diagnostic> {
    walk(settings, schema, compute).problems
}

/// JSON pointers to all settings that hold something and are secrets by a plugin's schema, however they are written.
pub fn secret_pointers(settings: &Node, schema: &Value) -> Vec<String> {
    walk(settings, schema, "").pointers
}

/// JSON pointers to what should be a reference: secrets by a plugin's schema, and texts under keys that it does not name
/// and that are called as secrets are.
pub fn likely_secret_pointers(settings: &Node, schema: &Value) -> Vec<String> {
    let mut walk = Walk { by_name: true, ..Walk::new(schema, "") };
    walk.node(settings, None, &[schema]);
    walk.pointers
}

/// Whether a schema marks the value itself as a secret; `root` is the document that its `$ref` lead into.
pub fn is_secret(schema: &Value, root: &Value) -> bool {
    let walk = Walk::new(root, "");
    let mut all = Vec::new();
    walk.expand(schema, 0, &mut all);
    all.iter().any(|schema| marks_secret(schema))
}

fn marks_secret(schema: &Value) -> bool {
    schema.get(SECRET_KEYWORD) == Some(&Value::Bool(true))
}

fn walk<'a>(settings: &Node, schema: &'a Value, compute: &'a str) -> Walk<'a> {
    let mut walk = Walk::new(schema, compute);
    walk.node(settings, None, &[schema]);
    walk
}

struct Walk<'a> {
    root: &'a Value,
    compute: &'a str,
    /// Whether a key that no schema names counts by what it is called.
    by_name: bool,
    /// Of the setting that is looked at.
    pointer: String,
    pointers: Vec<String>,
    problems: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Value, compute: &'a str) -> Self {
        Self { root, compute, by_name: false, pointer: String::new(), pointers: Vec::new(), problems: Vec::new() }
    }

    fn node(&mut self, node: &Node, entry: Option<&Entry>, schemas: &[&'a Value]) {
        let mut all = Vec::new();
        for schema in schemas {
            self.expand(schema, 0, &mut all);
        }
        if all.iter().any(|schema| marks_secret(schema)) {
            if !matches!(node.kind, Kind::Null) {
                self.pointers.push(self.pointer.clone());
            }
            self.secret(node, entry);
            return;
        }
        match &node.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    let key = entry.key.replace('~', "~0").replace('/', "~1");
                    let is_text = matches!(entry.value.kind, Kind::Str(_));
                    if self.by_name && is_text && sounds_secret(&entry.key) && !is_named(&all, &entry.key) {
                        self.pointers.push(format!("{}/{key}", self.pointer));
                        continue;
                    }
                    self.below(&key, &entry.value, Some(entry), &properties(&all, &entry.key));
                }
            }
            Kind::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(&index.to_string(), item, entry, &item_schemas(&all, index));
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, key: &str, node: &Node, entry: Option<&Entry>, schemas: &[&'a Value]) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(key);
        self.node(node, entry, schemas);
        self.pointer.truncate(length);
    }

    /// A schema with all that may apply beside it.
    fn expand(&self, schema: &'a Value, depth: usize, all: &mut Vec<&'a Value>) {
        if depth > MAX_DEPTH || all.len() > 1000 {
            return;
        }
        all.push(schema);
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
        if let Some(target) = target.and_then(|pointer| self.root.pointer(pointer)) {
            self.expand(target, depth + 1, all);
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            for part in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.expand(part, depth + 1, all);
            }
        }
        for keyword in ["if", "then", "else"] {
            if let Some(part) = schema.get(keyword) {
                self.expand(part, depth + 1, all);
            }
        }
        for part in schema.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values) {
            self.expand(part, depth + 1, all);
        }
    }

    fn secret(&mut self, node: &Node, entry: Option<&Entry>) {
        let why = match (recognise(node), &node.kind) {
            // What cannot be read is reported where it is read.
            (_, Kind::Null) | (Ok(Some(Reference::Secret(_))), _) | (Err(_), Kind::Map(_)) => return,
            (Ok(Some(Reference::Template(template))), _) => match default_span(&template) {
                Some(_) => "its default is written out in plain text",
                None => return,
            },
            _ => "it is written out in plain text",
        };
        node.span.hide();
        let key = entry.map_or("secret", |entry| entry.key.as_str());
        let place = entry.map_or_else(|| node.span.clone(), |entry| entry.key_span.clone());
        let variable: String = format!("{}_{key}", self.compute)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        self.problems.push(
            Diagnostic::error(
                &codes::LITERAL_SECRET,
                format!("`{key}` of compute `{}` is a secret, and {why}", self.compute),
                format!("write `{key}: {{secret: {{source: env, name: {variable}}}}}`, set that variable, and change the secret"),
            )
            .at(place),
        );
    }
}

fn default_span(template: &Template) -> Option<&Span> {
    let written = template.variables().any(|variable| variable.default.as_ref().is_some_and(|text| !text.is_empty()));
    written.then_some(&template.span)
}

/// The schemas of a key in an object, one after another as JSON Schema has it: a schema's `additionalProperties` are
/// about what the same schema does not name.
fn properties<'a>(schemas: &[&'a Value], key: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for schema in schemas {
        let before = found.len();
        found.extend(schema.get("properties").and_then(|all| all.get(key)));
        let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
        found.extend(patterns.filter(|(pattern, _)| matches(pattern, key)).map(|(_, schema)| schema));
        if found.len() == before {
            found.extend(schema.get("additionalProperties"));
        }
    }
    found
}

/// Whether one of the schemas names a key.
fn is_named(schemas: &[&Value], key: &str) -> bool {
    schemas.iter().any(|schema| schema.get("properties").is_some_and(|all| all.get(key).is_some()))
}

/// Whether a key fits a pattern, by the reader of patterns that checks the settings too.
fn matches(pattern: &str, key: &str) -> bool {
    let validator = jsonschema::validator_for(&json!({"pattern": pattern}));
    validator.is_ok_and(|validator| validator.is_valid(&Value::from(key)))
}

/// The schemas of an element of a list.
fn item_schemas<'a>(schemas: &[&'a Value], index: usize) -> Vec<&'a Value> {
    let of = |schema: &&'a Value| {
        schema.get("prefixItems").and_then(|items| items.get(index)).or_else(|| schema.get("items"))
    };
    schemas.iter().filter_map(of).collect()
}
