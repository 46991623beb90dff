//! floe's own keys, which stand beside a plugin's in `config`.

use serde_json::{Map, Value, json};

use crate::documents::settings::{FLOE_KEYS, SECRET_MOUNT};

pub(super) fn floes_keys() -> impl Iterator<Item = &'static str> {
    FLOE_KEYS.iter().copied().chain([SECRET_MOUNT])
}

pub(super) fn is_floes(key: &str) -> bool {
    floes_keys().any(|own| own == key)
}

pub(super) fn fits_floes(pattern: &str) -> bool {
    let validator = jsonschema::validator_for(&json!({"pattern": pattern}));
    validator.is_ok_and(|validator| floes_keys().any(|key| validator.is_valid(&Value::from(key))))
}

/// Beside the plugin's keys floe's may stand, whose values floe's own schema describes.
pub(super) fn add(keywords: &Map<String, Value>, out: &mut Map<String, Value>) {
    let patterns = keywords.get("patternProperties").and_then(Value::as_object);
    if patterns.into_iter().flatten().any(|(pattern, _)| fits_floes(pattern)) {
        // A pattern was left out, whose other keys must not fall to these.
        out.insert("additionalProperties".to_owned(), Value::Bool(true));
        out.remove("unevaluatedProperties");
    } else if ["additionalProperties", "unevaluatedProperties"].iter().any(|key| keywords.contains_key(*key)) {
        let properties = out.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.extend(floes_keys().map(|key| (key.to_owned(), Value::Bool(true))));
        }
    }
}
