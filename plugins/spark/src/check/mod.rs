//! The live check.
//!
//! The steps of `thrift`: `resolve`, `connect`, `tls` with `use_ssl`, `login` (SASL and a session), `authorise` (the
//! user, the schema). Those of `http`: `resolve`, `connect`, `proxy` where there is one, `tls`, `cluster` (its state),
//! then, on a cluster that runs, the same two. What cannot be checked without Python or Java is told as unchecked.

mod databricks;
mod explain;
mod probe;
mod schema;
mod thrift;

pub use probe::PROBE_STATEMENTS;

use std::sync::Arc;

use floe_plugin_api::{CheckRequest, ConnectionResult, PluginResult};
use floe_plugin_common::check::http::Client;
use floe_plugin_common::check::kept::{Fingerprint, Holding, Kept};
use floe_plugin_common::check::{Run, dial, unchecked};

use crate::config::{Method, Settings};
use crate::rules;
use thrift::Thrift;

/// Connections that checks were to keep.
static THRIFT: Kept<Thrift> = Kept::new();
static HTTP: Kept<Arc<Client>> = Kept::new();

/// What is held of them for one check.
struct Holdings<'a> {
    thrift: Holding<'a, Thrift>,
    http: Holding<'a, Arc<Client>>,
}

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the engine is an unhealthy result.
pub(crate) fn validate(request: &CheckRequest) -> PluginResult<ConnectionResult> {
    let settings = Settings::of(&request.config)?;
    let mut run = Run::new(request);
    let fingerprint = Fingerprint::of(request, &[]);
    let mut kept = Holdings {
        thrift: THRIFT.hold(request, fingerprint.clone(), &run),
        http: HTTP.hold(request, fingerprint, &run),
    };
    let found = all(&settings, &mut run, &mut kept);
    drop(kept);
    Ok(run.finish(found))
}

/// Every step; the message of a result that is not unhealthy.
fn all(settings: &Settings, run: &mut Run, kept: &mut Holdings<'_>) -> PluginResult<String> {
    let method = rules::verify(settings)?;
    rules::without_nul(settings)?;
    run.details.schema = Some(settings.schema.clone());
    match method {
        Method::Thrift => thrift::check(settings, run, &mut kept.thrift),
        Method::Http => databricks::check(settings, run, &mut kept.http),
        Method::Odbc => odbc(settings, run),
        Method::Session => {
            run.degrade(unchecked(
                "Spark runs inside dbt's own process: there is nothing to connect to before dbt starts it",
                "run `dbt debug` where dbt will run; it needs Java beside the Python packages",
            ));
            Ok("Spark starts with dbt; it was not checked".to_owned())
        }
    }
}

/// The driver alone knows how it logs in.
fn odbc(settings: &Settings, run: &mut Run) -> PluginResult<String> {
    let (host, port) = place(settings)?;
    drop(dial(run, &host, port)?);
    run.degrade(unchecked(
        "only the ODBC driver can log in: a check ends where the server takes the connection",
        "run `dbt debug` where dbt will run, with the driver installed",
    ));
    Ok(format!("`{host}` port {port} takes connections; the login was not checked"))
}

/// Host and port of the settings; dbt-spark takes slashes off the host's end.
fn place(settings: &Settings) -> PluginResult<(String, u16)> {
    let host = settings.host.as_deref().unwrap_or_default();
    let host = host.strip_prefix("https://").unwrap_or(host).trim_end_matches('/').to_owned();
    let port = settings.port.as_ref().map_or(Some(443), floe_plugin_common::Whole::value);
    match port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0) {
        Some(port) => Ok((host, port)),
        None => Err(floe_plugin_common::wrong("port", "`port` is no number from 1 to 65535", "set the server's port")),
    }
}
