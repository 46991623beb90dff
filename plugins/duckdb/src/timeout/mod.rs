//! A limit for models under plain dbt: dbt-duckdb has none, so a module of its kind holds it.

use floe_plugin_api::{HelperFile, PluginResult, ProfileRequest};
use serde_json::{Map, Value};

use crate::config::{AdapterPlugin, Settings};

/// The module's name.
const MODULE: &str = "floe_timeout";

/// Has dbt-duckdb load the module, where there is a limit.
///
/// # Errors
/// None: the module's path is a constant.
pub(crate) fn hold(settings: &mut Settings, request: &ProfileRequest) -> PluginResult<Option<HelperFile>> {
    let Some(seconds) = request.config.timeout_expression() else { return Ok(None) };
    settings.module_paths.get_or_insert_default().push(request.helper_dir.clone());
    let config = Map::from_iter([("seconds".to_owned(), Value::from(seconds))]);
    let plugin = AdapterPlugin { module: MODULE.to_owned(), alias: None, config: Some(config) };
    settings.plugins.get_or_insert_default().push(plugin);
    HelperFile::new(format!("{MODULE}.py"), include_str!("floe_timeout.py")).map(Some)
}
