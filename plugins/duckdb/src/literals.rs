//! The maps in which a secret may stand under a key of the user's own.

use floe_plugin_api::PluginResult;
use floe_plugin_common::refuse_literals;

use crate::config::Settings;

/// Refuses literals under names that mean a secret.
///
/// # Errors
/// A configuration error naming the key.
pub(crate) fn none_is_secret(settings: &Settings) -> PluginResult<()> {
    refuse_literals("settings", &settings.settings)?;
    refuse_literals("config_options", &settings.config_options)?;
    for (number, entry) in settings.attached().iter().enumerate() {
        refuse_literals(&format!("attach[{number}].options"), &entry.options)?;
    }
    for (number, entry) in settings.filesystems.iter().flatten().enumerate() {
        refuse_literals(&format!("filesystems[{number}]"), entry)?;
    }
    for (number, entry) in settings.plugins.iter().flatten().enumerate() {
        refuse_literals(&format!("plugins[{number}].config"), &entry.config)?;
    }
    Ok(())
}
