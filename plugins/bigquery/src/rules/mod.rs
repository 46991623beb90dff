//! What must hold between settings and a JSON Schema cannot say.

mod method;
mod place;
mod python;

use floe_plugin_api::{PluginError, PluginResult, Secret};
use floe_plugin_common::{Choice, wrong};

use crate::config::Settings;

/// Checks the settings.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify(settings: &Settings) -> PluginResult<()> {
    words(settings)?;
    texts(settings)?;
    place::verify(settings)?;
    method::verify(settings)?;
    python::verify(settings)
}

/// What floe itself must know is no expression.
fn words(settings: &Settings) -> PluginResult<()> {
    let refused = |key: &str, why: &str| {
        Err(wrong(
            key,
            format!("`{key}` is a dbt expression, but floe must know it: {why}"),
            format!(
                "write the word, and under `environments:` `connections:` of the manifest another `{key}` where one differs"
            ),
        ))
    };
    if matches!(settings.method, Choice::Text(_)) {
        return refused("method", "it decides which settings dbt needs");
    }
    if matches!(settings.submission_method, Some(Choice::Text(_))) {
        return refused("submission_method", "it decides which settings Python models need");
    }
    Ok(())
}

/// What becomes a line of HTTP holds no line break, and nothing else that cannot be printed.
fn texts(settings: &Settings) -> PluginResult<()> {
    let one = |key: &'static str, text: Option<&str>| {
        text.is_some_and(|text| text.chars().any(char::is_control)).then_some(key)
    };
    let found = [
        one("project", Some(settings.project())),
        one("dataset", Some(settings.dataset())),
        one("execution_project", settings.execution_project.as_deref()),
        one("quota_project", settings.quota_project.as_deref()),
        one("location", settings.location.as_deref()),
        one("api_endpoint", settings.api_endpoint.as_deref()),
        one("impersonate_service_account", settings.impersonate_service_account.as_deref()),
        one("token", settings.token.as_ref().map(Secret::expose)),
        one("client_id", settings.client_id.as_deref()),
        one("token_uri", settings.token_uri.as_deref()),
    ];
    found.into_iter().flatten().next().map_or(Ok(()), |key| Err(line_break(key)))
}

/// The value is not shown: it may be a secret.
fn line_break(key: &str) -> PluginError {
    wrong(
        "line_break",
        format!("`{key}` holds a line break or another character that no request can carry"),
        "write it on one line; a file that holds a token must end without a line break",
    )
}
