//! What is not wrong, but should be known.

use serde::{Deserialize, Serialize};

use crate::builder::optional_setters;

/// [`Warning::reason`] of a profile whose adapter does not hold `timeout_seconds` itself: floe tells it where plain dbt is to run,
/// for its own commands hold every limit.
pub const TIMEOUT_NOT_ENFORCED: &str = "timeout_not_enforced";

/// Something that the user should know although the call went well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// A short stable word for machines, such as `unchecked` or `extension_missing`.
    pub reason: String,
    /// What it is, in one sentence.
    pub message: String,
    /// What the reader can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Warning {
    /// A warning with its stable word.
    pub fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into(), help: None }
    }

    optional_setters! {
        /// Sets what the reader can do about it.
        with_help => help: String;
    }
}
