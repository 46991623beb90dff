//! The login.

use std::io;

use floe_plugin_api::{PluginResult, Secret};
use floe_plugin_common::check::{Run, broken};
use tokio::runtime::Runtime;
use tokio::time::timeout_at;
use tokio_postgres::config::SslMode as DriverSslMode;
use tokio_postgres::{Client, Config, NoTls};

use super::explain;
use super::server::{Channel, Server};
use crate::config::Settings;

/// A connection that is logged in.
pub(super) struct Session {
    pub(super) client: Client,
    version: Option<String>,
}

impl Session {
    /// The version of PostgreSQL whose protocol the server speaks, as it says at the login.
    pub(super) fn version(&self) -> Option<String> {
        self.version.clone()
    }
}

/// Logs in with user and password: the step `login`.
pub(super) fn log_in(
    run: &mut Run,
    runtime: &Runtime,
    channel: Channel,
    server: &Server,
    settings: &Settings,
) -> PluginResult<Session> {
    let mut config = Config::new();
    config
        .user(settings.user.as_deref().unwrap_or_default())
        .password(settings.password.as_ref().map_or("", Secret::expose))
        .dbname(settings.database())
        .application_name("floe")
        // It is encrypted already, where it is.
        .ssl_mode(DriverSslMode::Disable);
    run.step("login", |run| {
        let deadline = tokio::time::Instant::from_std(run.deadline());
        let connected = runtime.block_on(async { timeout_at(deadline, config.connect_raw(channel, NoTls)).await });
        match connected {
            Err(_) => Err(broken("the login", &server.at, &io::ErrorKind::TimedOut.into())),
            Ok(Err(error)) => Err(explain::login(&server.at, settings, &error)),
            Ok(Ok((client, connection))) => {
                let version = connection.parameter("server_version").map(str::to_owned);
                runtime.spawn(async move {
                    // Its end is told by the statement that it breaks.
                    let _ = connection.await;
                });
                Ok(Session { client, version })
            }
        }
    })
}
