//! The server's words, turned into what happened and what to do.

use std::error::Error as _;
use std::io;

use floe_plugin_api::{ErrorKind, PluginError};
use floe_plugin_common::check::broken;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::config::Settings;

/// The longest text of a server that a message repeats, in characters.
const LONGEST: usize = 200;

/// A login that failed.
pub(super) fn login(at: &str, settings: &Settings, error: &Error) -> PluginError {
    let user = settings.user.as_deref().unwrap_or_default();
    let Some(said) = error.as_db_error() else { return driver(at, "the login", error) };
    let words = words(said);
    let failed = |reason: &str, message: String, help: &str| {
        PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
    };
    let database = settings.database();
    if is_unknown_database(said) {
        return failed(
            "no_such_database",
            format!("there is no database `{database}` at {at}"),
            "check `database` of the compute; dbt makes schemas, but no databases",
        );
    }
    if words.contains("pg_hba.conf") {
        return failed(
            "permission",
            format!("{at} takes no login of `{user}` from this machine: {words}"),
            "have an administrator allow this address, or this user with or without TLS",
        );
    }
    match said.code() {
        _ if is_wrong_credential(said) => failed(
            "credential",
            format!("{at} refuses the login of `{user}`: the user or the password is wrong"),
            "check `user`, and the secret that `password` refers to (`floe env vars` shows where it comes from)",
        ),
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE || words.starts_with("permission denied") => failed(
            "permission",
            format!("the user `{user}` may not connect to the database `{database}` at {at}"),
            &format!("have an administrator run: GRANT CONNECT ON DATABASE {database} TO {user}"),
        ),
        code if *code == SqlState::TOO_MANY_CONNECTIONS => failed(
            "too_many_connections",
            format!("{at} takes no more connections: {words}"),
            "lower `threads`, or end sessions that are idle",
        ),
        code if *code == SqlState::CANNOT_CONNECT_NOW => failed(
            "starting",
            format!("{at} is starting or stopping: {words}"),
            "wait until the cluster is available, or resume it",
        ),
        _ => failed("login", format!("{at} refuses the login: {words}"), "see the cluster's connection log"),
    }
}

/// A proxy such as pgbouncer hands on the server's words, but not its codes.
fn is_unknown_database(said: &DbError) -> bool {
    let words = said.message();
    *said.code() == SqlState::INVALID_CATALOG_NAME
        || words.starts_with("no such database")
        || (words.starts_with("database ") && words.ends_with("does not exist"))
}

/// As above.
fn is_wrong_credential(said: &DbError) -> bool {
    let words = said.message();
    matches!(*said.code(), SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        || words.starts_with("password authentication failed")
        || words.starts_with("no such user")
}

/// A statement that failed.
pub(super) fn statement(at: &str, settings: &Settings, error: &Error) -> PluginError {
    let Some(said) = error.as_db_error() else { return driver(at, "the look at the user's rights", error) };
    let role = settings.role.as_deref();
    match (role, said.code()) {
        (Some(role), code)
            if *code == SqlState::INVALID_PARAMETER_VALUE
                || *code == SqlState::UNDEFINED_OBJECT
                || *code == SqlState::INSUFFICIENT_PRIVILEGE =>
        {
            PluginError::new(
                ErrorKind::Connection,
                format!("the user cannot take on the role `{role}`: {}", words(said)),
            )
            .with_reason("role")
            .with_help("check `role` of the compute, and that it is granted to the user")
        }
        (_, code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            PluginError::new(ErrorKind::Connection, format!("{at} refuses a probe: {}", words(said)))
                .with_reason("permission")
                .with_help("have an administrator grant the user what the message names")
        }
        _ => PluginError::new(ErrorKind::Query, format!("{at} refuses a probe: {}", words(said)))
            .with_reason("probe")
            .with_help("the server may be no Redshift; `dbt debug` shows whether dbt can work with it"),
    }
}

/// Whether the server ends the session with what it says: it stops, an administrator ends it, a proxy loses it.
pub(super) fn ends_session(said: &DbError) -> bool {
    matches!(said.severity(), "FATAL" | "PANIC")
        || matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || said.code().code().starts_with("08")
        || said.code().code().starts_with("57P")
}

/// What the driver says where the server said nothing that it could read.
fn driver(at: &str, doing: &str, error: &Error) -> PluginError {
    let inner = error.source();
    if let Some(io) = inner.and_then(|inner| inner.downcast_ref::<io::Error>())
        // Messages that cannot be read are told so too.
        && !matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other)
    {
        return broken(doing, at, io);
    }
    let text = error.to_string();
    match text.as_str() {
        "connection closed" => broken(doing, at, &io::ErrorKind::ConnectionReset.into()),
        "authentication error" => {
            PluginError::new(ErrorKind::Connection, format!("{at} wants a kind of login that a check does not speak"))
                .with_reason("login_method")
                .with_help("`dbt debug` may well log in; the check speaks passwords in clear, MD5 and SCRAM-SHA-256")
        }
        _ => not_the_protocol(at),
    }
}

/// Something answers, but not a database.
pub(super) fn not_the_protocol(at: &str) -> PluginError {
    PluginError::new(ErrorKind::Connection, format!("{at} does not speak the protocol of Redshift"))
        .with_reason("protocol")
        .with_help("check `port` of the compute: something else listens there; Redshift's own port is 5439")
}

/// The server's message on one line and of bounded length.
fn words(said: &DbError) -> String {
    let line = said.message().split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST).collect()
}
