//! The maps in which a secret may stand under a key of the user's own.

use floe_plugin_api::PluginResult;
use floe_plugin_common::refuse_literals;
use serde_json::{Map, Value};

use crate::config::Settings;

/// Refuses literals under names that mean a secret.
///
/// # Errors
/// A configuration error naming the key.
pub(crate) fn none_is_secret(settings: &Settings) -> PluginResult<()> {
    for (at, map) in open_maps(settings) {
        refuse_literals(&at, &map)?;
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
