//! What the client says, turned into what happened and what to do.

use std::io;

use floe_plugin_api::{ErrorKind, PluginError};
use floe_plugin_common::check::broken;

use crate::config::Settings;
use crate::hive_server::{Error, Peer, Status};

/// Words of Spark, of its authorisation plugins and of Databricks for what a user may not do.
const FORBIDDEN: [&str; 8] = [
    "permission denied",
    "permission_denied",
    "accesscontrolexception",
    "access denied",
    "not authorized",
    "unauthorized",
    "insufficient_permissions",
    "insufficient privileges",
];

/// Words for a schema that is not there.
const MISSING: [&str; 3] = ["schema_not_found", "nosuchdatabase", "nosuchnamespace"];

/// Turns what the client says into errors.
pub(super) struct Explain<'a> {
    settings: &'a Settings,
    at: String,
}

impl<'a> Explain<'a> {
    pub(super) fn of(settings: &'a Settings, host: &str, port: u16) -> Self {
        Self { settings, at: format!("`{host}` port {port}") }
    }

    /// No session came about.
    pub(super) fn login(&self, error: Error) -> PluginError {
        match error {
            Error::Denied(words) if words.contains("Unsupported mechanism") => failed(
                "auth_method",
                format!("{} takes no user and password: {words}", self.at),
                "set `auth` as the server's `hive.server2.authentication` has it; a server that wants Kerberos says so like this",
            ),
            Error::Denied(words) if words.contains("Invalid status") => self.wrong_peer(&Peer::Other(words)),
            Error::Denied(words) => self.denied(&words),
            Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => self.silent(),
            Error::Io(error) if closed(&error) => self.hung_up(&error),
            Error::Status(401 | 403, words) => self.token(words.as_deref()),
            Error::Server(status) => {
                let words = first_line(&status.message);
                if is_any(&status.message, &FORBIDDEN) || words.contains("proxy privilege") {
                    return self.forbidden(&words, "no session");
                }
                failed(
                    "session",
                    format!("{} opens no session: {words}", self.at),
                    "see the server's log; a setting below `server_side_parameters` may be one that it does not take",
                )
            }
            other => self.any(other, "the login"),
        }
    }

    /// A question failed; `schema` is what it was about, if anything.
    pub(super) fn statement(&self, error: Error, schema: &str) -> PluginError {
        match error {
            Error::Server(status) => self.refused(&status, schema),
            Error::Status(401 | 403, words) => self.token(words.as_deref()),
            other => self.any(other, "the check of the schema"),
        }
    }

    fn refused(&self, status: &Status, schema: &str) -> PluginError {
        let words = first_line(&status.message);
        if is_any(&status.message, &FORBIDDEN) || status.sql_state.as_deref() == Some("42501") {
            return self.forbidden(&words, &format!("not the schema `{schema}`"));
        }
        if is_any(&status.message, &MISSING) && !schema.is_empty() {
            return PluginError::new(ErrorKind::Connection, format!("{} has no schema `{schema}`", self.at))
                .with_reason("no_such_database")
                .with_help("make the schema; dbt's driver begins every session in `default`");
        }
        PluginError::new(ErrorKind::Query, format!("{} refuses a probe: {words}", self.at))
            .with_reason("probe")
            .with_help("see the server's log")
    }

    fn forbidden(&self, words: &str, what: &str) -> PluginError {
        let user =
            self.settings.user.as_deref().map_or_else(|| "the user".to_owned(), |user| format!("the user `{user}`"));
        PluginError::new(ErrorKind::Connection, format!("{user} may use {} but {what}: {words}", self.at))
            .with_reason("permission")
            .with_help("have the user granted what dbt needs there: to see, create and drop tables and views")
    }

    /// A password, or a user, that the server does not take.
    fn denied(&self, words: &str) -> PluginError {
        let user = self.settings.user.as_deref().unwrap_or_default();
        let words = if words.is_empty() { String::new() } else { format!(": {words}") };
        failed(
            "credential",
            format!("{} refuses the login of `{user}`{words}", self.at),
            if self.settings.password.is_some() {
                "check `user` and `password`: the secret that `password` refers to may be old, or that of another environment"
            } else {
                "the server checks passwords: set `auth: LDAP` or `auth: CUSTOM`, as it has it, and `password`"
            },
        )
    }

