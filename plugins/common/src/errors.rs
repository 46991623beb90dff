//! Errors of settings.

use floe_plugin_api::{ErrorKind, PluginError};

/// A configuration error with its stable word and what to do.
pub fn wrong(reason: &str, message: impl Into<String>, help: impl Into<String>) -> PluginError {
    PluginError::new(ErrorKind::Configuration, message).with_reason(reason).with_help(help)
}
