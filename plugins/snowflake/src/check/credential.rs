//! What proves at the login who dbt is, as dbt-snowflake reads it out of the settings.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_plugin_api::{PluginError, PluginResult, Secret, Warning};
use floe_plugin_common::check::jwt::{KeyFault, SigningKey};
use floe_plugin_common::check::unchecked;
use floe_plugin_common::wrong;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::config::{Account, Login, Settings};

/// How long a token of a key pair is good, in seconds: `AuthByKeyPair.LIFETIME` of the connector.
const LIFETIME: u64 = 60;

/// The longest file that is read as a private key.
const LONGEST_KEY: u64 = 1 << 20;

/// What the login is proven with.
pub(super) enum Credential {
    /// A password.
    Password(Secret),
    /// A private key.
    Key(Box<SigningKey>),
    /// A token, with the authenticator that reads it.
    Token {
        /// `OAUTH`, `PROGRAMMATIC_ACCESS_TOKEN`, `WORKLOAD_IDENTITY`.
        authenticator: &'static str,
        /// The token.
        token: Secret,
    },
    /// A refresh token, for which an access token must be got first.
    Refresh(Secret),
}

/// The credential of the settings, or why a check cannot use it.
///
/// # Errors
/// Where a private key cannot be used by dbt either.
pub(super) fn of(settings: &Settings, project_dir: &str) -> PluginResult<Result<Credential, Warning>> {
    let token = || settings.token.clone().unwrap_or_else(|| Secret::new(""));
    let by_token = |authenticator| Ok(Ok(Credential::Token { authenticator, token: token() }));
    let by_person = |what: &str| Ok(Err(left_out(settings, &format!("needs a person {what}"))));
    match settings.login() {
        Login::Password => Ok(Ok(Credential::Password(settings.password.clone().unwrap_or_else(|| Secret::new(""))))),
        Login::KeyPair => key(settings, project_dir),
        Login::Oauth | Login::Jwt => by_token("OAUTH"),
        Login::OauthRefresh => Ok(Ok(Credential::Refresh(token()))),
        Login::AccessToken => by_token("PROGRAMMATIC_ACCESS_TOKEN"),
        Login::WorkloadIdentity if is_oidc(settings) => by_token("WORKLOAD_IDENTITY"),
        Login::WorkloadIdentity => {
            let provider = settings.workload_identity_provider.as_deref().unwrap_or_default();
            Ok(Err(left_out(settings, &format!("gets its token from {provider}, inside the workload alone"))))
        }
        Login::Mfa => by_person("who confirms the login"),
        Login::ExternalBrowser | Login::OauthAuthorizationCode => by_person("at a browser"),
        Login::Okta => Ok(Err(left_out(settings, "goes by Okta's own pages, which a check does not"))),
    }
}

fn is_oidc(settings: &Settings) -> bool {
    settings.workload_identity_provider.as_deref().is_some_and(|provider| provider.eq_ignore_ascii_case("OIDC"))
}

fn left_out(settings: &Settings, why: &str) -> Warning {
    unchecked(
        format!("{} {why}: login, role, warehouse, database and schema were not checked", settings.login().words()),
        "run `dbt debug`, which logs in as a run will",
    )
}

/// The private key, as `dbt/adapters/snowflake/auth.py` reads it.
fn key(settings: &Settings, project_dir: &str) -> PluginResult<Result<Credential, Warning>> {
    let passphrase = settings.private_key_passphrase.as_ref().map(Secret::expose).filter(|text| !text.is_empty());
    let (named, found) = match (&settings.private_key, &settings.private_key_path) {
        (Some(key), _) => ("`private_key`".to_owned(), read(key.expose(), passphrase)?),
        (None, path) => {
            let path = Path::new(project_dir).join(path.as_deref().unwrap_or_default());
            let named = format!("the file {}", path.display());
            let text = text_of(&path, &named)?;
            (named, SigningKey::from_pem(&text, passphrase).map(|key| (key, SigningKey::from_pem(&text, None).is_ok())))
        }
    };
    match found {
        Ok((_, true)) if passphrase.is_some() => Err(wrong(
            "private_key",
            format!(
                "{named} holds a private key that is not encrypted, and `private_key_passphrase` is set: dbt refuses that"
            ),
            "leave `private_key_passphrase` out, or give the encrypted key",
        )),
        Ok((key, _)) => Ok(Ok(Credential::Key(Box::new(key)))),
        // dbt goes on with these: by another algorithm, or by OpenSSL.
        Err(fault @ (KeyFault::NotRsa | KeyFault::Cipher | KeyFault::Size)) => Ok(Err(unchecked(
            format!(
                "{named} {fault}: a check cannot log in with it; login, role, warehouse, database and schema were not checked"
            ),
            "run `dbt debug`; or make an RSA key as Snowflake's documentation does: \
             `openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes256 -inform PEM -out dbt.p8`",
        ))),
        Err(fault) => Err(unusable(&named, fault)),
    }
}

