//! Which settings a way to log in needs, and which it does not read.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{is_expression, wrong};

use crate::config::{Login, Settings, WORDS, is_okta};

const PROVIDERS: [&str; 4] = ["AWS", "AZURE", "GCP", "OIDC"];

/// Checks the settings against the way to log in.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    authenticator(settings.authenticator.as_deref())?;
    key(settings)?;
    client(settings)?;
    let login = settings.login();
    foreign(settings, login)?;
    needed(settings, login)?;
    workload(settings, login)
}

fn authenticator(written: Option<&str>) -> PluginResult<()> {
    let Some(written) = written else { return Ok(()) };
    if is_expression(written) {
        return Err(wrong(
            "authenticator",
            "`authenticator` is a dbt expression, but floe must know it: it decides which settings dbt needs",
            "write the word, and under `environments:` `connections:` of the manifest another `authenticator` where one differs",
        ));
    }
    if WORDS.contains(&written) || is_okta(written) {
        return Ok(());
    }
    let lower = written.to_ascii_lowercase();
    let (why, help) = match lower.as_str() {
        "oauth_client_credentials" => (
            "which dbt-snowflake 1.12 cannot do: it gives the connector neither client id nor secret",
            "get a refresh token for the client, and write `authenticator: oauth` with `oauth_client_id`, \
             `oauth_client_secret` and `token`; or log in by key pair"
                .to_owned(),
        ),
        "pat_with_external_session" => (
            "which dbt-snowflake 1.12 cannot do: it gives the connector no token for it",
            "write `authenticator: programmatic_access_token`".to_owned(),
        ),
        lower if WORDS.contains(&lower) => {
            ("which dbt reads in small letters alone", format!("write `authenticator: {lower}`"))
        }
        _ => (
            "which is no way to log in",
            format!("write one of {}, or the address of an Okta (`https://acme.okta.com`)", listed(&WORDS)),
        ),
    };
    Err(wrong("authenticator", format!("`authenticator` is {written:?}, {why}"), help))
}

fn key(settings: &Settings) -> PluginResult<()> {
    if settings.private_key.is_some() && settings.private_key_path.is_some() {
        return Err(wrong(
            "private_key",
            "`private_key` and `private_key_path` are both written, which dbt refuses",
            "keep one of them",
        ));
    }
    let by_key = matches!(settings.authenticator.as_deref(), None | Some("snowflake" | "snowflake_jwt"));
    if settings.has_key() && !by_key {
        let written = settings.authenticator.as_deref().unwrap_or_default();
        return Err(wrong(
            "authenticator",
            format!(
                "`authenticator: {written}` stands beside a private key: the connector would log in by the key, and not say so"
            ),
            "remove the private key, or `authenticator`",
        ));
    }
    Ok(())
}

/// dbt takes a client only whole, and only for `oauth`; else it warns at most, and goes on with `token` as it is.
fn client(settings: &Settings) -> PluginResult<()> {
    let (id, secret) = (settings.oauth_client_id.is_some(), settings.oauth_client_secret.is_some());
    if !id && !secret {
        return Ok(());
    }
    if settings.authenticator.as_deref() != Some("oauth") {
        let key = if id { "oauth_client_id" } else { "oauth_client_secret" };
        return Err(wrong(
            "key_of_another_method",
            format!("`{key}` is written, but {} does not read it", settings.login().words()),
            format!("remove `{key}`, or write `authenticator: oauth`"),
        ));
    }
    if id != secret {
        let missing = if id { "oauth_client_secret" } else { "oauth_client_id" };
        return Err(wrong(
            "missing_setting",
            format!("`{missing}` is missing: an OAuth client has an id and a secret"),
            format!("write `{missing}` too; or neither, where `token` is an access token"),
        ));
    }
    Ok(())
}

