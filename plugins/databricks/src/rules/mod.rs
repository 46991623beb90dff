//! What must hold between settings and a JSON Schema cannot say.

mod login;
mod parameters;
mod place;
mod tags;

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::{Whole, is_expression, wrong};

use crate::config::Settings;

pub(crate) use parameters::STATEMENT_TIMEOUT;
pub(crate) use place::{AzureZone, address, azure_zone};

/// Checks the settings; `timeout_seconds` is floe's own.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify(settings: &Settings, timeout_seconds: Option<u32>) -> PluginResult<()> {
    texts(settings)?;
    login::verify(settings)?;
    place::verify(settings)?;
    parameters::verify(settings, timeout_seconds)?;
    tags::verify(settings)?;
    numbers(settings)
}

/// What becomes a line of HTTP, or a part of one, holds no line break and nothing else that cannot be printed.
fn texts(settings: &Settings) -> PluginResult<()> {
    let secret = |secret: &Option<Secret>| secret.as_ref().is_some_and(|secret| is_broken(secret.expose()));
    let text = |text: &Option<String>| text.as_deref().is_some_and(is_broken);
    let all = [
        ("host", is_broken(&settings.host)),
        ("http_path", is_broken(&settings.http_path)),
        ("catalog", text(&settings.catalog)),
        ("database", text(&settings.database)),
        ("schema", is_broken(&settings.schema)),
        ("token", secret(&settings.token)),
        ("client_id", text(&settings.client_id)),
        ("client_secret", secret(&settings.client_secret)),
        ("azure_client_id", text(&settings.azure_client_id)),
        ("azure_client_secret", secret(&settings.azure_client_secret)),
    ];
    match all.iter().find(|(_, broken)| *broken) {
        None => Ok(()),
        // The value is not shown: it may be a secret.
        Some((key, _)) => Err(wrong(
            "line_break",
            format!("`{key}` holds a line break or another character that no HTTP header can carry"),
            "write it on one line; a file that holds a token must end without a line break",
        )),
    }
}

fn is_broken(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn numbers(settings: &Settings) -> PluginResult<()> {
    let keys = [("connect_retries", &settings.connect_retries), ("connect_timeout", &settings.connect_timeout)];
    let is_none = |whole: &Whole| match whole {
        Whole::Text(text) if is_expression(text) => false,
        whole => whole.value().is_none_or(|value| u32::try_from(value).is_err()),
    };
    match keys.iter().find(|(_, whole)| whole.as_ref().is_some_and(is_none)) {
        None => Ok(()),
        Some((key, _)) => Err(wrong(
            key,
            format!("`{key}` is no whole number"),
            format!("check what the expression of `{key}` comes to"),
        )),
    }
}
