//! `method: thrift`: a Spark Thrift Server in binary mode.

use std::time::Instant;

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::Flag;
use floe_plugin_common::check::kept::{Connection, Holding};
use floe_plugin_common::check::{Deadline, Roots, Run, Stream, Tls, Verify, dial, secure, unchecked};

use super::explain::Explain;
use super::{place, schema};
use crate::config::Settings;
use crate::hive_server::{Buffered, Channel, Error, Sasl, Session};

/// What dbt-spark sends for a password where there is none: the server wants a text, and looks at none.
const NO_PASSWORD: &str = "x";

/// A session, and the deadline of the connection that it is on.
pub(super) struct Thrift {
    session: Session,
    deadline: Deadline,
}

impl Connection for Thrift {
    fn rearm(&mut self, until: Instant) {
        self.deadline.set(until);
    }

    fn is_broken(&self) -> bool {
        self.session.is_broken()
    }

    fn close(self) {
        // What is left of it goes with the connection.
        let _ = self.session.close();
    }
}

pub(super) fn check(settings: &Settings, run: &mut Run, kept: &mut Holding<'_, Thrift>) -> PluginResult<String> {
    let (host, port) = place(settings)?;
    let auth = settings.auth().unwrap_or_default().to_owned();
    run.details.other.insert("auth".to_owned(), auth.clone().into());
    if auth == "KERBEROS" {
        reach(settings, run, &host, port)?;
        run.degrade(unchecked(
            "a check does not log in with Kerberos: it ends where the server takes the connection",
            "run `dbt debug` where dbt will run, with a ticket (`klist` shows it)",
        ));
        return Ok(format!("`{host}` port {port} takes connections; the login was not checked"));
    }
    let explain = Explain::of(settings, &host, port);
    kept.check(
        run,
        |run| {
            let stream = reach(settings, run, &host, port)?;
            log_in(settings, run, stream, &auth, &explain)
        },
        |run, thrift| {
            let found = schema::look(settings, &explain, &mut thrift.session, run)?;
            Ok(found.message(&format!("`{host}` port {port}")))
        },
    )
}

fn reach(settings: &Settings, run: &mut Run, host: &str, port: u16) -> PluginResult<Stream> {
    let wire = dial(run, host, port)?;
    let encrypted = settings.use_ssl.as_ref().and_then(Flag::value) == Some(true);
    if encrypted { secure(run, wire, host, &tls()) } else { Ok(wire.into()) }
}

fn log_in(
    settings: &Settings,
    run: &mut Run,
    stream: Stream,
    auth: &str,
    explain: &Explain<'_>,
) -> PluginResult<Thrift> {
    let user = settings.user.as_deref().unwrap_or_default();
    let deadline = stream.wire().deadline().clone();
    let session = run.step("login", |_| {
        let password = settings.password.as_ref().map_or(NO_PASSWORD, Secret::expose);
        let open = |channel| Session::open(channel, user, &settings.session_parameters());
        channel(stream, auth, user, password).and_then(open).map_err(|error| explain.login(error))
    })?;
    Ok(Thrift { session, deadline })
}

fn channel(stream: Stream, auth: &str, user: &str, password: &str) -> Result<Box<dyn Channel>, Error> {
    Ok(match auth {
        "NOSASL" => Box::new(Buffered::new(Box::new(stream))),
        _ => Box::new(Sasl::plain(Box::new(stream), user, password)?),
    })
}

/// dbt-spark sets `verify_mode = CERT_NONE`: it takes every certificate, so a check does too, and tells what is wrong.
fn tls() -> Tls {
    Tls { roots: Roots::System, verify: Verify::Nothing, client: None, trust_help: "" }
}
