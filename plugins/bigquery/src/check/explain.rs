//! What the servers of tokens say, turned into what happened and what to do.

use floe_plugin_api::{ErrorKind, PluginError};
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::http::Answer;
use floe_plugin_common::check::oauth::Refusal;

use super::api_error::ApiError;

/// Who asks for a token.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    /// A service account, by its key.
    ServiceAccount(&'a str),
    /// A refresh token and its client.
    RefreshToken,
    /// The token of another identity provider, at Google.
    Federated,
    /// A client, at the other identity provider.
    IdentityProvider,
}

/// An error of the connection with its stable word, message and help.
pub(super) fn failed(reason: &str, message: String, help: impl Into<String>) -> PluginError {
    PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
}

/// Why a token server grants nothing. Google's words are those of its servers as of 2026; they are shown, not relied on,
/// where they are not known.
pub(super) fn refused(at: &str, who: Who<'_>, refusal: &Refusal) -> PluginError {
    let Refusal { status, error, description } = refusal;
    let words = match (error.is_empty(), description.is_empty()) {
        (true, true) => format!(": HTTP status {status}"),
        (false, true) => format!(": {error}"),
        (true, false) => format!(": {description}"),
        (false, false) => format!(": {error}: {}", description.trim_end_matches('.')),
    };
    if *status == 429 || *status >= 500 {
        let reason = if *status == 429 { "too_many_requests" } else { "unavailable" };
        return failed(reason, format!("{at} grants no token for now{words}"), "check again later");
    }
    let says = |part: &str| description.to_ascii_lowercase().contains(part);
    let (what, help) = match who {
        Who::ServiceAccount(account) if says("reasonable timeframe") => (
            format!("the key of `{account}`, whose assertion is out of time"),
            "set the clock of this machine: it differs from Google's",
        ),
        Who::ServiceAccount(account) if says("invalid jwt signature") => (
            format!("the key of `{account}`"),
            "the key was deleted or disabled, or belongs to another account: make a new key for the service account, and put it \
             where the settings refer to",
        ),
        Who::ServiceAccount(account) if says("account not found") => (
            format!("the key of `{account}`"),
            "the service account was deleted or disabled: have it restored, or use another one",
        ),
        Who::ServiceAccount(account) => (
            format!("the key of `{account}`"),
            "check that the service account and its key are still there, and that `scopes` are scopes of Google's",
        ),
        Who::RefreshToken if error == "invalid_client" || error == "unauthorized_client" => (
            "the client".to_owned(),
            "check `client_id` and `client_secret`: the secret may have been changed, or the client deleted",
        ),
        Who::RefreshToken if error == "invalid_rapt" || says("rapt") => (
            "the refresh token until its owner has logged in anew".to_owned(),
            "log in again (`gcloud auth application-default login`); where nobody can, use a service account",
        ),
        Who::RefreshToken => (
            "the refresh token".to_owned(),
            "it was revoked, or not used for months: get a new one (`gcloud auth application-default login`), and put it where \
             the settings refer to",
        ),
        Who::Federated => (
            "the token of the other identity provider".to_owned(),
            "check that the provider in the audience exists and is enabled, and that it takes issuer, audience and attributes of \
             that token, whose time must not be over",
        ),
        Who::IdentityProvider => (
            "what `token_endpoint.request_data` says".to_owned(),
            "check the client's id, secret and scope in it: the secret's time may be over",
        ),
    };
    failed("credential", format!("{at} does not take {what}{words}"), help)
}

/// No token of the other identity provider.
pub(super) fn no_subject(at: &str, status: u16) -> PluginError {
    failed(
        "subject_token",
        format!("{at} gives no token of the other identity provider: HTTP status {status}"),
        "check `credential_source` in the file of application default credentials",
    )
}

/// There are no application default credentials: not even a metadata server.
pub(super) fn no_metadata(error: PluginError) -> PluginError {
    if !matches!(error.reason.as_deref(), Some("dns" | "dns_timeout" | "refused" | "unreachable" | "connect_timeout")) {
        return error;
    }
    failed(
        "default_credentials",
        format!("this machine has no application default credentials, and no metadata server: {}", error.message),
        "run `gcloud auth application-default login`, or let `GOOGLE_APPLICATION_CREDENTIALS` name a file, where dbt and floe run; \
         or choose another `method`",
    )
}

/// The metadata server has no token.
pub(super) fn no_account(at: &str, status: u16) -> PluginError {
    failed(
        "credential",
        format!("the metadata server {at} gives no token: HTTP status {status}"),
        "have a service account attached to this machine or pod (workload identity)",
    )
}

/// A service account cannot be impersonated.
pub(super) fn not_impersonated(address: &Address, answer: &Answer) -> PluginError {
    let account = address.path.rsplit('/').next().and_then(|name| name.split(':').next()).unwrap_or_default();
    let at = address.at();
    let error = ApiError::of(answer);
    let said = error.said();
    match error.status {
        403 | 404 => failed(
            "role",
            format!("{at} gives the login no token of the service account `{account}`{said}"),
            "have the login's account granted `roles/iam.serviceAccountTokenCreator` on the service account; and check its name",
        ),
        401 => failed(
            "credential",
            format!("{at} refuses the token of the login{said}"),
            "check the credential that the settings refer to",
        ),
        _ => error.anyway(&at, "a token of the service account"),
    }
}
