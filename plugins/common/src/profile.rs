//! The output of `profiles.yml`.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use serde::Serialize;
use serde_json::{Map, Value};

/// An output: the adapter's `type`, `threads`, then the settings in the order of their type.
///
/// # Errors
/// [`ErrorKind::PluginExecution`] where the settings are no mapping, which is a defect of the plugin.
pub fn profile_output(adapter: &str, threads: u16, settings: &impl Serialize) -> PluginResult<Map<String, Value>> {
    let mut output = Map::new();
    output.insert("type".to_owned(), Value::from(adapter));
    output.insert("threads".to_owned(), Value::from(threads));
    match serde_json::to_value(settings) {
        Ok(Value::Object(written)) => {
            for (name, value) in written {
                output.entry(name).or_insert(value);
            }
            Ok(output)
        }
        _ => Err(PluginError::new(ErrorKind::PluginExecution, "the settings cannot be written as a profile")),
    }
}
