//! The server's words, turned into what happened and what to do.

use floe_plugin_api::{ErrorKind, PluginError};
use floe_plugin_common::check::http::Answer;
use floe_plugin_common::check::jwt::is_over;

use super::answer::{QueryError, one_line};
use super::info::Info;
use super::query_error::{known, query};
use super::server::Server;
use super::{CREDENTIAL, credential_keys};
use crate::config::{Method, Settings};

/// What went wrong with a statement.
pub(super) enum Fault {
    /// Explained already.
    Said(PluginError),
    /// An HTTP status that is none of the protocol's good ones.
    Status(Box<Answer>),
    /// An answer of another protocol.
    NotTrino,
    /// The engine refused the statement.
    Query(QueryError),
    /// The time was over first.
    Late {
        /// The statement.
        sql: String,
        /// How far it was.
        state: String,
    },
}

/// An error with its kind, stable word, message and help.
pub(super) fn failed(kind: ErrorKind, reason: &str, message: String, help: impl Into<String>) -> PluginError {
    PluginError::new(kind, message).with_reason(reason).with_help(help)
}

impl Fault {
    /// Whether the engine does not know the statement, which says nothing about dbt.
    pub(super) fn is_unknown_probe(&self) -> bool {
        matches!(self, Self::Query(error) if error.error_type == "USER_ERROR" && known(error).is_none())
    }

    /// What happened, and what to do.
    pub(super) fn explain(self, server: &Server, settings: &Settings, info: &Info) -> PluginError {
        let at = server.at();
        match self {
            Self::Said(error) => error,
            Self::Status(answer) => status(&answer, server, settings, info),
            Self::NotTrino => failed(
                ErrorKind::Connection,
                "protocol",
                format!("{at} answers by HTTP, but not as Trino does"),
                "check `host` and `port`: another service, or the login page of a gateway, answers there",
            ),
            Self::Query(error) => query(&error, server, settings),
            Self::Late { sql, state } => late(at, &sql, &state),
        }
    }

    /// The error of a gateway that has no coordinator to ask.
    pub(super) fn unavailable(self, server: &Server) -> PluginError {
        let status = if let Self::Status(answer) = &self { answer.status } else { 503 };
        failed(
            ErrorKind::Connection,
            "unavailable",
            format!("{} answers with status {status}, again and again: no coordinator is behind it", server.at()),
            "see whether the coordinator runs, or is restarting; the status comes from a gateway or load balancer before it",
        )
    }
}

fn status(answer: &Answer, server: &Server, settings: &Settings, info: &Info) -> PluginError {
    let (at, method) = (server.at(), settings.method());
    let words = words(answer);
    match answer.status {
        401 => credential(answer, at, settings),
        // Trino's own words where a password method is on and the request comes by http.
        403 if !server.is_encrypted() && words.contains("over HTTP is not enabled") => server.wants_https(),
        403 => failed(
            ErrorKind::Connection,
            "permission",
            format!("{at} refuses {}{}", who(settings), after_colon(&words)),
            if settings.impersonation_user.is_some() {
                "have an administrator let `user` be `impersonation_user` (Trino: impersonation rules), or leave `impersonation_user` out"
            } else {
                "have an administrator let this user in, or check `user` and `roles`"
            },
        ),
        300..=399 => redirected(answer, server),
        404 | 405 if !info.is_trino() => failed(
            ErrorKind::Connection,
            "protocol",
            format!("{at} answers by HTTP, but knows no `/v1/statement`: it is no Trino"),
            "check `host` and `port`: another service answers there",
        ),
        429 => failed(
            ErrorKind::Connection,
            "too_many_requests",
            format!("{at} takes no more requests for now (status 429)"),
            "check again later; less `threads` ask less",
        ),
        200 | 502..=504 => Fault::Status(Box::new(answer.clone())).unavailable(server),
        400 => failed(
            ErrorKind::Configuration,
            "bad_request",
            format!("{at} refuses what stands in the headers of the request{}", after_colon(&words)),
            "check `session_properties`, `roles`, `timezone`, `client_tags` and `http_headers`",
        ),
        status => failed(
            ErrorKind::Connection,
            "http_status",
            format!("{at} answers the login by `{}` with status {status}{}", method.as_str(), after_colon(&words)),
            "see the server's log",
        ),
    }
}

