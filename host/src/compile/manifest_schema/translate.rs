//! A plugin's schema in other words: for a part of the settings, and for settings as a file writes them.
//!
//! Whatever the schema accepts its translation accepts: where a keyword cannot be kept it is left out, and where the
//! schema cannot be followed there is no translation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::kinds::{self, Keyword};
use super::own_keys::{self, fits_floes, floes_keys, is_floes};
use crate::documents::secrets::is_secret;

/// Deepest nesting of a schema that is followed.
const MAX_DEPTH: usize = 60;
/// Most schemas in a translation; a plugin with a thousand settings has some thousands.
const MAX_SCHEMAS: usize = 20_000;

/// What values the translation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// As a plugin gets them.
    Plain,
    /// As a file writes them: references, expressions and placeholders in place of any of them.
    Written,
}

/// How much of an object is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Extent {
    /// `config` itself: floe's own keys stand beside the plugin's, and another layer may hold the rest.
    Settings,
    /// A mapping in it: another layer may hold the rest.
    Part,
    /// All of it: lists are never merged.
    Whole,
}

/// A translated schema.
#[derive(Debug)]
pub(crate) struct Translated {
    /// Name of the definition that `config` fits.
    pub(crate) root: String,
    /// Definitions, for the `$defs` of the document.
    pub(crate) definitions: BTreeMap<String, Value>,
}

impl Translated {
    /// As a document of its own.
    pub(crate) fn into_document(self) -> Value {
        json!({"$ref": format!("#/$defs/{}", self.root), "$defs": self.definitions})
    }
}

/// Translates a plugin's schema; names of definitions begin with `prefix` and a dot.
///
/// # Errors
/// Why it cannot be followed.
pub(crate) fn translate(schema: &Value, prefix: &str, values: Values) -> Result<Translated, String> {
    if let Some(draft) = schema.get("$schema").and_then(Value::as_str)
        && !draft.contains("2020-12")
    {
        return Err(format!("it is written in another draft than 2020-12: {draft}"));
    }
    let mut walk = Walk {
        root: schema,
        prefix,
        values,
        names: BTreeMap::new(),
        waiting: Vec::new(),
        definitions: BTreeMap::new(),
        loops: BTreeMap::new(),
        current: String::new(),
        spent: 0,
    };
    let root = walk.name("", Extent::Settings);
    while let Some((pointer, extent, name)) = walk.waiting.pop() {
        let target = schema.pointer(&pointer).ok_or_else(|| format!("`$ref` leads nowhere: #{pointer}"))?;
        walk.current.clone_from(&name);
        let translated = walk.schema(target, extent, 0)?;
        walk.definitions.insert(name, translated);
    }
    if walk.leads_back_to_itself() {
        return Err("a `$ref` leads back to itself".to_owned());
    }
    Ok(Translated { root, definitions: walk.definitions })
}

pub(super) struct Walk<'a> {
    root: &'a Value,
    prefix: &'a str,
    pub(super) values: Values,
    /// Definitions by what they translate.
    names: BTreeMap<(String, Extent), String>,
    waiting: Vec<(String, Extent, String)>,
    definitions: BTreeMap<String, Value>,
    /// Which definitions apply to the very value that a definition applies to.
    loops: BTreeMap<String, BTreeSet<String>>,
    current: String,
    spent: usize,
}