/// Keys that the way to log in does not read: dbt would pass them over, and the user would wonder.
fn foreign(settings: &Settings, login: Login) -> PluginResult<()> {
    use Login::{AccessToken, Jwt, KeyPair, Mfa, Oauth, OauthRefresh, Okta, Password, WorkloadIdentity};
    let keys: [(&str, bool, &[Login], &str); 5] = [
        (
            "password",
            settings.password.is_some(),
            &[Password, Mfa, Okta],
            "`authenticator: snowflake` without a private key",
        ),
        (
            "private_key_passphrase",
            settings.private_key_passphrase.is_some(),
            &[KeyPair],
            "the private key that it is for, as `private_key_path` or `private_key`",
        ),
        (
            "token",
            settings.token.is_some(),
            &[Oauth, OauthRefresh, Jwt, AccessToken, WorkloadIdentity],
            "`authenticator: oauth`, `programmatic_access_token` or `workload_identity`",
        ),
        (
            "workload_identity_provider",
            settings.workload_identity_provider.is_some(),
            &[WorkloadIdentity],
            "`authenticator: workload_identity`",
        ),
        (
            "workload_identity_entra_resource",
            settings.workload_identity_entra_resource.is_some(),
            &[WorkloadIdentity],
            "`authenticator: workload_identity`",
        ),
    ];
    match keys.iter().find(|(_, written, logins, _)| *written && !logins.contains(&login)) {
        None => Ok(()),
        Some((key, _, _, instead)) => Err(wrong(
            "key_of_another_method",
            format!("`{key}` is written, but {} does not read it", login.words()),
            format!("remove `{key}`, or write {instead}"),
        )),
    }
}

fn needed(settings: &Settings, login: Login) -> PluginResult<()> {
    let missing = |key: &str, help: &str| {
        Err(wrong("missing_setting", format!("{} needs `{key}`", capital(login.words())), help))
    };
    if settings.user.is_none() && !login.knows_the_user() {
        return missing("user", "write the name of the user");
    }
    match login {
        Login::Password if settings.password.is_none() => {
            missing("password", "write `password`, or a private key (`private_key_path`), or another `authenticator`")
        }
        Login::Mfa | Login::Okta if settings.password.is_none() => {
            missing("password", "write `password` as a reference")
        }
        Login::KeyPair if !settings.has_key() => {
            missing("private_key_path", "write the path of the private key, or the key itself as `private_key`")
        }
        Login::Oauth | Login::OauthRefresh | Login::Jwt | Login::AccessToken if settings.token.is_none() => {
            missing("token", "write `token` as a reference")
        }
        Login::WorkloadIdentity if settings.workload_identity_provider.is_none() => {
            missing("workload_identity_provider", &format!("write one of {}", listed(&PROVIDERS)))
        }
        _ => Ok(()),
    }
}

fn workload(settings: &Settings, login: Login) -> PluginResult<()> {
    let Some(written) = settings.workload_identity_provider.as_deref().filter(|_| login == Login::WorkloadIdentity)
    else {
        return Ok(());
    };
    if is_expression(written) {
        return Err(wrong(
            "workload_identity_provider",
            "`workload_identity_provider` is a dbt expression, but floe must know it: it decides which settings dbt needs",
            "write the word, and another under `environments:` `connections:` of the manifest where one differs",
        ));
    }
    let provider = written.to_ascii_uppercase();
    if !PROVIDERS.contains(&provider.as_str()) {
        return Err(wrong(
            "workload_identity_provider",
            format!("`workload_identity_provider` is {written:?}, which is none of Snowflake's"),
            format!("write one of {}", listed(&PROVIDERS)),
        ));
    }
    if settings.workload_identity_entra_resource.is_some() && provider != "AZURE" {
        return Err(wrong(
            "key_of_another_method",
            format!(
                "`workload_identity_entra_resource` is written, but the provider is `{written}`: it is for Azure alone"
            ),
            "remove `workload_identity_entra_resource`, or write `workload_identity_provider: AZURE`",
        ));
    }
    match (provider == "OIDC", settings.token.is_some()) {
        (true, false) => Err(wrong(
            "missing_setting",
            "`workload_identity_provider: OIDC` needs `token`",
            "write the workload's OIDC token as a reference, to a mounted file for instance",
        )),
        (false, true) => Err(wrong(
            "key_of_another_method",
            format!("`token` is written, but `workload_identity_provider: {written}` gets its own from the cloud"),
            "remove `token`, or write `workload_identity_provider: OIDC`",
        )),
        _ => Ok(()),
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// The beginning of a sentence.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
