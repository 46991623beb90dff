//! Which settings a method needs, and which it does not know.

use floe_plugin_api::PluginResult;
use floe_plugin_common::check::address::Address;
use floe_plugin_common::{OwnKey, is_expression, refuse_foreign_keys, require_keys, wrong};

use crate::config::{Method, Settings};

const SECRETS: &[Method] = &[Method::OauthSecrets];
const KEY_FILE: &[Method] = &[Method::ServiceAccount];
const KEY_JSON: &[Method] = &[Method::ServiceAccountJson];
const FEDERATED: &[Method] = &[Method::ExternalOauthWif];

/// Checks the settings against their method.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    others(settings)?;
    needed(settings)?;
    secrets(settings)?;
    key(settings)?;
    federation(settings)
}

/// Settings of another method: dbt-bigquery would ignore them, and log in as nobody expects.
fn others(settings: &Settings) -> PluginResult<()> {
    let keys: [OwnKey<'_, Method>; 10] = [
        ("token", settings.token.is_some(), SECRETS),
        ("refresh_token", settings.refresh_token.is_some(), SECRETS),
        ("client_id", settings.client_id.is_some(), SECRETS),
        ("client_secret", settings.client_secret.is_some(), SECRETS),
        ("token_uri", settings.token_uri.is_some(), SECRETS),
        ("keyfile", settings.keyfile.is_some(), KEY_FILE),
        ("keyfile_json", settings.keyfile_json.is_some(), KEY_JSON),
        ("workload_pool_provider_path", settings.workload_pool_provider_path.is_some(), FEDERATED),
        ("service_account_impersonation_url", settings.service_account_impersonation_url.is_some(), FEDERATED),
        ("token_endpoint", settings.token_endpoint.is_some(), FEDERATED),
    ];
    refuse_foreign_keys(settings.method(), Method::as_str, &keys)
}

fn needed(settings: &Settings) -> PluginResult<()> {
    let needed: &[(&str, bool)] = match settings.method() {
        Method::Oauth => &[],
        Method::OauthSecrets if settings.token.is_some() => &[],
        Method::OauthSecrets => &[("refresh_token", settings.refresh_token.is_some())],
        Method::ServiceAccount => &[("keyfile", settings.keyfile.is_some())],
        Method::ServiceAccountJson => &[("keyfile_json", settings.keyfile_json.is_some())],
        Method::ExternalOauthWif => &[
            ("workload_pool_provider_path", settings.workload_pool_provider_path.is_some()),
            ("token_endpoint", settings.token_endpoint.is_some()),
        ],
    };
    require_keys(settings.method().as_str(), needed)
}

/// google-auth gets a token by all four or by none of them.
fn secrets(settings: &Settings) -> PluginResult<()> {
    let parts = [
        ("refresh_token", settings.refresh_token.is_some()),
        ("client_id", settings.client_id.is_some()),
        ("client_secret", settings.client_secret.is_some()),
        ("token_uri", settings.token_uri.is_some()),
    ];
    let written = |(_, written): &&(&str, bool)| *written;
    let (Some((there, _)), Some((missing, _))) =
        (parts.iter().find(written), parts.iter().find(|(_, written)| !written))
    else {
        return address("token_uri", settings.token_uri.as_deref());
    };
    Err(wrong(
        "missing_setting",
        format!(
            "`{there}` is written without `{missing}`: a new token is got by all of refresh_token, client_id, client_secret and token_uri, or not at all"
        ),
        format!("write `{missing}`, or remove `{there}`"),
    ))
}

fn key(settings: &Settings) -> PluginResult<()> {
    let Some(key) = &settings.keyfile_json else { return Ok(()) };
    if let Some(kind) = key.kind.as_deref().filter(|kind| *kind != "service_account" && !is_expression(kind)) {
        return Err(wrong(
            "keyfile_json",
            format!("`keyfile_json.type` is `{kind}`, and only the key of a service account can stand there"),
            "use the key file that Google makes for a service account, or `method: oauth` for other credentials",
        ));
    }
    address("keyfile_json.token_uri", Some(&key.token_uri))
}

fn federation(settings: &Settings) -> PluginResult<()> {
    let Some(endpoint) = &settings.token_endpoint else { return Ok(()) };
    if endpoint.kind != "entra" && !is_expression(&endpoint.kind) {
        return Err(wrong(
            "token_endpoint",
            format!("`token_endpoint.type` is `{}`, and dbt-bigquery knows `entra` alone", endpoint.kind),
            "write `type: entra`; for other identity providers use `method: oauth` with a file of application default credentials",
        ));
    }
    address("token_endpoint.request_url", Some(&endpoint.request_url))?;
    let Some(url) = &settings.service_account_impersonation_url else { return Ok(()) };
    if !is_expression(url) && !url.ends_with(":generateAccessToken") {
        return Err(wrong(
            "service_account_impersonation_url",
            "`service_account_impersonation_url` does not end with `:generateAccessToken`",
            "write `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/<email>:generateAccessToken`",
        ));
    }
    address("service_account_impersonation_url", Some(url))
}

/// An address that requests go to, where it is known.
fn address(key: &str, text: Option<&str>) -> PluginResult<()> {
    match text.filter(|text| !is_expression(text)) {
        Some(text) => Address::parse(key, text).map(|_| ()),
        None => Ok(()),
    }
}
