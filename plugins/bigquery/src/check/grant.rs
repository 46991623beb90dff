//! Tokens: asked for as google-auth does, and kept in memory until their end is near.

use std::path::Path;
use std::time::{Duration, SystemTime};

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::check::Run;
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::http::{Client, HeaderMap, HeaderName, HeaderValue};
use floe_plugin_common::check::jwt::SigningKey;
use floe_plugin_common::check::oauth::{Grant, TokenKey, TokenRequest, Tokens};
use serde_json::{Value, json};

use super::explain::{self, Who};
use super::key_file::{faulty, json as json_of};
use super::source::{Origin, Source, Subject};
use super::way::Way;
use super::{Context, Stop};
use crate::config::ServiceAccountKey;

/// Whom an assertion is for, whatever `token_uri` says (`_GOOGLE_OAUTH2_TOKEN_ENDPOINT` in google-auth).
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";

/// How long assertions and tokens of impersonated accounts are good, in seconds: an hour, as google-auth asks.
const LIFETIME: u64 = 3600;

/// What requests carry.
#[derive(Clone)]
pub(super) struct Credential {
    /// The token.
    pub token: Secret,
    keys: Vec<TokenKey>,
    kept: bool,
}

impl Credential {
    /// Whether it was in memory already.
    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }

    /// Forgets it, and those that it was got by, where it was refused.
    pub(super) fn forget(&self, tokens: &Tokens) {
        self.keys.iter().for_each(|key| tokens.forget(key));
    }
}

/// Gets the token of a source.
///
/// # Errors
/// Where there is none to be had, or a proxy is in the way that a check does not use.
pub(super) fn credential(
    context: &Context<'_>,
    way: &Way<'_>,
    source: &Source,
    run: &mut Run,
) -> Result<Credential, Stop> {
    if let (Origin::Given(token), []) = (&source.origin, source.impersonated.as_slice()) {
        return Ok(Credential { token: token.clone(), keys: Vec::new(), kept: false });
    }
    let granting = Granting { context, way, source, scope: source.scopes.join(" ") };
    let keys: Vec<_> = (0..=source.impersonated.len()).map(|depth| granting.key(depth)).collect();
    let (token, kept) = granting.token(source.impersonated.len(), &keys, run)?;
    Ok(Credential { token, keys, kept })
}

struct Granting<'a> {
    context: &'a Context<'a>,
    way: &'a Way<'a>,
    source: &'a Source,
    scope: String,
}

