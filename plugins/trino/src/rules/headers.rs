//! What becomes HTTP headers: names that cannot be sent, or that dbt-trino fills itself.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{is_expression, wrong};

use crate::config::{Method, Settings};

/// Headers that dbt-trino fills from other settings (`RESERVED_HTTP_HEADERS` in its `connections.py`), and the setting
/// that does it. It refuses to start with any of them among `http_headers`.
const RESERVED: [(&str, &str); 15] = [
    ("x-trino-catalog", "set `database`"),
    ("x-trino-schema", "set `schema`"),
    ("x-trino-source", "leave it out: dbt-trino names itself there"),
    ("x-trino-user", "set `user`, or `impersonation_user`"),
    ("x-trino-original-user", "set `user` and `impersonation_user`"),
    ("x-trino-time-zone", "set `timezone`"),
    ("x-trino-query-data-encoding", "leave it out: dbt-trino says there what it can read"),
    ("x-trino-client-capabilities", "leave it out: dbt-trino says there what it can read"),
    ("x-trino-role", "set `roles`"),
    ("x-trino-client-tags", "set `client_tags`"),
    ("x-trino-session", "set `session_properties`"),
    ("x-trino-prepared-statement", "leave it out"),
    ("x-trino-transaction-id", "leave it out"),
    ("x-trino-extra-credential", "leave it out: dbt-trino sends no extra credentials"),
    ("user-agent", "leave it out"),
];

/// Checks headers, tags, roles and session properties.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    for name in settings.http_headers.iter().flatten().map(|(name, _)| name) {
        header(name, settings.method())?;
    }
    for tag in settings.client_tags.iter().flatten() {
        if tag.is_empty() || (tag.contains(',') && !is_expression(tag)) {
            return Err(wrong(
                "client_tags",
                format!("`client_tags` holds {tag:?}: tags are sent with commas between them"),
                "write each tag as an entry of its own",
            ));
        }
    }
    for (catalog, role) in settings.roles.iter().flatten() {
        assignment("roles", catalog)?;
        if role.is_empty() {
            return Err(wrong(
                "roles",
                format!("`roles.{catalog}` is empty"),
                "name a role; `NONE` stands for no role, and `ALL` for all that the user has",
            ));
        }
    }
    for name in settings.session_properties.iter().flatten().map(|(name, _)| name) {
        assignment("session_properties", name)?;
    }
    Ok(())
}

fn header(name: &str, method: Method) -> PluginResult<()> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, instead)) = RESERVED.iter().find(|(reserved, _)| *reserved == lower) {
        return Err(wrong(
            "http_headers",
            format!("`http_headers` holds `{name}`, which dbt-trino sends itself"),
            *instead,
        ));
    }
    if lower == "authorization" && matches!(method, Method::Ldap | Method::Jwt) {
        return Err(wrong(
            "http_headers",
            format!("`http_headers` holds `{name}`, in whose place method `{}` sends its own", method.as_str()),
            format!("leave it out, or choose another method than `{}`", method.as_str()),
        ));
    }
    // The characters of a token, by RFC 9110, section 5.6.2.
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(wrong(
            "http_headers",
            format!("`http_headers` holds the key {name:?}, which is no name of a header"),
            "write the header's name alone; its value goes behind the colon",
        ));
    }
    Ok(())
}

/// What is sent as `name=value`, with commas between.
fn assignment(key: &str, name: &str) -> PluginResult<()> {
    if name.is_empty() || name.contains(['=', ',']) || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong(
            key,
            format!("`{key}` holds the key {name:?}, which cannot be sent"),
            "write a name without spaces, commas and `=`",
        ));
    }
    Ok(())
}
