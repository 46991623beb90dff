//! Tokens of OAuth 2.0 (RFC 6749): asking for one, and keeping it in memory as long as it is good.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::digest;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::http::{Answer, Client, HeaderMap, HeaderValue, basic};

/// What `application/x-www-form-urlencoded` leaves as it is, but the blank.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*');

/// The longest text of a server that is shown.
const LONGEST_TEXT: usize = 300;

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_mins(1);

/// The life of a token whose server does not tell it (RFC 6749 leaves it out at will): what all known ones exceed.
const UNTOLD_LIFE: Duration = Duration::from_mins(5);

/// A request for a token. What it holds is not shown.
pub struct TokenRequest {
    form: Zeroizing<String>,
    authorization: Option<Secret>,
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}

impl TokenRequest {
    /// A request by a grant: `client_credentials`, `refresh_token`, `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    pub fn new(grant_type: &str) -> Self {
        let request = Self { form: Zeroizing::new(String::new()), authorization: None };
        request.field("grant_type", grant_type)
    }

    /// A request whose form is written out already, encoded as it must be.
    pub fn of_form(form: &str) -> Self {
        Self { form: Zeroizing::new(form.to_owned()), authorization: None }
    }

    /// Adds a field of the form.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        // A secret stays in one place that is wiped: what grows is copied, and the old one is not wiped by itself.
        let mut whole = Zeroizing::new(String::with_capacity(self.form.len() + name.len() + 3 * value.len() + 2));
        whole.push_str(&self.form);
        if !whole.is_empty() {
            whole.push('&');
        }
        whole.push_str(name);
        whole.push('=');
        whole.extend(utf8_percent_encode(value, FORM));
        self.form = whole;
        self
    }

    /// Names the client by HTTP Basic, its parts encoded as RFC 6749, section 2.3.1, wants them.
    #[must_use]
    pub fn basic(mut self, id: &str, secret: &str) -> Self {
        let encoded = |text: &str| utf8_percent_encode(text, FORM).to_string();
        self.authorization = Some(Secret::new(basic(&encoded(id), &Zeroizing::new(encoded(secret)))));
        self
    }

    /// Names the client by HTTP Basic, its parts as they are: for adapters that encode nothing, and servers that expect that.
    #[must_use]
    pub fn basic_as_it_is(mut self, id: &str, secret: &str) -> Self {
        self.authorization = Some(Secret::new(basic(id, secret)));
        self
    }

    /// Asks for the token by a POST to a path.
    ///
    /// # Errors
    /// As [`Client::send`]; [`ErrorKind::Connection`] with the reason `token_protocol` where the answer is no answer to it. That
    /// the server refuses is no error here: its words need the engine's own explanation.
    pub fn ask(&self, client: &Client, path: &str) -> PluginResult<Result<Grant, Refusal>> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(authorization) = &self.authorization {
            // Base64 fits into any header.
            if let Ok(mut value) = HeaderValue::from_str(authorization.expose()) {
                value.set_sensitive(true);
                headers.insert("authorization", value);
            }
        }
        let path = if path.is_empty() { "/" } else { path };
        read(&client.post(path, &headers, self.form.as_bytes())?)
    }
}

/// A token that was granted.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The token.
    pub access_token: Secret,
    /// How long it is good; `None` where the server does not say.
    pub expires_in: Option<Duration>,
    /// What the next one is asked with, where the server changes it.
    pub refresh_token: Option<Secret>,
    /// Who it is for, as OpenID Connect says it.
    pub id_token: Option<Secret>,
}

/// Why a server grants no token, in its own words, of which 300 characters are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Its code: `invalid_client`, `invalid_grant`; empty where it tells none.
    pub error: String,
    /// Its text; empty where it tells none.
    pub description: String,
}

/// The fields of RFC 6749, sections 5.1 and 5.2. Some servers write the seconds as text.
#[derive(Deserialize)]
struct Told {
    access_token: Option<Secret>,
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<Secret>,
    id_token: Option<Secret>,
    error: Option<serde_json::Value>,
    error_description: Option<String>,
    message: Option<String>,
}

