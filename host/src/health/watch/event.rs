//! What a watch tells.

use floe_plugin_api::{ConnectionDetails, ConnectionStatus, Warning};
use serde::Serialize;

use crate::diagnostics::Diagnostic;

/// Something that happened to a compute.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When, in UTC, by RFC 3339 with milliseconds.
    pub time: String,
    /// The compute.
    pub compute: String,
    /// Its plugin.
    pub plugin: String,
    /// The environment whose connection it is.
    pub environment: String,
    /// Id of the check; while a compute is unhealthy, of the check that first found it so.
    pub correlation_id: String,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// The time as events have it.
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// What happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// It is in another state than before, or was looked at for the first time.
    Status(Box<Status>),
    /// Its connection had broken, and was opened anew within one check: the compute stayed as it was.
    Reconnected {
        /// How long the check took, in milliseconds.
        latency_ms: f64,
    },
    /// The plugin's worker had died, and was started anew within one check.
    WorkerRestarted,
    /// Secrets have other values than in the check before.
    CredentialsChanged,
    /// It is not looked at: a run goes on, and its database may be open in one process alone.
    LeftAlone,
    /// It is looked at again: the run is over.
    TakenUp,
    /// Something else that should be known, told once.
    Warning {
        /// Code of the diagnostic.
        code: &'static str,
        /// In words.
        message: String,
        /// What to do about it.
        help: String,
    },
}

/// How a compute is now.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// How it is.
    pub status: ConnectionStatus,
    /// How it was; nothing where it was looked at for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<ConnectionStatus>,
    /// How long it was so, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_seconds: Option<f64>,
    /// Whether a connection was lost and opened anew.
    pub reconnected: bool,
    /// How long the check took, in milliseconds.
    pub latency_ms: f64,
    /// What was found.
    pub message: String,
    /// A short stable word for the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Code of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What the reader can do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What should be known besides.
    pub warnings: Vec<Warning>,
    /// What the check learned.
    pub details: ConnectionDetails,
}

impl What {
    /// Something else that should be known.
    pub(super) fn warning(diagnostic: &Diagnostic) -> Self {
        Self::Warning { code: diagnostic.code.id, message: diagnostic.message.clone(), help: diagnostic.help.clone() }
    }
}