type Found = Result<(SigningKey, bool), KeyFault>;

/// A key in a setting: PEM where it begins with a hyphen, else the Base64 of DER. Beside it whether it needs no passphrase.
fn read(text: &str, passphrase: Option<&str>) -> PluginResult<Found> {
    if text.starts_with('-') {
        if text.contains("\\n") && !text.contains('\n') {
            return Err(wrong(
                "private_key",
                "`private_key` holds `\\n` as two characters in place of line breaks: dbt cannot read it",
                "write the key with line breaks, or as the Base64 of its DER",
            ));
        }
        return Ok(SigningKey::from_pem(text, passphrase).map(|key| (key, SigningKey::from_pem(text, None).is_ok())));
    }
    // Python's b64decode passes over what is no Base64.
    let digits: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect());
    let der = STANDARD.decode(digits.as_bytes()).map(Zeroizing::new).map_err(|_| {
        wrong(
            "private_key",
            "`private_key` holds neither PEM nor Base64",
            "give the key in PEM, its first line included, or as the Base64 of its DER",
        )
    })?;
    Ok(SigningKey::from_der(&der, passphrase).map(|key| (key, SigningKey::from_der(&der, None).is_ok())))
}

fn text_of(path: &Path, named: &str) -> PluginResult<Zeroizing<String>> {
    let unreadable = |why: String| {
        wrong(
            "private_key",
            format!("{named} cannot be read: {why}"),
            "check `private_key_path`: it is read by dbt, from the dbt project's folder where it is relative",
        )
    };
    let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !about.is_file() || about.len() > LONGEST_KEY {
        return Err(unreadable("it is no file of a private key".to_owned()));
    }
    let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| unreadable(error.to_string()))?);
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

fn unusable(named: &str, fault: KeyFault) -> PluginError {
    let help = match fault {
        KeyFault::Encrypted => "set `private_key_passphrase`, as a reference",
        KeyFault::Passphrase => "check what `private_key_passphrase` refers to",
        KeyFault::NotPem => "give the private key in PEM, and not the public key or DER",
        _ => "make it anew, or copy it whole: from its first line to its last",
    };
    wrong("private_key", format!("{named} {fault}"), help)
}

impl Credential {
    /// What the login request holds of it.
    ///
    /// # Errors
    /// Where the key does not fit together.
    pub(super) fn body(&self, settings: &Settings, account: &Account) -> PluginResult<Value> {
        Ok(match self {
            Self::Password(password) => json!({"PASSWORD": password.expose()}),
            Self::Key(key) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
                let token = signed(key, account, settings.user.as_deref().unwrap_or_default(), now)?;
                json!({"AUTHENTICATOR": "SNOWFLAKE_JWT", "TOKEN": token.expose()})
            }
            Self::Token { authenticator: "WORKLOAD_IDENTITY", token } => {
                json!({"AUTHENTICATOR": "WORKLOAD_IDENTITY", "PROVIDER": "OIDC", "TOKEN": token.expose()})
            }
            Self::Token { authenticator, token } => json!({"AUTHENTICATOR": authenticator, "TOKEN": token.expose()}),
            // It becomes a token before.
            Self::Refresh(_) => Value::Null,
        })
    }

    /// The fingerprint of the public half, as `DESCRIBE USER` shows it.
    pub(super) fn fingerprint(&self) -> Option<String> {
        match self {
            Self::Key(key) => Some(key.public_fingerprint()),
            _ => None,
        }
    }
}

/// The token of a key pair, as `AuthByKeyPair.prepare` writes it.
fn signed(key: &SigningKey, account: &Account, user: &str, now: u64) -> PluginResult<Secret> {
    let subject = format!("{}.{}", account.name().to_uppercase(), user.to_uppercase());
    let claims = json!({
        "iss": format!("{subject}.{}", key.public_fingerprint()),
        "sub": subject,
        "iat": now,
        "exp": now + LIFETIME,
    });
    key.sign(&json!({}), &claims).map_err(|fault| unusable("the private key", fault))
}
