//! Secrets that stand where any setting may stand.
//!
//! The host refuses a literal where the schema says secret. A map with keys of the user's own can say that of the keys
//! that it knows alone, so a key that sounds like a secret must hold a reference there too. In a profile request a
//! reference is a dbt expression; a check request holds resolved values, so this is for profiles alone.

use floe_plugin_api::PluginResult;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::errors::wrong;

/// Parts of names that mean a secret.
const SECRET_WORDS: [&str; 11] = [
    "password",
    "passwd",
    "secret_key",
    "access_key",
    "token",
    "connection_string",
    "credential",
    "private_key",
    "authorization",
    "cookie",
    "api_key",
];

/// Names that hold such a word and are no secrets.
const PLAIN: [&str; 4] = ["token_url", "token_uri", "credential_chain", "access_token_name"];

/// Refuses literals under names that mean a secret, however deep, in a part of the settings that is written as a map, or
/// not written at all; `at` is where it stands: `settings`.
///
/// # Errors
/// A configuration error naming the key, with the reason `literal_secret`.
pub fn refuse_literals(at: &str, part: &impl Serialize) -> PluginResult<()> {
    match serde_json::to_value(part) {
        Ok(Value::Object(map)) => in_map(at, &map),
        _ => Ok(()),
    }
}

fn in_map(at: &str, map: &Map<String, Value>) -> PluginResult<()> {
    for (name, value) in map {
        let here = format!("{at}.{name}");
        match value {
            Value::Object(inner) => in_map(&here, inner)?,
            Value::String(text) if means_secret(name) && !is_reference(text) => {
                return Err(wrong(
                    "literal_secret",
                    format!("`{here}` holds a secret as plain text"),
                    "refer to it instead: `{{ env_var('DBT_ENV_SECRET_<NAME>') }}`",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn means_secret(name: &str) -> bool {
    // `fs.s3a.secret.key`, `X-Access-Token` and `access_key` are spelled alike here.
    let name = name.to_lowercase().replace(['.', '-'], "_");
    let plain = PLAIN.contains(&name.as_str());
    !plain && (name == "secret" || SECRET_WORDS.iter().any(|word| name.contains(word)))
}

fn is_reference(text: &str) -> bool {
    text.is_empty() || (text.contains("{{") && text.contains("env_var"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(map: &Value) -> Option<String> {
        refuse_literals("headers", map).err().map(|error| error.message)
    }

    #[test]
    fn a_literal_is_refused_however_it_is_spelled_and_never_shown() {
        for name in ["Authorization", "X-Access-Token", "spark.hadoop.fs.s3a.secret.key", "PASSWORD"] {
            let message = refused(&json!({"plain": 1, name: "hunter2"})).unwrap();
            assert!(message.contains(name) && !message.contains("hunter2"), "{message}");
        }
        assert_eq!(refused(&json!({"a": {"token": "x"}})).unwrap(), "`headers.a.token` holds a secret as plain text");
    }

    #[test]
    fn references_and_plain_names_pass() {
        let fine =
            json!({"token": "{{ env_var('DBT_ENV_SECRET_T') }}", "token_url": "https://id.example", "cookie": ""});
        assert_eq!(refused(&fine), None);
    }
}
