//! Values that a schema's properties could have, the likeliest first.

use camino::Utf8Path;
use floe_plugin_api::SECRET_KEYWORD;
use serde_json::{Map, Value, json};

use crate::documents::secrets::variable_name;

/// How deep settings go at most.
const DEEPEST: usize = 6;

/// Most values that are thought of for one property.
const MOST: usize = 40;

/// Texts in forms that settings often have, for patterns.
const TEXTS: [&str; 20] = [
    "floe",
    "127.0.0.1",
    "1",
    "a",
    "floe_1",
    "floe-1",
    "10s",
    "1GB",
    "1g",
    "floe/floe",
    "/floe",
    "s3://floe/floe",
    "http://127.0.0.1:9",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "us-east-1",
    "floe@example.com",
    "00000000-0000-4000-8000-000000000000",
    "arn:aws:iam::123456789012:role/floe",
    "FLOE",
];

/// Makes values by a plugin's schema. What says where they lead leads to this machine.
pub(in crate::conformance) struct Generator<'a> {
    pub(in crate::conformance) schema: &'a Value,
    /// A port of this machine.
    pub(in crate::conformance) port: u16,
    /// Where files may be.
    pub(in crate::conformance) folder: &'a Utf8Path,
}

impl<'a> Generator<'a> {
    /// The properties at the top, in the schema's order.
    pub(in crate::conformance) fn properties(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let root = self.resolved(self.schema);
        root.get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, schema)| (key.as_str(), schema))
    }

    /// The keys that must be there, at the top.
    pub(in crate::conformance) fn required(&self) -> Vec<&'a str> {
        let required = self.resolved(self.schema).get("required").and_then(Value::as_array);
        required.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The properties at the top that hold secrets.
    pub(in crate::conformance) fn secrets(&self) -> Vec<&'a str> {
        let is_secret = |key: &str| {
            self.candidates(key)
                .first()
                .and_then(Value::as_str)
                .is_some_and(|text| text.starts_with(super::SECRET_EXPRESSION))
        };
        self.properties().map(|(key, _)| key).filter(|key| is_secret(key)).collect()
    }

    /// Values for a property at the top.
    pub(in crate::conformance) fn candidates(&self, key: &str) -> Vec<Value> {
        let schema = self.properties().find(|(name, _)| *name == key).map(|(_, schema)| schema);
        let mut found = Vec::new();
        for value in schema.map(|schema| self.values(&format!("/{key}"), schema, 0)).unwrap_or_default() {
            if !found.contains(&value) && found.len() < MOST {
                found.push(value);
            }
        }
        found
    }

    /// The schema behind `$ref`.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..16 {
            let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
            match target.and_then(|pointer| self.schema.pointer(pointer)) {
                Some(found) => schema = found,
                None => break,
            }
        }
        schema
    }

    fn values(&self, at: &str, schema: &'a Value, depth: usize) -> Vec<Value> {
        let key = at.rsplit('/').next().unwrap_or_default();
        let keywords = [schema, self.resolved(schema)];
        let has = |keyword: &str| keywords.iter().any(|schema| schema.get(keyword) == Some(&Value::Bool(true)));
        if has(SECRET_KEYWORD) {
            return vec![secret(at)];
        }
        if has("x-floe-path") {
            return vec![json!(self.folder.join(key))];
        }
        let schema = self.resolved(schema);
        if let Some(value) = schema.get("const") {
            return vec![value.clone()];
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return values.iter().filter(|value| !value.is_null()).cloned().collect();
        }
        let forms = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| schema.get(word)?.as_array()).flatten();
        let mut found: Vec<Value> = if depth < DEEPEST {
            forms.flat_map(|form| self.values(at, form, depth + 1)).collect()
        } else {
            Vec::new()
        };
        let leads = is_host(key) || is_port(key) || is_url(key);
        let own = schema
            .get("default")
            .into_iter()
            .chain(schema.get("examples").and_then(Value::as_array).into_iter().flatten());
        if !leads {
            found.extend(own.filter(|value| !value.is_null()).cloned());
        }
        for kind in types(schema, found.is_empty()) {
            found.extend(self.of_type(kind, at, key, schema, depth));
        }
        found
    }

    fn of_type(&self, kind: &str, at: &str, key: &str, schema: &'a Value, depth: usize) -> Vec<Value> {
        match kind {
            "string" => self.texts(key, schema),
            "integer" | "number" if is_port(key) => vec![json!(self.port)],
            "integer" | "number" => numbers(schema),
            "boolean" => vec![json!(true), json!(false)],
            "array" if depth < DEEPEST => self.lists(at, schema, depth),
            "object" if depth < DEEPEST => self.maps(at, schema, depth),
            _ => Vec::new(),
        }
    }

    fn texts(&self, key: &str, schema: &Value) -> Vec<Value> {
        let url = format!("http://127.0.0.1:{}", self.port);
        let first = match schema.get("format").and_then(Value::as_str) {
            _ if is_host(key) => "127.0.0.1",
            _ if is_url(key) => &url,
            Some("uri" | "url" | "iri") => &url,
            _ => TEXTS[0],
        };
        std::iter::once(first).chain([url.as_str()]).chain(TEXTS).map(Value::from).collect()
    }

    fn lists(&self, at: &str, schema: &'a Value, depth: usize) -> Vec<Value> {
        let least = schema.get("minItems").and_then(Value::as_u64).and_then(|least| usize::try_from(least).ok());
        let items = schema.get("items").map(|items| self.values(&format!("{at}/0"), items, depth + 1));
        let items = items.unwrap_or_else(|| vec![json!("floe")]);
        let one = items.iter().take(8).map(|item| json!([item]));
        let many = json!(items.iter().take(least.unwrap_or(0).min(16)).collect::<Vec<_>>());
        one.chain([many, json!([])]).collect()
    }

    /// One with everything, and one with what must be there.
    fn maps(&self, at: &str, schema: &'a Value, depth: usize) -> Vec<Value> {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let (mut whole, mut small) = (Map::new(), Map::new());
        for (key, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let Some(value) = self.values(&format!("{at}/{key}"), inner, depth + 1).into_iter().next() else {
                continue;
            };
            if required.contains(&key.as_str()) {
                small.insert(key.clone(), value.clone());
            }
            whole.insert(key.clone(), value);
        }
        if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
            let value = self.values(&format!("{at}/floe"), inner, depth + 1).into_iter().next();
            whole.extend(value.map(|value| ("floe".to_owned(), value)));
        }
        vec![Value::Object(whole), Value::Object(small)]
    }
}

