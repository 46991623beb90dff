//! Secrets that stand where any setting may stand.
//!
//! The host refuses a literal where the schema says secret. The open maps can say that of the keys that they know
//! alone, so a key that sounds like a secret must hold a reference there too. In a profile request a reference is a dbt
//! expression.

use floe_plugin_api::PluginResult;
use serde_json::{Map, Value};

use crate::config::Settings;
use crate::rules::wrong;

/// Parts of names that mean a secret, with no plain setting of DuckDB, fsspec or dbt-duckdb among them.
const SECRET_WORDS: [&str; 8] =
    ["password", "passwd", "secret_key", "access_key", "token", "connection_string", "credential", "private_key"];

/// Names that hold such a word and are no secrets.
const PLAIN: [&str; 4] = ["token_url", "token_uri", "credential_chain", "access_token_name"];

/// Refuses literals under names that mean a secret.
///
/// # Errors
/// A configuration error naming the key.
pub(crate) fn none_is_secret(settings: &Settings) -> PluginResult<()> {
    for (at, map) in open_maps(settings) {
        in_map(&at, &map)?;
    }
    Ok(())
}

/// The maps that take names of their own.
fn open_maps(settings: &Settings) -> Vec<(String, Map<String, Value>)> {
    let mut maps = vec![
        ("settings".to_owned(), written(settings.settings.as_ref())),
        ("config_options".to_owned(), written(settings.config_options.as_ref())),
    ];
    for (number, entry) in settings.attached().iter().enumerate() {
        maps.push((format!("attach[{number}].options"), written(entry.options.as_ref())));
    }
    for (number, entry) in settings.filesystems.iter().flatten().enumerate() {
        maps.push((format!("filesystems[{number}]"), written(Some(entry))));
    }
    for (number, entry) in settings.plugins.iter().flatten().enumerate() {
        maps.push((format!("plugins[{number}].config"), entry.config.clone().unwrap_or_default()));
    }
    maps
}

fn written(part: Option<&impl serde::Serialize>) -> Map<String, Value> {
    match part.map(serde_json::to_value) {
        Some(Ok(Value::Object(map))) => map,
        _ => Map::new(),
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
    let name = name.to_lowercase();
    let plain = PLAIN.contains(&name.as_str());
    !plain && (name == "secret" || SECRET_WORDS.iter().any(|word| name.contains(word)))
}

fn is_reference(text: &str) -> bool {
    text.is_empty() || (text.contains("{{") && text.contains("env_var"))
}
