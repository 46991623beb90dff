//! Access tokens for a refresh token, as `SnowflakeCredentials._get_access_token` of dbt-snowflake gets them.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Secret};
use floe_plugin_common::check::Run;
use floe_plugin_common::check::oauth::{Grant, Refusal, TokenKey, TokenRequest, Tokens};

use super::way::Way;
use crate::config::Settings;

/// dbt-snowflake sends it; Snowflake does not look at it here.
const REDIRECT: &str = "http://localhost:9999";

/// The tokens of this process, in memory alone.
static TOKENS: Tokens = Tokens::new();

/// An access token.
pub(super) struct Access {
    /// The token.
    pub token: Secret,
    /// Whether it was there already.
    pub kept: bool,
    key: TokenKey,
}

impl Access {
    /// Forgets it, where it was refused.
    pub(super) fn forget(&self) {
        TOKENS.forget(&self.key);
    }
}

/// An access token that is good: one that was got before, or a new one, by steps that begin with `token.`.
///
/// # Errors
/// Where the server is not reached, or gives none.
pub(super) fn access(run: &mut Run, settings: &Settings, way: &Way, refresh: &Secret) -> PluginResult<Access> {
    let id = settings.oauth_client_id.as_deref().unwrap_or_default();
    let secret = settings.oauth_client_secret.as_ref().map(Secret::expose).unwrap_or_default();
    let key = TokenKey::of(&[&way.address.to_string(), id, secret, refresh.expose()]);
    let (token, kept) = TOKENS.get(&key, || run.within("token", |run| ask(run, way, id, secret, refresh.expose())))?;
    Ok(Access { token, kept, key })
}

fn ask(run: &mut Run, way: &Way, id: &str, secret: &str, refresh: &str) -> PluginResult<Grant> {
    let client = way.open(run)?;
    let request = TokenRequest::new("refresh_token")
        .field("refresh_token", refresh)
        .field("redirect_uri", REDIRECT)
        .basic_as_it_is(id, secret);
    run.step("request", |_| {
        request.ask(&client, &way.address.path)?.map_err(|refusal| explain(&refusal, &way.address.at()))
    })
}

/// By the codes of RFC 6749, section 5.2, which Snowflake's documentation of OAuth names too.
fn explain(refusal: &Refusal, at: &str) -> PluginError {
    let said = if refusal.description.is_empty() { String::new() } else { format!(": {}", refusal.description) };
    let failed = |reason: &str, message: String, help: &str| {
        PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
    };
    match (refusal.status, refusal.error.as_str()) {
        (_, "invalid_client") => failed(
            "credential",
            format!("{at} does not know the OAuth client{said}"),
            "check `oauth_client_id` and `oauth_client_secret`: `SYSTEM$SHOW_OAUTH_CLIENT_SECRETS` shows them",
        ),
        (_, "invalid_grant") => failed(
            "credential",
            format!("{at} refuses the refresh token: it has expired, was revoked, or is another client's{said}"),
            "log in anew with the OAuth client, and put the refresh token that it gets where `token` refers to",
        ),
        (403 | 404, "") => failed(
            "no_such_account",
            format!("{at} answers the request for a token with status {}: there is no such account", refusal.status),
            "check `account`; dbt asks for tokens there whatever `host` says",
        ),
        (status, code) => failed(
            "token_refused",
            format!("{at} gives no access token: status {status} {code}{said}"),
            "see the security integration of the OAuth client (`DESCRIBE SECURITY INTEGRATION`), and that it issues refresh tokens",
        ),
    }
}