/// dbt's expression for a secret at a JSON pointer.
fn secret(at: &str) -> Value {
    let name = variable_name(super::COMPUTE, at.split('/').skip(1));
    Value::from(format!("{{{{ env_var('{name}') }}}}"))
}

/// The types that a schema names; all where it names none and nothing else is known.
fn types(schema: &Value, all: bool) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if all && schema.get("properties").is_some() => vec!["object"],
        _ if all => vec!["string", "integer", "boolean", "array", "object"],
        _ => Vec::new(),
    }
}

fn numbers(schema: &Value) -> Vec<Value> {
    let bound = |word: &str| schema.get(word).cloned();
    let bounds = ["minimum", "maximum"].into_iter().filter_map(bound);
    [1, 10, 100, 1000, 0].into_iter().map(Value::from).chain(bounds).collect()
}

/// Whether a setting of this name says which machine it leads to.
pub(in crate::conformance) fn is_host(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["host", "hostname", "server"].iter().any(|word| key == *word || key.ends_with(&format!("_{word}")))
}

/// Whether a setting of this name is a port.
pub(in crate::conformance) fn is_port(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "port" || key.ends_with("_port")
}

/// Whether a setting of this name is an address.
pub(in crate::conformance) fn is_url(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["url", "uri", "endpoint"].iter().any(|word| key == *word || key.ends_with(&format!("_{word}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(schema: &Value, key: &str) -> Option<Value> {
        let generator = Generator { schema, port: 7, folder: Utf8Path::new("/f") };
        generator.candidates(key).into_iter().next()
    }

    #[test]
    fn a_value_is_made_for_each_form_of_schema() {
        let schema = json!({
            "$defs": {"Mode": {"oneOf": [{"const": "fast", "description": "x"}, {"const": "slow"}]}},
            "properties": {
                "host": {"type": "string", "default": "db.example"},
                "port": {"type": "integer", "default": 5439},
                "api_url": {"type": "string"},
                "password": {"type": "string", "x-floe-secret": true},
                "token": {"anyOf": [{"type": "string", "x-floe-secret": true}, {"type": "null"}]},
                "file": {"type": ["string", "null"], "x-floe-path": true},
                "mode": {"$ref": "#/$defs/Mode"},
                "size": {"type": "integer", "minimum": 16},
                "tags": {"type": "array", "items": {"type": "string"}},
                "ssl": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
            },
        });
        for (key, value) in [
            ("host", json!("127.0.0.1")),
            ("port", json!(7)),
            ("api_url", json!("http://127.0.0.1:7")),
            ("password", json!("{{ env_var('DBT_ENV_SECRET_FLOE_TEST_PASSWORD') }}")),
            ("token", json!("{{ env_var('DBT_ENV_SECRET_FLOE_TEST_TOKEN') }}")),
            ("file", json!("/f/file")),
            ("mode", json!("fast")),
            ("size", json!(1)),
            ("tags", json!(["floe"])),
            ("ssl", json!({"on": true})),
        ] {
            assert_eq!(first(&schema, key), Some(value), "{key}");
        }
        let generator = Generator { schema: &schema, port: 7, folder: Utf8Path::new("/f") };
        assert!(generator.candidates("size").contains(&json!(16)), "the search takes the one that fits");
    }
}
