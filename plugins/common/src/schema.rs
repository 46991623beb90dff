//! The JSON Schema of a plugin's settings.

use floe_plugin_api::ConfigSchema;
use schemars::JsonSchema;
use serde_json::Value;

/// The schema of a type. An optional key may be left out; writing it without a value is an error.
pub fn config_schema<T: JsonSchema>() -> ConfigSchema {
    let mut schema = ConfigSchema::of::<T>().schema;
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
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.retain(|word| !word.is_null());
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Settings {
        /// Name of the server.
        host: String,
        /// Attempts.
        #[serde(default)]
        retries: Option<crate::Whole>,
        #[serde(default)]
        mode: Option<Mode>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its schema is looked at")]
    enum Mode {
        Fast,
        Safe,
    }

    #[test]
    fn nothing_may_be_null_and_nothing_unknown() {
        let schema = config_schema::<Settings>().schema;
        assert!(!schema.to_string().contains("null"), "{schema:#}");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["host"]));
        assert_eq!(schema["properties"]["retries"]["type"], "integer");
    }
}
