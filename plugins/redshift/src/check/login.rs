//! The login, and the connection that is logged in.

use std::io;
use std::time::Instant;

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::check::kept::Connection;
use floe_plugin_common::check::{Run, broken};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_postgres::config::SslMode as DriverSslMode;
use tokio_postgres::{Client, Config, Error, NoTls};

use super::explain;
use super::server::{Channel, Server};
use crate::config::Settings;

/// A connection that is logged in. Its runtime works while a check waits for an answer, and not in between.
pub(super) struct Session {
    // Before the runtime, on which it is dropped.
    pub(super) client: Client,
    connection: JoinHandle<()>,
    runtime: Runtime,
    version: Option<String>,
    deadline: Instant,
    broken: bool,
}

impl Session {
    /// Logs in with user and password: the step `login`.
    pub(super) fn log_in(
        run: &mut Run,
        runtime: Runtime,
        channel: Channel,
        server: &Server,
        settings: &Settings,
    ) -> PluginResult<Self> {
        let mut config = Config::new();
        config
            .user(settings.user.as_deref().unwrap_or_default())
            .password(settings.password.as_ref().map_or("", Secret::expose))
            .dbname(settings.database())
            .application_name("floe")
            // It is encrypted already, where it is.
            .ssl_mode(DriverSslMode::Disable);
        run.step("login", |run| {
            let deadline = run.deadline();
            let connected =
                runtime.block_on(async { timeout_at(deadline.into(), config.connect_raw(channel, NoTls)).await });
            match connected {
                Err(_) => Err(broken("the login", &server.at, &io::ErrorKind::TimedOut.into())),
                Ok(Err(error)) => Err(explain::login(&server.at, settings, &error)),
                Ok(Ok((client, connection))) => {
                    let version = connection.parameter("server_version").map(str::to_owned);
                    let connection = runtime.spawn(async move {
                        // Its end is told by the statement that it breaks.
                        let _ = connection.await;
                    });
                    Ok(Self { client, connection, runtime, version, deadline, broken: false })
                }
            }
        })
    }

    /// The version of PostgreSQL whose protocol the server speaks, as it says at the login.
    pub(super) fn version(&self) -> Option<String> {
        self.version.clone()
    }

    /// Waits for an answer; `None` where none came in time.
    pub(super) fn wait<T>(
        &mut self,
        answer: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let Self { client, runtime, deadline, broken, .. } = self;
        let answered = runtime.block_on(async { timeout_at((*deadline).into(), answer(client)).await }).ok();
        *broken |= match &answered {
            Some(Ok(_)) => false,
            Some(Err(error)) => error.as_db_error().is_none_or(explain::ends_session),
            None => true,
        };
        answered
    }

    /// Tells the server that this is the end (`Terminate`), and closes the connection.
    pub(super) fn end(self, until: Instant) {
        let Self { client, connection, runtime, .. } = self;
        drop(client);
        let _ = runtime.block_on(async { timeout_at(until.into(), connection).await });
    }
}

impl Connection for Session {
    fn rearm(&mut self, until: Instant) {
        self.deadline = until;
    }

    fn is_broken(&self) -> bool {
        self.broken || self.client.is_closed()
    }

    fn close(self) {
        let until = self.deadline;
        self.end(until);
    }
}
