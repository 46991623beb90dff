//! The JSON Schema of the settings.

use floe_plugin_api::ConfigSchema;
use serde_json::Value;

use super::Settings;

/// The schema: a closed object. An optional key may be left out; writing it without a value is an error.
pub(crate) fn config_schema() -> ConfigSchema {
    let mut schema = ConfigSchema::of::<Settings>().schema;
    without_null(&mut schema);
    ConfigSchema::new(schema)
}

/// Options are derived as "or null", which no user wants to read and no manifest should write.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(any)) = object.get_mut("anyOf") {
                any.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(only)] = any.as_slice() {
                    let only = only.clone();
                    object.shift_remove("anyOf");
                    object.extend(only);
                }
            }
            if object.get("default") == Some(&Value::Null) {
                object.shift_remove("default");
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(list) => list.iter_mut().for_each(without_null),
        _ => {}
    }
}