fn credential(answer: &Answer, at: &str, settings: &Settings) -> PluginError {
    let method = settings.method();
    let offered: Vec<&str> = offered(answer);
    let offers = if offered.is_empty() { String::new() } else { format!("; it offers {}", offered.join(", ")) };
    if method == Method::Jwt && settings.jwt_token.as_ref().is_some_and(|token| is_over(token.expose())) {
        return failed(
            ErrorKind::Connection,
            "expired",
            format!("{at} refuses `jwt_token`, which says of itself that its time is over"),
            "get a new token, and put it where `jwt_token` refers to",
        );
    }
    let (message, help) = match method {
        Method::None => (
            format!("{at} wants a credential, and method `none` sends none{offers}"),
            "choose the `method` that the server offers (Basic: `ldap`, Bearer: `jwt`, Negotiate: `kerberos`), and its https port".to_owned(),
        ),
        Method::Certificate => (
            format!("{at} does not log in the owner of the client certificate{offers}"),
            "check that the server's user mapping knows the certificate's subject, and that `user` is the same".to_owned(),
        ),
        method => (
            format!("{at} refuses {} of method `{}`{offers}", credential_keys(method), method.as_str()),
            match method {
                Method::Jwt => "get a new token: it may have expired, or be for another server".to_owned(),
                _ => format!("check {}: the password may have changed", credential_keys(method)),
            },
        ),
    };
    let (kind, reason) = CREDENTIAL;
    failed(kind, reason, message, help)
}

/// The schemes of `WWW-Authenticate`.
fn offered(answer: &Answer) -> Vec<&'static str> {
    let all: Vec<String> = answer
        .headers
        .get_all("www-authenticate")
        .iter()
        .filter_map(|value| value.to_str().ok().map(str::to_ascii_lowercase))
        .collect();
    let has = |word: &str| all.iter().any(|text| text.contains(word));
    let mut offered = Vec::new();
    for (word, name) in
        [("basic", "Basic"), ("bearer", "Bearer"), ("negotiate", "Negotiate"), ("x_redirect_server", "OAuth")]
    {
        if has(word) {
            offered.push(name);
        }
    }
    offered
}

fn redirected(answer: &Answer, server: &Server) -> PluginError {
    let to = answer.header("location").unwrap_or_default();
    if !server.is_encrypted() && to.starts_with("https://") {
        return server.wants_https();
    }
    failed(
        ErrorKind::Connection,
        "redirected",
        format!("{} sends clients elsewhere (status {})", server.at(), answer.status),
        "write the address of the coordinator itself as `host`, `port` and `http_scheme`",
    )
}

fn late(at: &str, sql: &str, state: &str) -> PluginError {
    let (how, help) = match state {
        "QUEUED" | "WAITING_FOR_RESOURCES" => (
            format!("waited in the queue (state {state}) until the time of the check was over"),
            "the resource group of this user, source or `client_tags` is full, or the cluster has no workers: dbt would wait as well",
        ),
        "" => ("was not done in time".to_owned(), "give the check more time, or see the server's log"),
        state => (
            format!("was not done in time (state {state})"),
            "the cluster is overloaded, or the catalog's own system is slow to answer",
        ),
    };
    failed(ErrorKind::Timeout, "deadline", format!("`{sql}` {how}, at {at}; it was cancelled"), help)
}

/// The user as whom statements run.
pub(super) fn who(settings: &Settings) -> String {
    let user = settings
        .session_user()
        .map_or_else(|| "the user of the credential".to_owned(), |user| format!("user `{user}`"));
    match (&settings.impersonation_user, &settings.user) {
        (Some(_), Some(own)) => format!("{user}, whom `{own}` wants to be"),
        _ => user,
    }
}

/// The words of an answer that is a plain text. A page for people is none.
fn words(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    if text.trim_start().starts_with('<') { String::new() } else { one_line(&text) }
}

pub(super) fn after_colon(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}
