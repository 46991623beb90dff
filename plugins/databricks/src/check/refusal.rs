//! Databricks' own words, turned into what happened and what to do.

use floe_plugin_api::{ErrorKind, PluginError};
use floe_plugin_common::check::http::Answer;
use serde_json::Value;

use crate::config::Login;

/// The longest text of Databricks that is shown.
const LONGEST_TEXT: usize = 300;

/// An answer that is none of the good ones.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `PERMISSION_DENIED`, or a number again; empty where there is none.
    pub code: String,
    /// In words; empty where there are none.
    pub message: String,
    location: String,
}

impl Refusal {
    /// Reads an answer. Databricks writes `{"error_code": …, "message": …}`; SCIM `{"detail": …}`.
    pub(super) fn of(answer: &Answer) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let word = |key: &str| match &body[key] {
            Value::String(text) => Some(one_line(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let phrase = || answer.header("x-databricks-reason-phrase").map(one_line);
        Self {
            status: answer.status,
            code: word("error_code").unwrap_or_default(),
            message: word("message").or_else(|| word("detail")).or_else(phrase).unwrap_or_default(),
            location: answer.header("location").map(one_line).unwrap_or_default(),
        }
    }

    /// Databricks' words behind a colon, where there are any.
    pub(super) fn said(&self) -> String {
        if self.message.is_empty() { String::new() } else { format!(": {}", self.message.trim_end_matches('.')) }
    }

    fn says(&self, word: &str) -> bool {
        self.message.to_ascii_lowercase().contains(word)
    }

    /// Whether it is about what the user was entitled to, and not about the token.
    pub(super) fn is_about_entitlement(&self) -> bool {
        self.status == 403 && self.says("entitlement")
    }

    /// Whether a resource is not there.
    pub(super) fn is_missing(&self) -> bool {
        self.status == 404 || self.code.ends_with("_DOES_NOT_EXIST") || self.code.ends_with("_NOT_FOUND")
    }

    /// Whether the user may not do it.
    pub(super) fn is_denied(&self) -> bool {
        self.status == 403 && self.code == "PERMISSION_DENIED"
    }

    /// The refusal of a login.
    pub(super) fn of_login(&self, at: &str, login: Login) -> PluginError {
        let said = self.said();
        if self.status == 403 && (self.says("unauthorized access to org") || self.is_denied()) {
            return failed(
                "permission",
                format!("{at} knows the user, and does not let it into this workspace{said}"),
                "have an administrator add the user or service principal to the workspace",
            );
        }
        let is_credential =
            matches!(self.status, 401 | 403) || (self.status == 400 && self.says("expiredjwtexception"));
        if !is_credential || self.says("ip acl") || self.says("ip access list") {
            return self.anyway(at, "who the user is");
        }
        let expired = self.says("expired");
        let how = if expired { "refuses the token, whose time is over" } else { "refuses the token" };
        let help = match login {
            Login::Token if expired => {
                "make a new access token in the workspace, and put it where `token` refers to".to_owned()
            }
            Login::Token => {
                "check what `token` refers to: the token may be of another workspace, or have been revoked; \
                             else make a new one in the workspace"
                    .to_owned()
            }
            _ if expired => "check again: it asks for a new token".to_owned(),
            login => {
                format!("the token that {} gave is not taken here: check that `host` is its workspace", login.keys())
            }
        };
        failed(if expired { "expired" } else { "credential" }, format!("{at} {how}{said}"), help)
    }

    /// What any request may be refused with; `what` is what was asked for: `the state of the warehouse`.
    pub(super) fn anyway(&self, at: &str, what: &str) -> PluginError {
        let said = self.said();
        match self.status {
            403 if self.says("ip acl") || self.says("ip access list") => failed(
                "ip_blocked",
                format!("{at} takes no requests from this machine's address{said}"),
                "have an administrator add the address to the workspace's IP access list, or go by a network that is on it",
            ),
            401 => failed(
                if self.says("expired") { "expired" } else { "credential" },
                format!("{at} refuses the token, asked for {what}{said}"),
                "check again: the token may have come to its end meanwhile",
            ),
            403 => failed(
                "permission",
                format!("{at} does not let the user see {what}{said}"),
                "have an administrator grant it",
            ),
            429 => failed(
                "too_many_requests",
                format!("{at} takes no more requests for now (status 429){said}"),
                "check again later",
            ),
            300..=399 => self.redirected(at),
            502..=504 => failed(
                "unavailable",
                format!("{at} answers with status {}{said}", self.status),
                "Databricks is out of order for the moment, or a gateway before it: see its status page, and check again",
            ),
            404 if self.code.is_empty() => self.no_databricks(at),
            status => failed(
                "http_status",
                format!("{at} does not tell {what}: HTTP status {status}{said}"),
                "try again later; `dbt debug` shows whether dbt can work",
            ),
        }
    }

    /// Something else than Databricks answers.
    pub(super) fn no_databricks(&self, at: &str) -> PluginError {
        if (300..400).contains(&self.status) {
            return self.redirected(at);
        }
        failed(
            "protocol",
            format!("{at} answers by HTTP, but not as Databricks does (status {})", self.status),
            "check `host`: another service, or the login page of a gateway, answers there",
        )
    }

    fn redirected(&self, at: &str) -> PluginError {
        let to = self.location.split(['?', '#']).next().unwrap_or_default();
        let to = if to.is_empty() { String::new() } else { format!(", to {to}") };
        failed(
            "redirected",
            format!("{at} sends clients elsewhere (status {}{to})", self.status),
            "write the host of the workspace itself as `host`",
        )
    }
}

/// An error of the connection with its stable word, message and help.
pub(super) fn failed(reason: &str, message: String, help: impl Into<String>) -> PluginError {
    PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
}

/// A text of the server on one line, and not too much of it.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(LONGEST_TEXT).collect()
}
