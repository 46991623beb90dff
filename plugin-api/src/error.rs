//! What a plugin says when it cannot answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::builder::optional_setters;

/// What every method of a plugin returns.
pub type PluginResult<T> = Result<T, PluginError>;

/// The class of a failure. The numbers cross the ABI and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[repr(u32)]
pub enum ErrorKind {
    /// The configuration is wrong; no retry will help.
    Configuration = 1,
    /// The engine could not be reached or refused the login.
    Connection = 2,
    /// The deadline passed first.
    Timeout = 3,
    /// The engine refused a probe statement.
    Query = 4,
    /// The plugin itself failed: a panic, an answer that cannot be read.
    PluginExecution = 5,
    /// No such compute, or it is not approved. Only the host says this.
    InvalidCompute = 6,
    /// A kind that this version of floe does not know.
    #[serde(other)]
    Unknown = 0,
}

impl ErrorKind {
    /// The number that crosses the ABI.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The kind of a number; [`ErrorKind::Unknown`] for one of a later version.
    pub const fn from_code(code: u32) -> Self {
        match code {
            1 => Self::Configuration,
            2 => Self::Connection,
            3 => Self::Timeout,
            4 => Self::Query,
            5 => Self::PluginExecution,
            6 => Self::InvalidCompute,
            _ => Self::Unknown,
        }
    }
}

/// A failure of a plugin call, told so that its reader can mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PluginError {
    /// Its class.
    pub kind: ErrorKind,
    /// A short stable word for machines, such as `dns`, `refused` or `panic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What happened, in one sentence, without a stack trace and without any secret.
    pub message: String,
    /// What the reader can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The id of the command that asked; the host fills it where the plugin does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl PluginError {
    /// An error of a kind; say what to do about it with [`PluginError::with_help`].
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, reason: None, message: message.into(), help: None, correlation_id: None }
    }

    optional_setters! {
        /// Sets the short stable word for machines.
        with_reason => reason: String;
        /// Sets what the reader can do about it.
        with_help => help: String;
        /// Sets the id of the command that asked.
        with_correlation_id => correlation_id: String;
    }
}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PluginError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_its_number() {
        for code in 0..=6 {
            assert_eq!(ErrorKind::from_code(code).code(), code);
        }
        assert_eq!(ErrorKind::from_code(7), ErrorKind::Unknown);
    }

    #[test]
    fn a_kind_of_a_later_version_reads_as_unknown() {
        let kind: ErrorKind = serde_json::from_str("\"quota\"").unwrap();
        assert_eq!(kind, ErrorKind::Unknown);
    }
}
