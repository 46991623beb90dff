//! What the result of a check means for whoever asked.

use floe_plugin_api::{ConnectionResult, ConnectionStatus, ErrorKind, PluginError};

use crate::compile::product::Compute;
use crate::diagnostics::codes::health::{
    CHECK_CONFIGURATION, CHECK_CONNECTION, CHECK_DEGRADED, CHECK_PLUGIN, CHECK_QUERY, CHECK_TIMEOUT, CHECK_WARNS,
};
use crate::diagnostics::{Code, Diagnostic};

/// A status in the word of `--format json`.
pub fn word(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Healthy => "healthy",
        ConnectionStatus::Degraded => "degraded",
        ConnectionStatus::Unhealthy => "unhealthy",
        _ => "unknown",
    }
}

/// What a result means for the command.
pub(super) fn of(compute: &Compute, result: &ConnectionResult) -> Vec<Diagnostic> {
    let named = |text: &str| format!("compute `{}`: {text}", compute.name);
    let help =
        |help: Option<&String>| help.cloned().unwrap_or_else(|| "see the documentation of its plugin".to_owned());
    let degraded = !matches!(result.status, ConnectionStatus::Healthy | ConnectionStatus::Unhealthy);
    let warning_code = if degraded { &CHECK_DEGRADED } else { &CHECK_WARNS };
    let warnings = result
        .warnings
        .iter()
        .map(|warning| Diagnostic::warning(warning_code, named(&warning.message), help(warning.help.as_ref())));
    let mut found = Vec::new();
    if result.status == ConnectionStatus::Unhealthy {
        let kind = result.kind.unwrap_or(ErrorKind::Connection);
        found.push(Diagnostic::error(code(kind), named(&result.message), help(result.help.as_ref())).of_kind(kind));
    } else if degraded && result.warnings.is_empty() {
        found.push(Diagnostic::warning(&CHECK_DEGRADED, named(&result.message), help(result.help.as_ref())));
    }
    found.extend(warnings);
    found
}

/// The code of an unhealthy compute.
fn code(kind: ErrorKind) -> &'static Code {
    match kind {
        ErrorKind::Configuration => &CHECK_CONFIGURATION,
        ErrorKind::Timeout => &CHECK_TIMEOUT,
        ErrorKind::Query => &CHECK_QUERY,
        ErrorKind::PluginExecution => &CHECK_PLUGIN,
        _ => &CHECK_CONNECTION,
    }
}

/// A check that did not come to a result.
pub(super) fn unhealthy(errors: &[Diagnostic]) -> ConnectionResult {
    let error = match errors.first() {
        Some(error) => {
            // What has no kind is about the documents.
            PluginError::new(error.kind.unwrap_or(ErrorKind::Configuration), &error.message).with_help(&error.help)
        }
        None => PluginError::new(ErrorKind::PluginExecution, "the check came to no result"),
    };
    ConnectionResult::unhealthy(error)
}