impl Walk<'_> {
    /// The definition for a place in the plugin's schema.
    fn name(&mut self, pointer: &str, extent: Extent) -> String {
        let key = (pointer.to_owned(), extent);
        if let Some(name) = self.names.get(&key) {
            return name.clone();
        }
        let last: String = pointer
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .take(60)
            .collect();
        let word = match extent {
            Extent::Settings if pointer.is_empty() => "config".to_owned(),
            Extent::Settings => format!("{last}.config"),
            Extent::Part => format!("{last}.part"),
            Extent::Whole => format!("{last}.whole"),
        };
        let mut name = format!("{}.{word}", self.prefix);
        // Two places may end alike.
        let mut number = 2;
        while self.names.values().any(|taken| *taken == name) {
            name = format!("{}.{word}.{number}", self.prefix);
            number += 1;
        }
        self.names.insert(key, name.clone());
        self.waiting.push((pointer.to_owned(), extent, name.clone()));
        name
    }

    fn leads_back_to_itself(&self) -> bool {
        // Taken away as long as there is one that leads nowhere: what is left leads in circles.
        let mut left = self.loops.clone();
        loop {
            let ends: Vec<String> = left
                .iter()
                .filter(|(_, to)| !to.iter().any(|name| left.contains_key(name)))
                .map(|(name, _)| name.clone())
                .collect();
            if ends.is_empty() {
                return !left.is_empty();
            }
            left.retain(|name, _| !ends.contains(name));
        }
    }

    /// A schema of a value: what it accepts, or what is written in its place.
    fn value(&mut self, schema: &Value, extent: Extent, depth: usize) -> Result<Value, String> {
        if self.values == Values::Plain {
            let current = std::mem::take(&mut self.current);
            let translated = self.schema(schema, extent, depth);
            self.current = current;
            return translated;
        }
        if is_secret(schema, self.root) {
            self.spend()?;
            let mut secret = annotations(schema);
            secret.insert("anyOf".to_owned(), json!([{"$ref": "#/$defs/secretOrExpression"}, {"type": "null"}]));
            return Ok(Value::Object(secret));
        }
        // What lies below is another value: a definition there is no circle.
        let current = std::mem::take(&mut self.current);
        let translated = self.schema(schema, extent, depth);
        self.current = current;
        let own = match translated? {
            Value::Object(own) => own,
            Value::Bool(true) => return Ok(Value::Bool(true)),
            other => return Ok(json!({"anyOf": [other, {"$ref": "#/$defs/reference"}]})),
        };
        let (mut outer, inner): (Map<_, _>, Map<_, _>) =
            own.into_iter().partition(|(key, _)| kinds::of(key) == Keyword::Annotation);
        if inner.is_empty() {
            return Ok(Value::Object(outer));
        }
        if kinds::may_be_text(schema, self.root) {
            outer.insert("anyOf".to_owned(), json!([inner, {"$ref": "#/$defs/reference"}]));
        } else {
            // Rather than `anyOf`, so that a validator says what is wrong inside.
            outer.insert("if".to_owned(), json!({"type": "string"}));
            outer.insert("then".to_owned(), json!({"$ref": "#/$defs/expression"}));
            outer.insert("else".to_owned(), Value::Object(inner));
        }
        Ok(Value::Object(outer))
    }

    fn spend(&mut self) -> Result<(), String> {
        self.spent += 1;
        if self.spent > MAX_SCHEMAS {
            return Err(format!("it has more than {MAX_SCHEMAS} schemas"));
        }
        Ok(())
    }

    /// A schema without what is written in place of the value itself.
    pub(super) fn schema(&mut self, schema: &Value, extent: Extent, depth: usize) -> Result<Value, String> {
        self.spend()?;
        if depth > MAX_DEPTH {
            return Err("it is nested too deep".to_owned());
        }
        let keywords = match schema {
            Value::Bool(_) if extent == Extent::Settings => return Ok(Value::Bool(true)),
            Value::Bool(_) => return Ok(schema.clone()),
            Value::Object(keywords) => keywords,
            _ => return Err("a schema in it is neither a mapping nor true or false".to_owned()),
        };
        let mut out = Map::new();
        let mut all = Vec::new();
        for (key, value) in keywords {
            match kinds::of(key) {
                Keyword::Annotation => drop(out.insert(key.clone(), value.clone())),
                Keyword::Assertion => self.assertion(key, value, extent, &mut out, &mut all),
                Keyword::Reference => all.push(self.reference(value, extent)?),
                Keyword::Refused => return Err(format!("it uses `{key}`")),
                Keyword::Identity if depth > 0 || self.is_below_root(schema) => {
                    return Err(format!("a schema in it has an `{key}` of its own"));
                }
                Keyword::Object => self.object(key, value, extent, depth, &mut out)?,
                Keyword::Array => self.array(key, value, depth, &mut out)?,
                Keyword::Combination => self.combination(key, value, keywords, extent, depth, &mut all)?,
                Keyword::Identity | Keyword::Ignored => {}
            }
        }
        if extent == Extent::Settings {
            own_keys::add(keywords, &mut out);
        }
        match all.as_slice() {
            [] => {}
            [Value::Object(only)] if only.len() == 1 && only.keys().all(|key| !out.contains_key(key)) => {
                out.extend(only.clone());
            }
            _ => drop(out.insert("allOf".to_owned(), Value::Array(all))),
        }
        Ok(Value::Object(out))
    }

    fn is_below_root(&self, schema: &Value) -> bool {
        !std::ptr::eq(self.root, schema)
    }

    fn reference(&mut self, target: &Value, extent: Extent) -> Result<Value, String> {
        let pointer = target.as_str().and_then(|target| target.strip_prefix('#'));
        let pointer = pointer.filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let pointer = pointer.filter(|pointer| !pointer.contains('%'));
        let Some(pointer) = pointer else {
            return Err(format!("`$ref` is no JSON pointer into the schema itself: {target}"));
        };
        let name = self.name(pointer, extent);
        if !self.current.is_empty() {
            self.loops.entry(self.current.clone()).or_default().insert(name.clone());
        }
        Ok(json!({"$ref": format!("#/$defs/{name}")}))
    }

    /// A keyword that says something of the value without another schema.
    fn assertion(&self, key: &str, value: &Value, extent: Extent, out: &mut Map<String, Value>, all: &mut Vec<Value>) {
        let is_part = extent != Extent::Whole;
        match key {
            "type" | "enum" | "const" | "maxProperties" if extent == Extent::Settings => {}
            // The rest may stand in another layer.
            "required" | "dependentRequired" | "minProperties" if is_part => {}
            // A mapping may lack a part, and what is written in a collection is not what it comes to.
            "enum" | "const" if holds_a_collection(key, value) && (is_part || self.values == Values::Written) => {
                all.push(json!({"anyOf": [{(key): value}, {"type": ["object", "array"]}]}));
            }
            // Two references are two values, however alike they are written.
            "uniqueItems" if self.values == Values::Written => {
                let plain = json!({"items": {"type": ["string", "number", "boolean", "null"]}});
                all.push(json!({"if": plain, "then": {(key): value}}));
            }
            "maxContains" | "minContains" if self.values == Values::Written => {}
            _ => drop(out.insert(key.to_owned(), value.clone())),
        }
    }

    fn object(
        &mut self,
        key: &str,
        value: &Value,
        extent: Extent,
        depth: usize,
        out: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let is_settings = extent == Extent::Settings;
        let below = if extent == Extent::Whole { Extent::Whole } else { Extent::Part };
        let translated = match (key, value) {
            ("properties", Value::Object(properties)) => {
                let own = properties.iter().filter(|(name, _)| !is_settings || !is_floes(name));
                let own = own.map(|(name, schema)| Ok((name.clone(), self.value(schema, below, depth + 1)?)));
                Value::Object(own.collect::<Result<_, String>>()?)
            }
            ("patternProperties", Value::Object(patterns)) => {
                let own = patterns.iter().filter(|(pattern, _)| !is_settings || !fits_floes(pattern));
                let own = own.map(|(name, schema)| Ok((name.clone(), self.value(schema, below, depth + 1)?)));
                Value::Object(own.collect::<Result<_, String>>()?)
            }
            ("propertyNames", names) => {
                let names = self.schema(names, Extent::Whole, depth + 1)?;
                if is_settings { json!({"anyOf": [{"enum": floes_keys().collect::<Vec<_>>()}, names]}) } else { names }
            }
            // What is refused where it is another key's is refused here, whatever is written.
            ("additionalProperties" | "unevaluatedProperties", Value::Bool(closed)) => Value::Bool(*closed),
            // Which keys were looked at elsewhere is not followed by the search for secrets.
            ("unevaluatedProperties", _) if self.values == Values::Written => Value::Bool(true),
            ("additionalProperties" | "unevaluatedProperties", schema) => self.value(schema, below, depth + 1)?,
            _ => return Err(format!("its `{key}` is no mapping")),
        };
        out.insert(key.to_owned(), translated);
        Ok(())
    }

    fn array(&mut self, key: &str, value: &Value, depth: usize, out: &mut Map<String, Value>) -> Result<(), String> {
        let translated = match (key, value) {
            ("prefixItems", Value::Array(items)) => {
                let items = items.iter().map(|item| self.value(item, Extent::Whole, depth + 1));
                Value::Array(items.collect::<Result<_, String>>()?)
            }
            ("prefixItems", _) => return Err("its `prefixItems` is no list".to_owned()),
            // What a reference comes to is not known, and so not whether it is contained.
            ("contains", _) | ("unevaluatedItems", Value::Object(_)) if self.values == Values::Written => return Ok(()),
            (_, item) => self.value(item, Extent::Whole, depth + 1)?,
        };
        out.insert(key.to_owned(), translated);
        Ok(())
    }
}

fn annotations(schema: &Value) -> Map<String, Value> {
    let keywords = schema.as_object().into_iter().flatten();
    keywords
        .filter(|(key, _)| kinds::of(key) == Keyword::Annotation)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn holds_a_collection(keyword: &str, value: &Value) -> bool {
    let is_collection = |value: &Value| value.is_object() || value.is_array();
    match (keyword, value) {
        ("enum", Value::Array(options)) => options.iter().any(is_collection),
        _ => is_collection(value),
    }
}
