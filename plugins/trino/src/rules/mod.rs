//! What must hold between settings and a JSON Schema cannot say.

mod headers;
mod method;

use floe_plugin_api::PluginResult;
use floe_plugin_common::{Whole, is_expression, wrong};

use crate::config::{Cert, Choice, Settings, Trust};

/// The session property that holds a statement to a time: from the moment at which it is sent, waiting in a queue
/// included, as `900s`.
pub(crate) const RUN_TIME: &str = "query_max_run_time";

/// Checks the settings; `timeout_seconds` is floe's own.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify(settings: &Settings, timeout_seconds: Option<u32>) -> PluginResult<()> {
    texts(settings)?;
    words(settings)?;
    host(settings)?;
    port(settings)?;
    method::verify(settings)?;
    cert(settings)?;
    run_time(settings, timeout_seconds)?;
    headers::verify(settings)?;
    starburst(settings)
}

/// What becomes a line of HTTP holds no line break, and nothing else that cannot be printed.
fn texts(settings: &Settings) -> PluginResult<()> {
    let one = |key: &'static str, text: Option<&str>| text.map(|text| (key.to_owned(), text.to_owned()));
    let mut all: Vec<(String, String)> = [
        one("host", Some(&settings.host)),
        one("user", settings.user.as_deref()),
        one("impersonation_user", settings.impersonation_user.as_deref()),
        one("jwt_token", settings.jwt_token.as_ref().map(floe_plugin_api::Secret::expose)),
        one("database", Some(&settings.database)),
        one("schema", Some(&settings.schema)),
        one("timezone", settings.timezone.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (name, role) in settings.roles.iter().flatten() {
        all.push((format!("roles.{name}"), role.clone()));
    }
    for (name, value) in settings.http_headers.iter().flatten() {
        all.push((format!("http_headers.{name}"), value.as_str().to_owned()));
    }
    for (position, tag) in settings.client_tags.iter().flatten().enumerate() {
        all.push((format!("client_tags[{position}]"), tag.clone()));
    }
    match all.into_iter().find(|(_, text)| text.chars().any(char::is_control)) {
        None => Ok(()),
        // The value is not shown: it may be a secret.
        Some((key, _)) => Err(wrong(
            "line_break",
            format!("`{key}` holds a line break or another character that no HTTP header can carry"),
            "write it on one line; a file that holds a token must end without a line break",
        )),
    }
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
        return refused("method", "it decides which settings and which Python packages dbt needs");
    }
    if matches!(settings.http_scheme, Some(Choice::Text(_))) {
        return refused("http_scheme", "it decides whether anything is encrypted");
    }
    Ok(())
}

fn host(settings: &Settings) -> PluginResult<()> {
    let host = settings.host.as_str();
    if is_expression(host) {
        return Ok(());
    }
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let help = if host.contains("://") {
        "write the name alone, its port as `port`, and `http_scheme: https` where method `none` speaks https".to_owned()
    } else if host.matches(':').count() > 1 && !is_bracketed {
        format!("an IPv6 address stands in brackets: `[{host}]`")
    } else {
        "write the name alone, and its port as `port`".to_owned()
    };
    let is_plain = !host.contains(['/', '@', '?', '#', ' ', '\\']) && (is_bracketed || !host.contains(':'));
    if is_plain { Ok(()) } else { Err(wrong("host", format!("`host` is {host:?}, which is no host name"), help)) }
}

fn port(settings: &Settings) -> PluginResult<()> {
    let whole = |key: &str, whole: Option<&Whole>, least: u64, most: u64| match whole {
        Some(Whole::Text(text)) if is_expression(text) => Ok(()),
        Some(whole) if whole.value().is_none_or(|value| !(least..=most).contains(&value)) => Err(wrong(
            key,
            format!("`{key}` is no whole number from {least} to {most}"),
            format!("check what the expression of `{key}` comes to"),
        )),
        _ => Ok(()),
    };
    whole("port", Some(&settings.port), 1, 65_535)?;
    whole("retries", settings.retries.as_ref(), 1, u64::from(u32::MAX))
}

fn cert(settings: &Settings) -> PluginResult<()> {
    match settings.cert.as_ref().and_then(Cert::value) {
        Some(Trust::File(_)) if !settings.is_https() => Err(wrong(
            "cert",
            "`cert` names a file with certificates, but nothing is encrypted: `http_scheme` is `http`",
            "set `http_scheme: https`, or leave `cert` out",
        )),
        _ => Ok(()),
    }
}

fn run_time(settings: &Settings, timeout_seconds: Option<u32>) -> PluginResult<()> {
    let own = settings.session_properties.as_ref().and_then(|properties| properties.get(RUN_TIME));
    match (own, timeout_seconds) {
        (Some(_), Some(seconds)) => Err(wrong(
            "timeout_seconds",
            format!("`timeout_seconds: {seconds}` and `session_properties.{RUN_TIME}` are the same limit, set twice"),
            format!("keep `timeout_seconds`, and leave `{RUN_TIME}` out"),
        )),
        _ => Ok(()),
    }
}

fn starburst(settings: &Settings) -> PluginResult<()> {
    let credentials = [
        ("starburst_client_id", settings.starburst_client_id.is_some()),
        ("starburst_secret_key", settings.starburst_secret_key.is_some()),
    ];
    match settings.starburst_url.as_deref() {
        None => match credentials.iter().find(|(_, is_set)| *is_set) {
            None => Ok(()),
            Some((key, _)) => Err(wrong(
                "starburst_url",
                format!("`{key}` is set, but not the address that it is for"),
                format!("add `starburst_url`, or leave `{key}` out"),
            )),
        },
        Some(url) if !is_expression(url) && !url.to_ascii_lowercase().starts_with("https://") => Err(wrong(
            "starburst_url",
            format!("`starburst_url` is {url:?}: dbt-trino sends the client secret by https alone"),
            "write it as `https://<account>.galaxy.starburst.io`",
        )),
        Some(_) => match credentials.iter().find(|(_, is_set)| !*is_set) {
            None => Ok(()),
            Some((key, _)) => Err(wrong(
                key,
                format!(
                    "`starburst_url` is set without `{key}`: dbt-trino would write no descriptions, and only log that"
                ),
                format!("add `{key}`, or leave `starburst_url` out"),
            )),
        },
    }
}
