//! The engine's own errors: what they mean to a user of floe.

use floe_plugin_api::{ErrorKind, PluginError};

use super::answer::{QueryError, one_line};
use super::explain::{after_colon, failed, who};
use super::server::Server;
use crate::config::Settings;

/// What an error means, where it means something to a user of floe.
pub(super) enum Known {
    Permission,
    NoSuchCatalog,
    SessionProperty,
    Role,
    Starting,
    ShuttingDown,
    NoWorkers,
    QueueFull,
    RunTime,
}

/// By Trino's error names (`StandardErrorCode`), and by the words of servers that have none.
pub(super) fn known(error: &QueryError) -> Option<Known> {
    let words = error.message.to_lowercase();
    Some(match error.error_name.as_str() {
        "PERMISSION_DENIED" => Known::Permission,
        "CATALOG_NOT_FOUND" | "MISSING_CATALOG_NAME" | "CATALOG_UNAVAILABLE" | "CATALOG_NOT_AVAILABLE" => {
            Known::NoSuchCatalog
        }
        "INVALID_SESSION_PROPERTY" => Known::SessionProperty,
        "ROLE_NOT_FOUND" | "INVALID_ROLE" => Known::Role,
        "SERVER_STARTING_UP" => Known::Starting,
        "SERVER_SHUTTING_DOWN" => Known::ShuttingDown,
        "NO_NODES_AVAILABLE" => Known::NoWorkers,
        "QUERY_QUEUE_FULL" | "QUERY_REJECTED" => Known::QueueFull,
        "EXCEEDED_TIME_LIMIT" => Known::RunTime,
        _ if words.starts_with("access denied") => Known::Permission,
        _ if words.contains("catalog") && is_missing(&words) => Known::NoSuchCatalog,
        _ if words.contains("session property") && is_missing(&words) => Known::SessionProperty,
        _ => return None,
    })
}

fn is_missing(words: &str) -> bool {
    ["not found", "does not exist", "is not present"].iter().any(|text| words.contains(text))
}

/// What happened, and what to do.
pub(super) fn query(error: &QueryError, server: &Server, settings: &Settings) -> PluginError {
    let (at, said) = (server.at(), after_colon(&one_line(&error.message)));
    let catalog = &settings.database;
    match known(error) {
        Some(Known::Permission) => failed(
            ErrorKind::Connection,
            "permission",
            format!("{at} does not let {} do what dbt needs{said}", who(settings)),
            format!(
                "have an administrator give the user access to the catalog `{catalog}`, or check `user` and `roles`"
            ),
        ),
        Some(Known::NoSuchCatalog) => failed(
            ErrorKind::Connection,
            "no_such_catalog",
            format!("{at} has no catalog `{catalog}`{said}"),
            "check `database`; `SHOW CATALOGS` lists what this user may see",
        ),
        Some(Known::SessionProperty) => failed(
            ErrorKind::Configuration,
            "session_properties",
            format!("{at} refuses a session property{said}"),
            "check `session_properties`; `SHOW SESSION` lists what the server knows",
        ),
        Some(Known::Role) => failed(
            ErrorKind::Configuration,
            "roles",
            format!("{at} refuses a role{said}"),
            "check `roles`; `SHOW ROLES` lists what there is",
        ),
        Some(Known::Starting) => failed(
            ErrorKind::Connection,
            "starting",
            format!("Trino at {at} is still starting"),
            "wait until its log says SERVER STARTED, then check again",
        ),
        Some(Known::ShuttingDown) => failed(
            ErrorKind::Connection,
            "shutting_down",
            format!("Trino at {at} is shutting down, and takes no more statements"),
            "check again when it has been started anew",
        ),
        Some(Known::NoWorkers) => failed(
            ErrorKind::Connection,
            "no_workers",
            format!("Trino at {at} has no workers that could run a statement"),
            "see whether the cluster's workers run and find the coordinator",
        ),
        Some(Known::QueueFull) => failed(
            ErrorKind::Connection,
            "queue_full",
            format!("{at} takes no more statements of this user{said}"),
            "the queue of the resource group is full: check again later, or set `client_tags` for another group",
        ),
        Some(Known::RunTime) => failed(
            ErrorKind::Timeout,
            "query_max_run_time",
            format!("{at} ended the statement, whose time was over{said}"),
            "raise `timeout_seconds`: waiting in the queue counts",
        ),
        None if error.error_type == "EXTERNAL" => failed(
            ErrorKind::Query,
            "catalog_fails",
            format!("{at} cannot use the catalog `{catalog}`{said}"),
            "the system behind the catalog fails, and not Trino itself: see its log, and that of the coordinator",
        ),
        None => failed(
            ErrorKind::Query,
            "query",
            format!("{at} fails on a simple statement{said}"),
            "see the server's log; `dbt debug` will fail in the same way",
        ),
    }
}
