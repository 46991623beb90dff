//! A session: the login, statements, and the end of it, by the requests of snowflake-connector-python.

use std::sync::Arc;
use std::time::Instant;

use floe_plugin_api::{PluginError, PluginResult, Secret};
use floe_plugin_common::check::http::{Answer, Client, HeaderMap, HeaderValue};
use floe_plugin_common::check::kept::Connection;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::credential::Credential;
use super::probe::Probe;
use super::rows::Rows;
use crate::config::{Account, Settings};

/// What dbt's connector calls itself. Authentication policies of an account judge clients by it, so a check that called
/// itself otherwise would be judged otherwise.
const CLIENT: (&str, &str) = ("PythonConnector", "4.8.1");

/// How Snowflake says that a session is over: snowflake-connector-python 4.8 has them as `ID_TOKEN_EXPIRED_GS_CODE` and its like
/// (`network.py`): the session is gone, its token or its master token has expired or is not known.
const ENDED: [&str; 6] = ["390104", "390110", "390111", "390112", "390114", "390115"];

/// Why a request did not do.
pub(super) enum Fault {
    /// Explained already: the connection.
    Said(PluginError),
    /// Snowflake's own refusal.
    Refused {
        /// `390100`; empty where there is none.
        code: String,
        /// In words, on one line.
        message: String,
    },
    /// The login wants more of a person first: `EXT_AUTHN_DUO_ALL`, `PWD_CHANGE`.
    Wants(String),
    /// A status that is no answer of the protocol.
    Status(Box<Answer>),
    /// Something else answers there.
    NotSnowflake,
}

impl From<PluginError> for Fault {
    fn from(error: PluginError) -> Self {
        Self::Said(error)
    }
}

/// A session that is open.
pub(crate) struct Session {
    client: Arc<Client>,
    token: Secret,
    sent: u64,
    /// Snowflake does not know it any more.
    ended: bool,
    /// What the login said.
    pub login: LoggedIn,
}

/// What Snowflake says at the login.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct LoggedIn {
    /// Its version.
    pub version: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The role in force.
    pub role: Option<String>,
    /// The warehouse in force.
    pub warehouse: InForce,
}

/// The warehouse that the session got, by the answer to the login.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum InForce {
    /// It does not say.
    #[default]
    Untold,
    /// None.
    Nothing,
    /// This one.
    Named(String),
}

impl Session {
    /// Logs in, with what dbt names of role, warehouse, database and schema. A name that is not there, or may not be used, is
    /// left out by Snowflake; a role is refused.
    ///
    /// # Errors
    /// As [`Fault`] says.
    pub(super) fn open(
        client: &Arc<Client>,
        settings: &Settings,
        account: &Account,
        credential: &Credential,
    ) -> Result<Self, Fault> {
        let mut path = format!("/session/v1/login-request?request_id={}", Uuid::new_v4());
        let named = [
            ("databaseName", Some(&settings.database)),
            ("schemaName", Some(&settings.schema)),
            ("warehouse", settings.warehouse.as_ref()),
            ("roleName", settings.role.as_ref()),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
            }
        }
        let mut parameters = serde_json::Map::new();
        let tagged = [("QUERY_TAG", &settings.query_tag), ("S3_STAGE_VPCE_DNS_NAME", &settings.s3_stage_vpce_dns_name)];
        for (name, value) in tagged {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                parameters.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        let mut data = json!({
            "CLIENT_APP_ID": CLIENT.0,
            "CLIENT_APP_VERSION": CLIENT.1,
            "CLIENT_ENVIRONMENT": {"APPLICATION": "floe"},
            "ACCOUNT_NAME": account.name(),
            "LOGIN_NAME": settings.user.as_deref().unwrap_or_default(),
            "SESSION_PARAMETERS": parameters,
        });
        if let (Some(data), Value::Object(proof)) = (data.as_object_mut(), credential.body(settings, account)?) {
            data.extend(proof);
        }
        let body = Zeroizing::new(json!({"data": data}).to_string());
        let answer = client.post(&path, &headers(None)?, body.as_bytes())?;
        if let Some(action) = wanted(&answer) {
            return Err(Fault::Wants(action));
        }
        let data = data_of(&answer)?;
        let token = data["token"].as_str().filter(|token| !token.is_empty()).ok_or(Fault::NotSnowflake)?;
        Ok(Self {
            client: Arc::clone(client),
            token: Secret::new(token),
            sent: 0,
            ended: false,
            login: LoggedIn::of(&data),
        })
    }

