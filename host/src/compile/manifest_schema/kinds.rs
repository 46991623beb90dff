//! The keywords of JSON Schema, by how a translation treats them; and which types a schema leaves open.

use serde_json::Value;

/// Deepest chain of `$ref` and the like.
const MAX_DEPTH: usize = 32;

/// How a keyword is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    /// For readers.
    Annotation,
    /// Says something of the value by itself.
    Assertion,
    /// `$ref`.
    Reference,
    /// Says something of the keys and values of an object.
    Object,
    /// Says something of the items of a list.
    Array,
    /// Applies further schemas to the same value.
    Combination,
    /// Gives the schema an address, which what is part of another document cannot keep.
    Identity,
    /// Cannot be followed.
    Refused,
    /// Says nothing by itself.
    Ignored,
}

pub(super) fn of(keyword: &str) -> Keyword {
    match keyword {
        "title" | "description" | "default" | "examples" | "deprecated" | "readOnly" | "writeOnly" | "format" => {
            Keyword::Annotation
        }
        _ if keyword.starts_with("x-") => Keyword::Annotation,
        "type" | "enum" | "const" | "multipleOf" | "maximum" | "exclusiveMaximum" | "minimum" | "exclusiveMinimum"
        | "maxLength" | "minLength" | "pattern" | "maxItems" | "minItems" | "uniqueItems" | "maxContains"
        | "minContains" | "maxProperties" | "minProperties" | "required" | "dependentRequired" => Keyword::Assertion,
        "$ref" => Keyword::Reference,
        "properties" | "patternProperties" | "additionalProperties" | "unevaluatedProperties" | "propertyNames" => {
            Keyword::Object
        }
        "items" | "prefixItems" | "contains" | "unevaluatedItems" => Keyword::Array,
        "allOf" | "anyOf" | "oneOf" | "not" | "if" | "then" | "else" | "dependentSchemas" => Keyword::Combination,
        "$id" => Keyword::Identity,
        "$dynamicRef" | "$recursiveRef" => Keyword::Refused,
        _ => Keyword::Ignored,
    }
}

/// Whether a text may be what a schema wants, as far as types say: a reference to a secret always comes to one.
pub(super) fn may_be_text(schema: &Value, root: &Value) -> bool {
    may_be(schema, root, 0)
}

fn may_be(schema: &Value, root: &Value, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let by_type = match schema.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => true,
    };
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    let by_reference = target.and_then(|pointer| root.pointer(pointer)).is_none_or(|to| may_be(to, root, depth + 1));
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    by_type
        && by_reference
        && list("allOf").is_none_or(|parts| parts.iter().all(|part| may_be(part, root, depth + 1)))
        && ["anyOf", "oneOf"]
            .iter()
            .filter_map(|key| list(key))
            .all(|parts| parts.iter().any(|part| may_be(part, root, depth + 1)))
}