fn read(answer: &Answer) -> PluginResult<Result<Grant, Refusal>> {
    let told: Option<Told> = serde_json::from_slice(&answer.body).ok();
    if !(200..300).contains(&answer.status) {
        let (error, description) = told.map_or_else(Default::default, |told| {
            let error = match told.error {
                Some(serde_json::Value::String(code)) => code,
                // Google's other interfaces: {"error": {"status": …, "message": …}}.
                Some(other) => other["status"].as_str().unwrap_or_default().to_owned(),
                None => String::new(),
            };
            (error, told.error_description.or(told.message).unwrap_or_default())
        });
        return Ok(Err(Refusal { status: answer.status, error: short(&error), description: short(&description) }));
    }
    let granted = told.and_then(|told| {
        let seconds =
            told.expires_in.as_ref().and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
        Some(Grant {
            access_token: told.access_token.filter(|token| !token.is_empty())?,
            expires_in: seconds.map(Duration::from_secs),
            refresh_token: told.refresh_token,
            id_token: told.id_token,
        })
    });
    let no_grant = || {
        PluginError::new(
            ErrorKind::Connection,
            format!("the token server answers with status {}, and without a token", answer.status),
        )
        .with_reason("token_protocol")
        .with_help("check the address of the token server: something else may answer there")
    };
    granted.map(Ok).ok_or_else(no_grant)
}

fn short(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST_TEXT).collect()
}

