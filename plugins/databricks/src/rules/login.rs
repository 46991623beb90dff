//! Which credentials a way to log in needs, and which it does not read.

use floe_plugin_api::{PluginError, PluginResult};
use floe_plugin_common::{is_expression, wrong};

use super::place::azure_zone;
use crate::config::{AuthChoice, Login, Settings};

/// Checks the credentials.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    if matches!(settings.auth_type, Some(AuthChoice::Text(_))) {
        return Err(wrong(
            "auth_type",
            "`auth_type` is a dbt expression, but floe must know it: it decides which settings and which packages dbt needs",
            "write the word, and under `environments:` `connections:` of the manifest another `auth_type` where one differs",
        ));
    }
    let Some(login) = settings.login() else { return Err(unsaid(settings)) };
    others(settings, login)?;
    needed(settings, login)?;
    azure(settings, login)
}

/// The credentials, and whether they are written.
fn written(settings: &Settings) -> [(&'static str, bool); 5] {
    [
        ("client_id", settings.client_id.is_some()),
        ("client_secret", settings.client_secret.is_some()),
        ("azure_client_id", settings.azure_client_id.is_some()),
        ("azure_client_secret", settings.azure_client_secret.is_some()),
        ("oidc_token_filepath", settings.oidc_token_filepath.is_some()),
    ]
}

/// No word of how to log in: dbt would tell it when it connects.
fn unsaid(settings: &Settings) -> PluginError {
    if !written(settings).iter().any(|(_, written)| *written) {
        return wrong(
            "missing_setting",
            "nothing says how dbt logs in",
            "write `token`, or `auth_type: oauth` with `client_id` and `client_secret` of a service principal",
        );
    }
    let word = if settings.oidc_token_filepath.is_some() { "file-oidc" } else { "oauth" };
    wrong(
        "missing_setting",
        "there are credentials but no `auth_type`: dbt-databricks refuses that when it connects",
        format!("write `auth_type: {word}`"),
    )
}

/// Credentials of another way: dbt would pass them over, and log in as nobody expects.
fn others(settings: &Settings, login: Login) -> PluginResult<()> {
    let foreign = |key: &str, why: String, help: String| {
        Err(wrong("key_of_another_method", format!("`{key}` is written, but {why}"), help))
    };
    if login == Login::Token && settings.auth_type.is_some() {
        return foreign("auth_type", "dbt does not look at it where `token` is".into(), "remove it, or `token`".into());
    }
    let read: &[&str] = match login {
        Login::Token => &[],
        Login::Secret => &["client_id", "client_secret"],
        Login::Azure => &["azure_client_id", "azure_client_secret"],
        Login::EnvOidc | Login::Browser => &["client_id"],
        Login::FileOidc => &["client_id", "oidc_token_filepath"],
    };
    match written(settings).iter().find(|(key, written)| *written && !read.contains(key)) {
        None => Ok(()),
        Some((key, _)) => foreign(
            key,
            format!("{} does not read it", login.name()),
            format!("remove it, or what has dbt log in by it: {}", login.keys()),
        ),
    }
}

fn needed(settings: &Settings, login: Login) -> PluginResult<()> {
    let needed: &[&str] = match login {
        Login::Token | Login::Browser => &[],
        Login::Secret | Login::EnvOidc => &["client_id"],
        Login::Azure => &["azure_client_id", "azure_client_secret"],
        Login::FileOidc => &["client_id", "oidc_token_filepath"],
    };
    match written(settings).iter().find(|(key, written)| !written && needed.contains(key)) {
        None => Ok(()),
        Some((key, _)) => Err(wrong(
            "missing_setting",
            format!("{} needs `{key}`", login.name()),
            format!("write `{key}`, or choose another way to log in"),
        )),
    }
}

/// databricks-sdk knows by the end of the host's name which login server to ask, and fails on any other host.
fn azure(settings: &Settings, login: Login) -> PluginResult<()> {
    if login != Login::Azure || is_expression(&settings.host) || azure_zone(&settings.host).is_some() {
        return Ok(());
    }
    Err(wrong(
        "azure_host",
        format!("a secret of Microsoft Entra ID opens workspaces on Azure alone, and `{}` is none", settings.host),
        "write the host as `adb-….azuredatabricks.net`; elsewhere log in by `client_id` and `client_secret`",
    ))
}
