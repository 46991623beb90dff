//! Parameters of the session and of the driver.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{is_expression, wrong};

use crate::config::{Login, Settings};

/// The parameter that holds a statement to a time, in seconds.
pub(crate) const STATEMENT_TIMEOUT: &str = "statement_timeout";

/// The longest time that Databricks takes there: two days, which is also its default.
const LONGEST_TIMEOUT: u32 = 172_800;

/// Parameters of the driver that dbt-databricks fills itself, with what fills them: `DatabricksCredentials.__post_init__`
/// refuses all but the last when it connects, and the last would be sent in place of the login.
const RESERVED: [(&str, &str); 11] = [
    ("server_hostname", "`host`"),
    ("http_path", "`http_path`"),
    ("access_token", "`token`"),
    ("client_id", "`client_id`"),
    ("client_secret", "`client_secret`"),
    ("session_configuration", "`session_properties`"),
    ("catalog", "`catalog`"),
    ("schema", "`schema`"),
    ("user_agent_entry", "dbt"),
    ("_user_agent_entry", "dbt"),
    ("credentials_provider", "`token` or `auth_type`"),
];

/// Checks the parameters; `timeout_seconds` is floe's own.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings, timeout_seconds: Option<u32>) -> PluginResult<()> {
    timeout(settings, timeout_seconds)?;
    session(settings)?;
    driver(settings)?;
    headers(settings)?;
    kernel(settings)
}

fn timeout(settings: &Settings, timeout_seconds: Option<u32>) -> PluginResult<()> {
    // Databricks reads names of parameters in small and capital letters alike.
    let mut properties = settings.session_properties.iter().flatten();
    let own = properties.find(|(name, _)| name.eq_ignore_ascii_case(STATEMENT_TIMEOUT));
    match (own, timeout_seconds) {
        (Some((name, _)), Some(seconds)) => Err(wrong(
            "timeout_seconds",
            format!("`timeout_seconds: {seconds}` and `session_properties.{name}` are the same limit, set twice"),
            format!("keep `timeout_seconds`, and leave `{name}` out"),
        )),
        (None, Some(seconds)) if seconds > LONGEST_TIMEOUT => Err(wrong(
            "timeout_seconds",
            format!("`timeout_seconds` is {seconds}: Databricks takes {LONGEST_TIMEOUT} at most, which are two days"),
            "write less, or leave it out: two days are the default",
        )),
        (Some((name, value)), None) => {
            let text = value.to_text();
            let fits = text.trim().parse::<u32>().is_ok_and(|seconds| seconds <= LONGEST_TIMEOUT);
            if fits || is_expression(&text) {
                return Ok(());
            }
            Err(wrong(
                STATEMENT_TIMEOUT,
                format!("`session_properties.{name}` is no number of seconds from 0 to {LONGEST_TIMEOUT}"),
                "leave it out, and write `timeout_seconds`",
            ))
        }
        _ => Ok(()),
    }
}

fn session(settings: &Settings) -> PluginResult<()> {
    let mut properties = settings.session_properties.iter().flatten();
    match properties.find(|(name, _)| name.eq_ignore_ascii_case("query_tags")) {
        None => Ok(()),
        Some((name, _)) => Err(wrong(
            "query_tags",
            format!("`session_properties.{name}` has no effect: dbt-databricks writes its own tags over it"),
            "write the tags as `query_tags`",
        )),
    }
}

fn driver(settings: &Settings) -> PluginResult<()> {
    match RESERVED.iter().find(|(key, _)| settings.parameter(key).is_some()) {
        None => Ok(()),
        Some((key, filled)) => Err(wrong(
            "connection_parameters",
            format!("`connection_parameters` holds `{key}`, which {filled} fills"),
            format!("leave `{key}` out there"),
        )),
    }
}

fn headers(settings: &Settings) -> PluginResult<()> {
    let Some(headers) = settings.parameter("http_headers") else { return Ok(()) };
    let all = headers.as_object().filter(|all| all.values().all(serde_json::Value::is_string));
    let Some(all) = all else {
        return Err(wrong(
            "http_headers",
            "`connection_parameters.http_headers` is no map of texts, which dbt-databricks refuses",
            "write `name: text` for each header, numbers in quotation marks",
        ));
    };
    match all.keys().find(|name| name.eq_ignore_ascii_case("authorization")) {
        None => Ok(()),
        Some(name) => Err(wrong(
            "http_headers",
            format!("`connection_parameters.http_headers` holds `{name}`, which the login fills"),
            "log in by `token` or `auth_type`, and leave the header out",
        )),
    }
}

/// The driver's Rust kernel, another way to speak to Databricks.
fn kernel(settings: &Settings) -> PluginResult<()> {
    if !settings.has_flag("use_kernel") {
        return Ok(());
    }
    if settings.has_flag("use_sea") {
        return Err(wrong(
            "connection_parameters",
            "`use_kernel` and `use_sea` are two ways to speak to Databricks, and the driver takes one",
            "leave one of them out",
        ));
    }
    match settings.login() {
        Some(login @ (Login::Azure | Login::EnvOidc | Login::FileOidc)) => Err(wrong(
            "connection_parameters",
            format!("`use_kernel` cannot log in by {}: dbt-databricks refuses it when it connects", login.name()),
            "leave `use_kernel` out",
        )),
        _ => Ok(()),
    }
}
