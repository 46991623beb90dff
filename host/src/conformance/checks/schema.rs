//! The schema of the settings.

use floe_plugin_api::{ConfigSchemaRequest, SECRET_KEYWORD};
use serde_json::Value;

use crate::compile::schema::SettingsSchema;
use crate::conformance::context::Context;
use crate::conformance::subject::Subject;
use crate::conformance::{Finding, Verdict};
use crate::documents::secrets::sounds_secret;

pub(super) fn run(subject: &mut Subject<'_>, context: &mut Context<'_>) -> Verdict {
    let name = subject.name().to_owned();
    let mut schema = None;
    let mut findings = subject.look(|session, findings| {
        match session.ask(&ConfigSchemaRequest::new()).answered::<ConfigSchemaRequest>("config_schema") {
            Ok(answer) => schema = Some(answer.schema),
            Err(finding) => findings.push(finding),
        }
    });
    let Some(schema) = schema else { return Verdict::of(findings) };
    if let Err(error) = jsonschema::meta::validate(&schema) {
        findings.push(Finding::new(format!("it is no JSON Schema: {error}"), "write it in draft 2020-12"));
        return Verdict::of(findings);
    }
    findings.extend(shape(&schema));
    let mut count = 0;
    each_property(&schema, &mut |key, property| {
        count += 1;
        findings.extend(described(key, property, &schema));
        findings.extend(marked(key, property, &schema));
    });
    match SettingsSchema::new(&name, schema) {
        Ok(schema) => context.schema = Some(schema),
        Err(error) => findings.push(Finding::new(error.message, "write a schema that can be compiled")),
    }
    Verdict::noted(findings, format!("{count} keys"))
}

/// An object that takes nothing but what it names.
fn shape(schema: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if schema.get("type").and_then(Value::as_str) != Some("object") && schema.get("$ref").is_none() {
        findings.push(Finding::new("its `type` is not `object`", "settings are a map of keys"));
    }
    let closed = ["additionalProperties", "unevaluatedProperties"];
    if !closed.iter().any(|word| schema.get(word) == Some(&Value::Bool(false))) {
        findings.push(Finding::new(
            "it takes keys that it does not name, so that a misspelt one goes unseen",
            "write `deny_unknown_fields` on the settings' type, or `additionalProperties: false`",
        ));
    }
    findings
}

fn described(key: &str, property: &Value, schema: &Value) -> Option<Finding> {
    let has = |value: &Value| value["description"].as_str().is_some_and(|text| !text.trim().is_empty());
    let target = target(property, schema);
    (!has(property) && !target.is_some_and(has)).then(|| {
        Finding::new(
            format!("`{key}` is not described"),
            "write a doc comment on the field: it reaches the user's editor",
        )
    })
}

/// What a property refers to.
fn target<'a>(property: &Value, schema: &'a Value) -> Option<&'a Value> {
    schema.pointer(property["$ref"].as_str()?.strip_prefix('#')?)
}

/// What is called as secrets are, and is a text, is one.
fn marked(key: &str, property: &Value, schema: &Value) -> Option<Finding> {
    let text = property.to_string();
    let target = target(property, schema);
    let is_text = property["type"].as_str() == Some("string")
        || property["type"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "string"));
    let is_marked =
        text.contains(SECRET_KEYWORD) || target.is_some_and(|target| target.to_string().contains(SECRET_KEYWORD));
    // It says where a secret is, or which one, and not what it is.
    let about =
        property.get("x-floe-path") == Some(&Value::Bool(true)) || key.ends_with("path") || key.ends_with("_id");
    // A plugin that knows better says so.
    let says_no = property.get(SECRET_KEYWORD) == Some(&Value::Bool(false));
    (sounds_secret(key) && is_text && property.get("enum").is_none() && !is_marked && !about && !says_no).then(|| {
        Finding::new(
            format!("`{key}` is called as secrets are, and is not marked as one"),
            format!("make it a `Secret`, or write `{SECRET_KEYWORD}: false` where it is none"),
        )
    })
}

/// Every property of a schema, however deep.
fn each_property(schema: &Value, see: &mut dyn FnMut(&str, &Value)) {
    match schema {
        Value::Object(object) => {
            for (word, value) in object {
                if let (true, Value::Object(named)) = (word == "properties", value) {
                    named.iter().for_each(|(key, property)| see(key, property));
                }
                each_property(value, see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_property(item, see)),
        _ => {}
    }
}
