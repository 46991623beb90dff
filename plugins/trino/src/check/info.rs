//! What a coordinator tells everyone (`/v1/info`).

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use floe_plugin_common::check::Run;
use serde::Deserialize;

use super::explain::Fault;
use super::server::Server;
use super::session::Session;

/// What it tells. A server that tells nothing is none the worse: an old Presto, dask-sql, a gateway.
#[derive(Debug, Default)]
pub(super) struct Info(Option<ServerInfo>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerInfo {
    node_version: NodeVersion,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    coordinator: Option<bool>,
    #[serde(default)]
    starting: bool,
    #[serde(default)]
    uptime: Option<String>,
}

#[derive(Debug, Deserialize)]
struct NodeVersion {
    version: String,
}

impl Info {
    /// Of a server that was not asked.
    pub(super) fn silent() -> Self {
        Self(None)
    }

    /// The engine's version.
    pub(super) fn version(&self) -> Option<&str> {
        self.0.as_ref().map(|info| info.node_version.version.as_str())
    }

    /// Whether the server says that it is Trino.
    pub(super) fn is_trino(&self) -> bool {
        self.0.is_some()
    }

    /// The engine, for a sentence to begin with.
    pub(super) fn engine(&self) -> String {
        self.version().map_or_else(|| "a server".to_owned(), |version| format!("Trino {version}"))
    }

    /// Tells the rest.
    pub(super) fn say(&self, run: &mut Run) {
        let told = self.0.iter().flat_map(|info| [("environment", &info.environment), ("uptime", &info.uptime)]);
        for (name, text) in told {
            if let Some(text) = text {
                run.details.other.insert(name.to_owned(), text.as_str().into());
            }
        }
    }
}

/// Asks for it.
///
/// # Errors
/// Where nothing answers by HTTP, or the server is still starting, or no coordinator.
pub(super) fn ask(server: &Server, session: &Session) -> PluginResult<Info> {
    let answer = server.send("GET", "/v1/info", &session.public_headers()?, &[])?;
    let wants_https = !server.is_encrypted() && answer.status == 400 && is_about_https(&answer.body);
    if wants_https {
        return Err(server.wants_https());
    }
    if (502..=504).contains(&answer.status) {
        return Err(Fault::Status(Box::new(answer)).unavailable(server));
    }
    let Some(info) = (answer.status == 200).then(|| serde_json::from_slice::<ServerInfo>(&answer.body).ok()).flatten()
    else {
        return Ok(Info(None));
    };
    if info.starting {
        return Err(PluginError::new(
            ErrorKind::Connection,
            format!("Trino {} at {} is still starting", info.node_version.version, server.at()),
        )
        .with_reason("starting")
        .with_help("wait until its log says SERVER STARTED, then check again"));
    }
    if info.coordinator == Some(false) {
        return Err(PluginError::new(
            ErrorKind::Configuration,
            format!("{} is a worker of the cluster, and takes no statements", server.at()),
        )
        .with_reason("not_a_coordinator")
        .with_help("write the coordinator's name as `host`"));
    }
    Ok(Info(Some(info)))
}

/// nginx says so: "The plain HTTP request was sent to HTTPS port"; Apache: "speaking plain HTTP to an SSL-enabled server".
fn is_about_https(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    text.contains("plain http") && (text.contains("https port") || text.contains("ssl-enabled"))
}
