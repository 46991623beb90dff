//! Errors, on their way across.

use abi_stable::std_types::RString;
use floe_plugin_abi::RawError;

use crate::error::{ErrorKind, PluginError};

impl From<PluginError> for RawError {
    fn from(error: PluginError) -> Self {
        Self {
            kind: error.kind.code(),
            reason: error.reason.unwrap_or_default().into(),
            message: error.message.into(),
            help: error.help.unwrap_or_default().into(),
            correlation_id: error.correlation_id.unwrap_or_default().into(),
        }
    }
}

impl From<RawError> for PluginError {
    fn from(raw: RawError) -> Self {
        let some = |text: RString| Some(text.into_string()).filter(|text| !text.is_empty());
        let mut error = PluginError::new(ErrorKind::from_code(raw.kind), raw.message);
        error.reason = some(raw.reason);
        error.help = some(raw.help);
        error.correlation_id = some(raw.correlation_id);
        error
    }
}