impl Granting<'_> {
    /// The key of the token after so many impersonations.
    fn key(&self, depth: usize) -> TokenKey {
        let mut material: Vec<String> = match &self.source.origin {
            Origin::Given(token) => vec!["given".into(), token.expose().to_owned()],
            Origin::ServiceAccount(key) => {
                vec!["key".into(), key.client_email.clone(), key.private_key.expose().to_owned(), key.token_uri.clone()]
            }
            Origin::Refresh(by) => vec![
                "refresh".into(),
                by.client_id.clone(),
                by.client_secret.expose().to_owned(),
                by.token.expose().to_owned(),
                by.token_uri.to_string(),
            ],
            Origin::Federated(federation) => {
                let subject = match &federation.subject {
                    Subject::File { path, .. } => path.clone(),
                    Subject::Url { address, query, .. } => format!("{address}?{query}"),
                    Subject::Server(endpoint) => format!("{} {}", endpoint.request_url, endpoint.request_data.expose()),
                };
                vec!["federated".into(), federation.audience.clone(), federation.exchange.to_string(), subject]
            }
            Origin::Metadata(address) => vec!["metadata".into(), address.to_string()],
        };
        material.push(self.scope.clone());
        material.extend(self.source.impersonated[..depth].iter().map(ToString::to_string));
        TokenKey::of(&material.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The token after so many impersonations, and whether it was there already.
    fn token(&self, depth: usize, keys: &[TokenKey], run: &mut Run) -> Result<(Secret, bool), Stop> {
        if let (0, Origin::Given(token)) = (depth, &self.source.origin) {
            return Ok((token.clone(), false));
        }
        self.context.tokens.get(&keys[depth], || {
            if depth == 0 {
                return self.first(run);
            }
            let (token, _) = self.token(depth - 1, keys, run)?;
            self.impersonate(&self.source.impersonated[depth - 1], &token, run)
        })
    }

    fn first(&self, run: &mut Run) -> Result<Grant, Stop> {
        match &self.source.origin {
            Origin::Given(token) => Ok(granted(token.clone(), None)),
            Origin::ServiceAccount(key) => {
                let address = Address::parse("token_uri", &key.token_uri)?;
                let assertion = assertion(key, &self.scope)?;
                let request = TokenRequest::new("urn:ietf:params:oauth:grant-type:jwt-bearer")
                    .field("assertion", assertion.expose());
                self.ask(&address, &request, Who::ServiceAccount(&key.client_email), run)
            }
            Origin::Refresh(by) => {
                let request = TokenRequest::new("refresh_token")
                    .field("client_id", &by.client_id)
                    .field("client_secret", by.client_secret.expose())
                    .field("refresh_token", by.token.expose())
                    .field("scope", &self.scope);
                self.ask(&by.token_uri, &request, Who::RefreshToken, run)
            }
            Origin::Federated(federation) => {
                let subject = self.subject(&federation.subject, run)?;
                let request = TokenRequest::new("urn:ietf:params:oauth:grant-type:token-exchange")
                    .field("audience", &federation.audience)
                    .field("scope", &self.scope)
                    .field("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")
                    .field("subject_token", subject.expose())
                    .field("subject_token_type", &federation.subject_token_type);
                self.ask(&federation.exchange, &request, Who::Federated, run)
            }
            Origin::Metadata(address) => self.metadata(address, run),
        }
    }

    fn open(&self, place: &str, address: &Address, run: &mut Run) -> Result<Client, Stop> {
        run.within(place, |run| self.way.open(run, address))
    }

    fn ask(&self, address: &Address, request: &TokenRequest, who: Who<'_>, run: &mut Run) -> Result<Grant, Stop> {
        let client = self.open("token", address, run)?;
        Ok(run.step("token", |_| {
            request.ask(&client, &address.path)?.map_err(|refusal| explain::refused(&address.at(), who, &refusal))
        })?)
    }

    /// The token of the other identity provider.
    fn subject(&self, subject: &Subject, run: &mut Run) -> Result<Secret, Stop> {
        match subject {
            Subject::File { path, field } => {
                let path = Path::new(self.context.project_dir).join(path);
                let text = if field.is_some() {
                    json_of(&path, "subject_token")?.to_string()
                } else {
                    std::fs::read_to_string(&path).map_err(|error| {
                        faulty(
                            "subject_token",
                            format!("{} cannot be read: {error}", path.display()),
                            "have the identity provider write its token there, where dbt and floe run",
                        )
                    })?
                };
                Ok(subject_token(&text, field.as_deref(), &path.display().to_string())?)
            }
            Subject::Url { address, query, headers, field } => {
                let client = self.open("subject", address, run)?;
                let mut all = HeaderMap::new();
                for (name, value) in headers {
                    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value.expose())) {
                        all.insert(name, value);
                    }
                }
                let query = if query.is_empty() { String::new() } else { format!("?{query}") };
                Ok(run.step("subject", |_| {
                    let answer = client.get(&format!("{}{query}", address.path), &all)?;
                    if answer.status != 200 {
                        return Err(explain::no_subject(&address.at(), answer.status));
                    }
                    subject_token(&String::from_utf8_lossy(&answer.body), field.as_deref(), &address.at())
                })?)
            }
            Subject::Server(endpoint) => {
                let address = Address::parse("token_endpoint.request_url", &endpoint.request_url)?;
                let client = self.open("subject", &address, run)?;
                let grant = run.step("subject", |_| {
                    let form = endpoint.request_data.expose();
                    TokenRequest::of_form(form)
                        .ask(&client, &address.path)?
                        .map_err(|refusal| explain::refused(&address.at(), Who::IdentityProvider, &refusal))
                })?;
                Ok(grant.access_token)
            }
        }
    }

    fn metadata(&self, address: &Address, run: &mut Run) -> Result<Grant, Stop> {
        let client = self.open("token", address, run).map_err(|stop| match stop {
            Stop::Failed(error) => Stop::Failed(explain::no_metadata(error)),
            unchecked @ Stop::Unchecked(_) => unchecked,
        })?;
        let mut headers = HeaderMap::new();
        headers.insert("metadata-flavor", HeaderValue::from_static("Google"));
        let scopes = self.source.scopes.join(",");
        let path = format!("/computeMetadata/v1/instance/service-accounts/default/token?scopes={scopes}");
        Ok(run.step("token", |_| {
            let answer = client.get(&path, &headers)?;
            let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            match (answer.status, value["access_token"].as_str()) {
                (200, Some(token)) => Ok(granted(token.into(), value["expires_in"].as_u64())),
                (status, _) => Err(explain::no_account(&address.at(), status)),
            }
        })?)
    }

    /// A token of a service account, by the token of somebody who may get one.
    fn impersonate(&self, address: &Address, token: &Secret, run: &mut Run) -> Result<Grant, Stop> {
        let client = self.open("impersonate", address, run)?;
        let lifetime = format!("{LIFETIME}s");
        let body = json!({"delegates": [], "scope": self.source.scopes, "lifetime": lifetime}).to_string();
        Ok(run.step("impersonate", |_| {
            let mut headers = bearer(token)?;
            headers.insert("content-type", HeaderValue::from_static("application/json"));
            let answer = client.post(&address.path, &headers, body.as_bytes())?;
            let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            match (answer.status, value["accessToken"].as_str()) {
                (200, Some(token)) => Ok(granted(token.into(), Some(LIFETIME))),
                _ => Err(explain::not_impersonated(address, &answer)),
            }
        })?)
    }
}

