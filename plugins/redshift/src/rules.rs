//! What must hold between settings and a JSON Schema cannot say.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{Flag, OwnKey, is_expression, refuse_foreign_keys, require_keys, wrong};

use crate::config::{Method, Settings, SslMode};

/// Checks the settings.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify(settings: &Settings) -> PluginResult<()> {
    host(settings)?;
    database(settings)?;
    needed(settings)?;
    foreign(settings)?;
    keys(settings)?;
    encryption(settings)?;
    role(settings)?;
    keepalive(settings)
}

fn host(settings: &Settings) -> PluginResult<()> {
    let host = &settings.host;
    if is_expression(host) || !host.contains([':', '/', ' ']) {
        return Ok(());
    }
    Err(wrong(
        "host",
        format!("`host` is {host:?}, which is more than a host name"),
        "write the endpoint alone; port and database have keys of their own",
    ))
}

fn database(settings: &Settings) -> PluginResult<()> {
    match (&settings.database, &settings.dbname) {
        (Some(_), Some(_)) => Err(wrong(
            "database",
            "`database` and `dbname` are both written, and mean the same",
            "keep `database` and remove `dbname`",
        )),
        (None, None) => Err(wrong("database", "`database` is missing", "name the database that dbt builds into")),
        _ => Ok(()),
    }
}

/// What a method cannot do without.
fn needed(settings: &Settings) -> PluginResult<()> {
    let method = settings.method();
    let needs: &[(&str, bool)] = match method {
        Method::Database => &[("user", settings.user.is_some()), ("password", settings.password.is_some())],
        Method::Iam => &[("user", settings.user.is_some())],
        Method::IamRole => &[],
        Method::BrowserIdentityCenter => {
            &[("idc_region", settings.idc_region.is_some()), ("issuer_url", settings.issuer_url.is_some())]
        }
        Method::OauthTokenIdentityCenter => &[("token_endpoint", settings.token_endpoint.is_some())],
    };
    require_keys(method.as_str(), needs)?;
    let issued = matches!(method, Method::Iam | Method::IamRole);
    if issued && !settings.is_serverless() && settings.cluster_id.is_none() {
        return Err(wrong(
            "missing_setting",
            format!("`method: {}` needs `cluster_id`: AWS issues credentials for one cluster", method.as_str()),
            "write `cluster_id`; for Redshift Serverless write `is_serverless: true` and `serverless_work_group`",
        ));
    }
    if let Some(endpoint) = &settings.token_endpoint
        && endpoint.kind == crate::config::IdentityProvider::Okta
        && endpoint.idp_auth_credentials.is_none()
    {
        return Err(wrong(
            "missing_setting",
            "`token_endpoint` of the type `okta` needs `idp_auth_credentials`",
            "write `client_id:client_secret` in base64 there, as a secret",
        ));
    }
    Ok(())
}

/// What a method does not read: the adapter would pass it over, and the user would wonder.
fn foreign(settings: &Settings) -> PluginResult<()> {
    use Method::{BrowserIdentityCenter, Database, Iam, IamRole, OauthTokenIdentityCenter};
    let keys: [OwnKey<'_, Method>; 15] = [
        ("user", settings.user.is_some(), &[Database, Iam]),
        ("password", settings.password.is_some(), &[Database]),
        ("cluster_id", settings.cluster_id.is_some(), &[Iam, IamRole]),
        ("iam_profile", settings.iam_profile.is_some(), &[Iam, IamRole]),
        ("access_key_id", settings.access_key_id.is_some(), &[Iam]),
        ("secret_access_key", settings.secret_access_key.is_some(), &[Iam]),
        ("autocreate", settings.autocreate.is_some(), &[Iam]),
        ("db_groups", settings.db_groups.is_some(), &[Iam]),
        ("serverless_work_group", settings.serverless_work_group.is_some(), &[Iam, IamRole]),
        ("serverless_acct_id", settings.serverless_acct_id.is_some(), &[Iam, IamRole]),
        ("idc_region", settings.idc_region.is_some(), &[BrowserIdentityCenter]),
        ("issuer_url", settings.issuer_url.is_some(), &[BrowserIdentityCenter]),
        ("idp_listen_port", settings.idp_listen_port.is_some(), &[BrowserIdentityCenter]),
        ("idp_response_timeout", settings.idp_response_timeout.is_some(), &[BrowserIdentityCenter]),
        ("token_endpoint", settings.token_endpoint.is_some(), &[OauthTokenIdentityCenter]),
    ];
    refuse_foreign_keys(settings.method(), Method::as_str, &keys)
}

fn keys(settings: &Settings) -> PluginResult<()> {
    let (id, secret) = (settings.access_key_id.is_some(), settings.secret_access_key.is_some());
    if id != secret {
        let missing = if id { "secret_access_key" } else { "access_key_id" };
        return Err(wrong(
            "missing_setting",
            format!("`{missing}` is missing: an AWS access key has two parts"),
            format!("write `{missing}` too, or use `iam_profile` in place of both"),
        ));
    }
    if id && settings.iam_profile.is_some() {
        return Err(wrong(
            "iam_profile",
            "`iam_profile` is written beside an access key, which the adapter uses instead",
            "keep one of them",
        ));
    }
    Ok(())
}

fn encryption(settings: &Settings) -> PluginResult<()> {
    if settings.method() != Method::Database && settings.sslmode() == SslMode::Disable {
        return Err(wrong(
            "sslmode",
            format!(
                "`method: {}` does not work with `sslmode: disable`: AWS wants TLS there",
                settings.method().as_str()
            ),
            "remove `sslmode`",
        ));
    }
    Ok(())
}

/// dbt-redshift pastes the role into SQL as it stands.
fn role(settings: &Settings) -> PluginResult<()> {
    match &settings.role {
        Some(role) if !is_expression(role) && !is_name(role) => Err(wrong(
            "role",
            format!("`role` is {role:?}, which is no name that SQL takes as it stands"),
            "use letters, digits, `_` and `$`, and begin with a letter or `_`; or put the name in double quotes",
        )),
        _ => Ok(()),
    }
}

/// A plain or quoted SQL name.
fn is_name(text: &str) -> bool {
    let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = quoted {
        return !inner.is_empty() && !inner.replace("\"\"", "").contains('"');
    }
    text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

fn keepalive(settings: &Settings) -> PluginResult<()> {
    let off = settings.tcp_keepalive.as_ref().and_then(Flag::value) == Some(false);
    let details = [
        ("tcp_keepalive_idle", &settings.tcp_keepalive_idle),
        ("tcp_keepalive_interval", &settings.tcp_keepalive_interval),
        ("tcp_keepalive_count", &settings.tcp_keepalive_count),
    ];
    match details.iter().find(|(_, value)| off && value.is_some()) {
        Some((key, _)) => Err(wrong(
            "tcp_keepalive",
            format!("`{key}` is written beside `tcp_keepalive: false`"),
            format!("remove `{key}`, or turn `tcp_keepalive` on"),
        )),
        None => Ok(()),
    }
}