    /// Sends a statement; its rows, or nothing where they come in a form that is not read here.
    ///
    /// # Errors
    /// As [`Fault`] says.
    pub(super) fn ask(&mut self, probe: &Probe<'_>) -> Result<Option<Rows>, Fault> {
        self.sent += 1;
        let path = format!("/queries/v1/query-request?requestId={}", Uuid::new_v4());
        let body = json!({"sqlText": probe.sql(), "asyncExec": false, "sequenceId": self.sent}).to_string();
        let answer = self.client.post(&path, &headers(Some(&self.token))?, body.as_bytes())?;
        let data = data_of(&answer);
        self.ended |= matches!(&data, Err(Fault::Refused { code, .. }) if ENDED.contains(&code.as_str()));
        Ok(Rows::of(&data?))
    }
}

impl Connection for Session {
    fn rearm(&mut self, until: Instant) {
        self.client.rearm(until);
    }

    fn is_broken(&self) -> bool {
        self.ended || self.client.is_broken()
    }

    /// Ends the session. That it does not end is no fault: Snowflake ends it itself when nobody uses it.
    fn close(self) {
        if let Ok(headers) = headers(Some(&self.token)) {
            let _ = self.client.post("/session?delete=true", &headers, b"{}");
        }
    }
}

impl LoggedIn {
    fn of(data: &Value) -> Self {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(one_line);
        let info = &data["sessionInfo"];
        Self {
            version: text(&data["serverVersion"]),
            user: text(&data["displayUserName"]),
            role: text(&info["roleName"]),
            warehouse: match info.get("warehouseName") {
                None => InForce::Untold,
                Some(name) => text(name).map_or(InForce::Nothing, InForce::Named),
            },
        }
    }
}

fn headers(token: Option<&Secret>) -> PluginResult<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("accept", HeaderValue::from_static("application/snowflake"));
    if let Some(token) = token {
        let text = Zeroizing::new(format!("Snowflake Token=\"{}\"", token.expose()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            floe_plugin_common::wrong(
                "protocol",
                "the session's token cannot be sent",
                "check `host`: another service answers there",
            )
        })?;
        value.set_sensitive(true);
        headers.insert("authorization", value);
    }
    Ok(headers)
}

/// What the login wants of a person first, whether the answer calls itself a success or not.
fn wanted(answer: &Answer) -> Option<String> {
    let told: Value = serde_json::from_slice(&answer.body).ok()?;
    told["data"]["nextAction"].as_str().map(one_line)
}

/// The `data` of an answer that says `success`.
fn data_of(answer: &Answer) -> Result<Value, Fault> {
    let told: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let success = told.as_ref().and_then(|told| told["success"].as_bool());
    match (told, success) {
        (Some(mut told), Some(true)) => Ok(told["data"].take()),
        (Some(told), Some(false)) => {
            // The code is a text, and a number from some.
            let code = match &told["code"] {
                Value::String(code) => one_line(code),
                Value::Number(code) => code.to_string(),
                _ => String::new(),
            };
            let message = told["message"].as_str().map(one_line).unwrap_or_default();
            Err(Fault::Refused { code, message })
        }
        _ if answer.status == 200 => Err(Fault::NotSnowflake),
        _ => Err(Fault::Status(Box::new(answer.clone()))),
    }
}

/// A server's words on one line, and not too many of them.
fn one_line(words: &str) -> String {
    const MOST: usize = 300;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST - 1).chain(['…']).collect() }
}
