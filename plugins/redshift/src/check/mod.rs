//! The live check: resolve, connect, encrypt, log in, look at what the user may do. PostgreSQL's protocol throughout.

mod explain;
mod login;
mod probe;
mod server;

pub use probe::PROBE_STATEMENTS;

use floe_plugin_api::{CheckRequest, ConnectionResult, ErrorKind, PluginError, PluginResult};
use floe_plugin_common::check::{Run, dial, unchecked};

use crate::config::{Method, Settings};
use crate::rules;
use server::Server;

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the server is an unhealthy result.
pub(crate) fn validate(request: &CheckRequest) -> PluginResult<ConnectionResult> {
    let settings = Settings::of(&request.config)?;
    let mut run = Run::new(request);
    let found = all(&settings, &mut run);
    Ok(run.finish(found))
}

/// Every step; the message of a result that is not unhealthy.
fn all(settings: &Settings, run: &mut Run) -> PluginResult<String> {
    rules::verify(settings)?;
    let server = Server::of(settings)?;
    run.details.database = Some(settings.database().to_owned());
    run.details.schema = Some(settings.schema.clone());
    run.details.role.clone_from(&settings.role);
    let wire = dial(run, &server.host, server.port)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| PluginError::new(ErrorKind::PluginExecution, format!("no runtime can be started: {error}")))?;
    let connection = server::encrypt(run, &runtime, wire, &server, settings.sslmode())?;
    let method = settings.method();
    if method != Method::Database {
        run.degrade(unchecked(
            format!(
                "`method: {}` logs in with credentials that AWS issues, which a check does not ask for",
                method.as_str()
            ),
            "run `dbt debug`, which logs in as a run will",
        ));
        return Ok(format!("{} is reached; the login was not checked", server.at));
    }
    let session = login::log_in(run, &runtime, connection, &server, settings)?;
    run.details.server_version = session.version();
    run.details.user.clone_from(&settings.user);
    if settings.is_serverless() {
        run.degrade(unchecked(
            "what the user may do was not checked: a statement would wake Redshift Serverless, which costs money",
            "run `dbt debug` where that does not matter",
        ));
        return Ok(format!("{} takes the login of `{}`", server.at, settings.user.as_deref().unwrap_or_default()));
    }
    probe::authorise(run, &runtime, &session, &server, settings)
}