/// The header of a token.
///
/// # Errors
/// A configuration error where it holds what no header can carry.
pub(super) fn bearer(token: &Secret) -> PluginResult<HeaderMap> {
    let mut headers = HeaderMap::new();
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
        faulty(
            "line_break",
            "the token holds a character that no HTTP header can carry".to_owned(),
            "check what `token` refers to: a line break at its end is the usual cause",
        )
    })?;
    value.set_sensitive(true);
    headers.insert("authorization", value);
    Ok(headers)
}

fn granted(access_token: Secret, seconds: Option<u64>) -> Grant {
    Grant { access_token, expires_in: seconds.map(Duration::from_secs), refresh_token: None, id_token: None }
}

/// The assertion by which a service account asks for a token
/// (<https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>).
fn assertion(account: &ServiceAccountKey, scope: &str) -> PluginResult<Secret> {
    let unusable = |fault| {
        faulty(
            "private_key",
            format!("the private key of `{}` {fault}", account.client_email),
            "use the private key as it stands in the key file that Google made; line breaks may be written as \\n",
        )
    };
    // As dbt-bigquery does it: variables seldom hold line breaks.
    let pem = Secret::new(account.private_key.expose().replace("\\n", "\n"));
    let key = SigningKey::from_pem(pem.expose(), None).map_err(unusable)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let claims = json!({
        "iat": now, "exp": now + LIFETIME, "iss": account.client_email, "aud": AUDIENCE, "scope": scope,
    });
    let header = account.private_key_id.as_ref().map_or_else(|| json!({}), |id| json!({"kid": id}));
    key.sign(&header, &claims).map_err(unusable)
}

/// The token of another provider: the whole text, or one field of its JSON.
fn subject_token(text: &str, field: Option<&str>, at: &str) -> PluginResult<Secret> {
    let found = match field {
        None => Some(text.trim().to_owned()),
        Some(field) => {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            value[field].as_str().map(str::to_owned)
        }
    };
    found.filter(|token| !token.is_empty()).map(Secret::from).ok_or_else(|| {
        faulty(
            "subject_token",
            format!("there is no token of the other identity provider at {at}"),
            "have the identity provider put its token there, where dbt and floe run",
        )
    })
}