    fn token(&self, words: Option<&str>) -> PluginError {
        let expired = words.is_some_and(|words| words.to_lowercase().contains("expired"));
        let (reason, how) = if expired { ("expired", ", whose time is over") } else { ("credential", "") };
        let words = words.map_or_else(String::new, |words| format!(": {words}"));
        failed(
            reason,
            format!("{} refuses the token{how}{words}", self.at),
            "make a new access token in the workspace, and put it where `token` refers to",
        )
    }

    /// HiveServer2 without SASL takes a login for a message that is too long, and ends the connection.
    fn hung_up(&self, error: &io::Error) -> PluginError {
        let broken = broken("the login", &self.at, error);
        match self.settings.auth() {
            Some("NOSASL") | None => broken,
            Some(_) => broken.with_help(
                "a server with `hive.server2.authentication=NOSASL` does so: then set `auth: NOSASL`. Else see the server's \
                 log, or what else listens there",
            ),
        }
    }

    /// HiveServer2 waits for more where it is spoken to in the wrong way, and so says nothing.
    fn silent(&self) -> PluginError {
        let auth = self.settings.auth().unwrap_or_default();
        PluginError::new(ErrorKind::Timeout, format!("{} says nothing to the login (`auth: {auth}`)", self.at))
            .with_reason("deadline")
            .with_help(if auth == "NOSASL" {
                "a server that wants SASL may wait like this: set `auth` to the server's `hive.server2.authentication`; or \
                 the server is overloaded"
            } else {
                "a server with `hive.server2.authentication=NOSASL` may wait like this: then set `auth: NOSASL`; or it wants \
                 TLS (`use_ssl: true`), or is overloaded"
            })
    }

    fn any(&self, error: Error, doing: &str) -> PluginError {
        match error {
            Error::Io(error) => broken(doing, &self.at, &error),
            Error::Http(error) => *error,
            Error::Peer(peer) => self.wrong_peer(&peer),
            Error::Status(404, _) => failed(
                "no_such_path",
                format!("{} has no Spark at the path of the cluster", self.at),
                "check `cluster` and `organization`: they are the end of the path that the cluster's page shows for JDBC",
            ),
            Error::Status(503, words) => failed(
                "starting",
                format!(
                    "{} has no Spark ready{}",
                    self.at,
                    words.map_or_else(String::new, |words| format!(": {words}"))
                ),
                "wait until the cluster runs; `connect_retries` has dbt wait",
            ),
            Error::Status(status, words) => failed(
                "http_status",
                format!(
                    "{} answers the call with HTTP status {status}{}",
                    self.at,
                    words.map_or_else(String::new, |words| format!(": {words}"))
                ),
                "see the server's log, and what a proxy in between says",
            ),
            Error::Protocol(what) => failed(
                "protocol",
                format!("{} does not answer as HiveServer2: {what}", self.at),
                "check `host` and `port` of the compute: something else listens there",
            ),
            // What only a login or a statement can bring.
            Error::Denied(words) => self.denied(&words),
            Error::Server(status) => self.refused(&status, ""),
        }
    }

    fn wrong_peer(&self, peer: &Peer) -> PluginError {
        match peer {
            Peer::Http => failed(
                "protocol",
                format!("{} speaks HTTP, not Thrift", self.at),
                "a Spark Thrift Server with `hive.server2.transport.mode=http` does; dbt-spark reaches it in `binary` mode \
                 alone. Or `port` is that of something else, such as Spark's web pages",
            ),
            Peer::Tls => failed("tls_required", format!("{} wants TLS", self.at), "set `use_ssl: true`"),
            Peer::Sasl => failed(
                "auth_method",
                format!("{} wants a login by SASL, and `auth: NOSASL` has none", self.at),
                "set `auth` as the server's `hive.server2.authentication` has it: NONE, LDAP, CUSTOM or KERBEROS",
            ),
            Peer::Other(said) => failed(
                "protocol",
                format!(
                    "{} does not answer as HiveServer2{}",
                    self.at,
                    if said.is_empty() { String::new() } else { format!(": it says `{said}`") }
                ),
                "check `host` and `port` of the compute: something else listens there",
            ),
        }
    }
}

fn failed(reason: &str, message: String, help: &str) -> PluginError {
    PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
}

fn closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn is_any(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// Spark's messages go on with a stack trace.
fn first_line(message: &str) -> String {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason is given");
    let wrapped = ["org.apache.hive.service.cli.HiveSQLException: ", "Error running query: "];
    let line = wrapped.iter().fold(line, |line, prefix| line.strip_prefix(prefix).unwrap_or(line));
    line.chars().take(300).collect()
}