/// What a token was asked with: where, as whom, with what. Only a hash of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// The key of a token by all that it depends on, secrets among it.
    pub fn of(material: &[&str]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in material {
            context.update(&part.len().to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self(hash)
    }
}

/// The tokens of a process. They are in memory alone, and wiped when they are forgotten.
#[derive(Debug)]
pub struct Tokens {
    held: Mutex<Option<HashMap<TokenKey, Held>>>,
    now: fn() -> Instant,
}

#[derive(Debug)]
struct Held {
    token: Secret,
    until: Instant,
}

impl Default for Tokens {
    fn default() -> Self {
        Self::new()
    }
}

impl Tokens {
    /// An empty store, for a `static`.
    pub const fn new() -> Self {
        Self::with_clock(Instant::now)
    }

    /// An empty store with a clock of its own, for tests.
    pub const fn with_clock(now: fn() -> Instant) -> Self {
        Self { held: Mutex::new(None), now }
    }

    /// A token that is good, and whether it was there already: one that the server then refuses was revoked, so forget it and
    /// ask again. Where there is none, or its end is near, one is asked for; nobody else waits meanwhile.
    ///
    /// A token is not used in the last minute of its life, nor in the last tenth where that is less.
    ///
    /// # Errors
    /// As `ask` says.
    pub fn get<E>(&self, key: &TokenKey, ask: impl FnOnce() -> Result<Grant, E>) -> Result<(Secret, bool), E> {
        let now = (self.now)();
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let held = held.get_or_insert_default();
            held.retain(|_, held| held.until > now);
            if let Some(found) = held.get(key) {
                return Ok((found.token.clone(), true));
            }
        }
        let grant = ask()?;
        // Those of a day are beyond every run, and more may not fit on the clock.
        let life = grant.expires_in.unwrap_or(UNTOLD_LIFE).min(Duration::from_hours(24));
        let until = now + life.saturating_sub(MARGIN.min(life / 10));
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get_or_insert_default().insert(key.clone(), Held { token: grant.access_token.clone(), until });
        Ok((grant.access_token, false))
    }

    /// Forgets a token that the server refuses.
    pub fn forget(&self, key: &TokenKey) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.as_mut() {
            held.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_form_is_encoded_and_shows_nothing() {
        let request = TokenRequest::new("client_credentials").field("scope", "a b&c=d").basic("me:1", "s/e");
        assert_eq!(request.form.as_str(), "grant_type=client_credentials&scope=a%20b%26c%3Dd");
        assert_eq!(request.authorization.as_ref().unwrap().expose(), basic("me%3A1", "s%2Fe"));
        assert_eq!(format!("{request:?}"), "TokenRequest { .. }");
    }

    #[test]
    fn grants_and_refusals() {
        let grant = read(&answer(200, r#"{"access_token": "t", "expires_in": "3600"}"#)).unwrap().unwrap();
        assert_eq!((grant.access_token.expose(), grant.expires_in), ("t", Some(Duration::from_hours(1))));
        let refused = |status, body| read(&answer(status, body)).unwrap().unwrap_err();
        assert_eq!(
            refused(400, r#"{"error": "invalid_grant", "error_description": "Token has been expired\nor revoked."}"#),
            Refusal {
                status: 400,
                error: "invalid_grant".into(),
                description: "Token has been expired or revoked.".into()
            }
        );
        assert_eq!(refused(503, "<html>"), Refusal { status: 503, error: String::new(), description: String::new() });
        for nothing in ["", "{}", r#"{"access_token": ""}"#, r#"{"access_token": 7}"#] {
            assert_eq!(read(&answer(200, nothing)).unwrap_err().reason.as_deref(), Some("token_protocol"));
        }
    }

    /// A clock that tests set: seconds after the first look at it.
    static SECONDS: AtomicU64 = AtomicU64::new(0);

    fn clock() -> Instant {
        static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *BEGUN.get_or_init(Instant::now) + Duration::from_secs(SECONDS.load(Ordering::SeqCst))
    }

    #[test]
    fn a_token_is_kept_until_its_end_is_near_or_it_is_forgotten() {
        let tokens = Tokens::with_clock(clock);
        let (key, other) = (TokenKey::of(&["host", "me", "s"]), TokenKey::of(&["host", "me", "t"]));
        let life = Cell::new(Some(Duration::from_hours(1)));
        let asked = Cell::new(0);
        let get = |key: &TokenKey| {
            tokens
                .get(key, || {
                    asked.set(asked.get() + 1);
                    let access_token = Secret::new(format!("token {}", asked.get()));
                    Ok::<_, PluginError>(Grant {
                        access_token,
                        expires_in: life.get(),
                        refresh_token: None,
                        id_token: None,
                    })
                })
                .map(|(token, kept)| (token.expose().to_owned(), kept))
                .unwrap()
        };
        assert_eq!(get(&key), ("token 1".to_owned(), false));
        assert_eq!(get(&other), ("token 2".to_owned(), false));
        SECONDS.store(3_539, Ordering::SeqCst);
        assert_eq!(get(&key), ("token 1".to_owned(), true));
        SECONDS.store(3_540, Ordering::SeqCst);
        assert_eq!(get(&key), ("token 3".to_owned(), false));
        tokens.forget(&key);
        life.set(Some(Duration::from_secs(20)));
        assert_eq!(get(&key), ("token 4".to_owned(), false));
        SECONDS.store(3_557, Ordering::SeqCst);
        assert_eq!(get(&key), ("token 4".to_owned(), true));
        SECONDS.store(3_558, Ordering::SeqCst);
        assert_eq!(get(&key), ("token 5".to_owned(), false));
    }

    #[test]
    fn what_is_not_granted_is_not_kept() {
        let (tokens, key) = (Tokens::new(), TokenKey::of(&["a"]));
        assert!(tokens.get(&key, || Err(PluginError::new(ErrorKind::Connection, "no"))).is_err());
        let granted = Grant { access_token: "t".into(), expires_in: None, refresh_token: None, id_token: None };
        assert!(!tokens.get(&key, || Ok::<_, PluginError>(granted)).unwrap().1);
        assert_ne!(TokenKey::of(&["ab", "c"]), TokenKey::of(&["a", "bc"]));
    }
}
