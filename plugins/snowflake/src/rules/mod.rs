//! What must hold between settings and a JSON Schema cannot say.

mod account;
mod login;

use floe_plugin_api::PluginResult;
use floe_plugin_common::{Whole, is_expression, wrong};

use crate::config::Settings;

/// Checks the settings.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify(settings: &Settings) -> PluginResult<()> {
    texts(settings)?;
    account::verify(&settings.account)?;
    host(settings)?;
    protocol(settings)?;
    numbers(settings)?;
    login::verify(settings)?;
    proxy(settings)
}

/// What becomes part of a request holds no line break. A private key in PEM does, and is signed with alone.
fn texts(settings: &Settings) -> PluginResult<()> {
    let secret = |secret: &Option<floe_plugin_api::Secret>| secret.as_ref().map(|text| text.expose().to_owned());
    let all = [
        ("account", Some(settings.account.clone())),
        ("user", settings.user.clone()),
        ("password", secret(&settings.password)),
        ("token", secret(&settings.token)),
        ("oauth_client_id", settings.oauth_client_id.clone()),
        ("oauth_client_secret", secret(&settings.oauth_client_secret)),
        ("role", settings.role.clone()),
        ("warehouse", settings.warehouse.clone()),
        ("database", Some(settings.database.clone())),
        ("schema", Some(settings.schema.clone())),
    ];
    let broken = all.into_iter().find(|(_, text)| text.as_ref().is_some_and(|text| text.chars().any(char::is_control)));
    match broken {
        None => Ok(()),
        // The value is not shown: it may be a secret.
        Some((key, _)) => Err(wrong(
            "line_break",
            format!("`{key}` holds a line break or another character that does not belong there"),
            "write it on one line; a file that holds a token must end without a line break",
        )),
    }
}

fn host(settings: &Settings) -> PluginResult<()> {
    let Some(host) = settings.host.as_deref().filter(|host| !is_expression(host)) else { return Ok(()) };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if !host.contains(['/', '@', '?', '#', ' ', '\\']) && (bracketed || !host.contains(':')) {
        return Ok(());
    }
    Err(wrong(
        "host",
        format!("`host` is {host:?}, which is no host name"),
        "write the name alone, and its port as `port`; most accounts need neither: `account` gives the host",
    ))
}

fn protocol(settings: &Settings) -> PluginResult<()> {
    match settings.protocol.as_deref() {
        None | Some("https" | "http") => Ok(()),
        Some(other) => Err(wrong(
            "protocol",
            format!("`protocol` is {other:?}, which is neither `https` nor `http`"),
            "leave `protocol` out: Snowflake speaks https",
        )),
    }
}

fn numbers(settings: &Settings) -> PluginResult<()> {
    let whole = |key: &str, whole: Option<&Whole>, least: u64, most: u64| match whole {
        Some(Whole::Text(text)) if is_expression(text) => Ok(()),
        Some(whole) if whole.value().is_none_or(|value| !(least..=most).contains(&value)) => Err(wrong(
            key,
            format!("`{key}` is no whole number from {least} to {most}"),
            format!("check what the expression of `{key}` comes to"),
        )),
        _ => Ok(()),
    };
    whole("port", settings.port.as_ref(), 1, 65_535)?;
    whole("proxy_port", settings.proxy_port.as_ref(), 1, 65_535)?;
    whole("connect_retries", settings.connect_retries.as_ref(), 0, u64::from(u32::MAX))?;
    whole("connect_timeout", settings.connect_timeout.as_ref(), 0, u64::from(u32::MAX))
}

/// The connector uses a proxy where it has both keys, and none where it has one; and speaks http to it in any case.
fn proxy(settings: &Settings) -> PluginResult<()> {
    let (host, port) = (settings.proxy_host.as_deref(), settings.proxy_port.is_some());
    if host.is_some() != port {
        let (missing, there) = if port { ("proxy_host", "proxy_port") } else { ("proxy_port", "proxy_host") };
        return Err(wrong(
            "missing_setting",
            format!("`{there}` is written without `{missing}`: dbt would go without a proxy, and not say so"),
            format!("add `{missing}`, or leave `{there}` out"),
        ));
    }
    let Some(host) = host.filter(|host| !is_expression(host)) else { return Ok(()) };
    if host.contains('@') {
        // What stands before it is not shown: it may be a password.
        return Err(wrong(
            "proxy_host",
            "`proxy_host` holds a login, which would stand in the profile as plain text",
            "leave `proxy_host` and `proxy_port` out, and set the variable `HTTPS_PROXY` where dbt runs: \
             `http://user:password@proxy.example:3128`",
        ));
    }
    if host.contains(['/', ':', ' ', '?', '#']) {
        return Err(wrong(
            "proxy_host",
            format!("`proxy_host` is {host:?}, which is no host name"),
            "write the name alone, and its port as `proxy_port`; the connector speaks plain http to a proxy",
        ));
    }
    Ok(())
}
