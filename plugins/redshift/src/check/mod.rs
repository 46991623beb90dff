//! The live check: resolve, connect, encrypt, log in, look at what the user may do. PostgreSQL's protocol throughout.

mod explain;
mod login;
mod probe;
mod server;

pub use probe::PROBE_STATEMENTS;

use floe_plugin_api::{CheckRequest, ConnectionResult, ErrorKind, PluginError, PluginResult};
use floe_plugin_common::check::kept::{Fingerprint, Holding, Kept};
use floe_plugin_common::check::{Run, dial, unchecked};

use crate::config::{Method, Settings};
use crate::rules;
use login::Session;
use server::{Channel, Server};
use tokio::runtime::Runtime;

/// Connections that checks were to keep.
static KEPT: Kept<Session> = Kept::new();

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the server is an unhealthy result.
pub(crate) fn validate(request: &CheckRequest) -> PluginResult<ConnectionResult> {
    let settings = Settings::of(&request.config)?;
    let mut run = Run::new(request);
    let mut kept = KEPT.hold(request, Fingerprint::of(request, &[]), &run);
    let found = all(&settings, &mut run, &mut kept);
    drop(kept);
    Ok(run.finish(found))
}

/// Every step; the message of a result that is not unhealthy.
fn all(settings: &Settings, run: &mut Run, kept: &mut Holding<'_, Session>) -> PluginResult<String> {
    rules::verify(settings)?;
    let server = Server::of(settings)?;
    run.details.database = Some(settings.database().to_owned());
    run.details.schema = Some(settings.schema.clone());
    run.details.role.clone_from(&settings.role);
    let method = settings.method();
    if method != Method::Database {
        reach(run, &server, settings)?;
        run.degrade(unchecked(
            format!(
                "`method: {}` logs in with credentials that AWS issues, which a check does not ask for",
                method.as_str()
            ),
            "run `dbt debug`, which logs in as a run will",
        ));
        return Ok(format!("{} is reached; the login was not checked", server.at));
    }
    if settings.is_serverless() {
        // Whether a kept connection still works, only a statement would show, which costs money: each check logs in.
        let session = log_in(run, &server, settings)?;
        session.end(run.deadline());
        run.degrade(unchecked(
            "what the user may do was not checked: a statement would wake Redshift Serverless, which costs money",
            "run `dbt debug` where that does not matter",
        ));
        return Ok(format!("{} takes the login of `{}`", server.at, settings.user.as_deref().unwrap_or_default()));
    }
    kept.check(
        run,
        |run| log_in(run, &server, settings),
        |run, session| probe::authorise(run, session, &server, settings),
    )
}

/// Reaches the server, encrypted as `sslmode` says.
fn reach(run: &mut Run, server: &Server, settings: &Settings) -> PluginResult<(Runtime, Channel)> {
    let wire = dial(run, &server.host, server.port)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| PluginError::new(ErrorKind::PluginExecution, format!("no runtime can be started: {error}")))?;
    let channel = server::encrypt(run, &runtime, wire, server, settings.sslmode())?;
    Ok((runtime, channel))
}

/// Reaches the server and logs in.
fn log_in(run: &mut Run, server: &Server, settings: &Settings) -> PluginResult<Session> {
    let (runtime, channel) = reach(run, server, settings)?;
    let session = Session::log_in(run, runtime, channel, server, settings)?;
    run.details.server_version = session.version();
    run.details.user.clone_from(&settings.user);
    Ok(session)
}
