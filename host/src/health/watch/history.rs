//! What one compute was like so far: turns checks into events.

use std::time::Instant;

use floe_plugin_api::ConnectionStatus;
use uuid::Uuid;

use super::event::{Status, What};
use crate::diagnostics::Diagnostic;
use crate::health::checker::Checked;

/// How many warnings are remembered so that they are not told again; a plugin that never says the same twice is told for ever.
const REMEMBERED: usize = 100;

/// What a compute was like so far.
#[derive(Debug, Default)]
pub(super) struct History {
    last: Option<State>,
    /// Id of the check that found it unhealthy, while it is.
    incident: Option<String>,
    told: Vec<(&'static str, String)>,
    is_left_alone: bool,
}

#[derive(Debug)]
struct State {
    status: ConnectionStatus,
    since: Instant,
    /// What makes two states of the same status different news.
    signature: Vec<String>,
}

impl History {
    /// The id for the next check.
    pub(super) fn next_id(&self) -> String {
        self.incident.clone().unwrap_or_else(|| Uuid::new_v4().to_string())
    }

    /// A run goes on, or none does any more.
    pub(super) fn leave_alone(&mut self, left: bool) -> Option<What> {
        let was = std::mem::replace(&mut self.is_left_alone, left);
        match (was, left) {
            (false, true) => Some(What::LeftAlone),
            (true, false) => Some(What::TakenUp),
            _ => None,
        }
    }

    /// What a check tells that is new.
    pub(super) fn take(&mut self, checked: Checked, correlation_id: &str, now: Instant) -> Vec<What> {
        let Checked { health, diagnostics, reconnected, restarted, credentials_changed } = checked;
        let is_unhealthy = health.status == ConnectionStatus::Unhealthy;
        let was_unhealthy = self.incident.is_some();
        self.incident = is_unhealthy.then(|| correlation_id.to_owned());
        let mut events = Vec::new();
        events.extend(credentials_changed.then_some(What::CredentialsChanged));
        events.extend(restarted.then_some(What::WorkerRestarted));
        let error = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
        let signature = signature(&health, error);
        let is_news = self.last.as_ref().is_none_or(|last| last.status != health.status || last.signature != signature);
        if is_news {
            let since = match &self.last {
                Some(last) if last.status == health.status => last.since,
                _ => now,
            };
            let last = self.last.replace(State { status: health.status, since, signature });
            events.push(What::Status(Box::new(Status {
                status: health.status,
                previous: last.as_ref().map(|last| last.status),
                previous_seconds: last.as_ref().map(|last| now.saturating_duration_since(last.since).as_secs_f64()),
                reconnected: reconnected || (was_unhealthy && !is_unhealthy),
                latency_ms: health.latency_ms,
                message: health.message.clone(),
                reason: health.reason.clone(),
                code: error.map(|error| error.code.id),
                kind: error.and_then(Diagnostic::kind_word),
                help: health.help.clone(),
                warnings: health.warnings.clone(),
                details: health.details.clone(),
            })));
        } else if reconnected {
            events.push(What::Reconnected { latency_ms: health.latency_ms });
        }
        // Its own warnings stand in its status.
        let of_status = |diagnostic: &Diagnostic| {
            health.warnings.iter().any(|warning| diagnostic.message.ends_with(&warning.message))
        };
        for diagnostic in diagnostics.iter().filter(|diagnostic| !diagnostic.is_error() && !of_status(diagnostic)) {
            let key = (diagnostic.code.id, diagnostic.message.clone());
            if !self.told.contains(&key) {
                if self.told.len() == REMEMBERED {
                    self.told.remove(0);
                }
                self.told.push(key);
                events.push(What::warning(diagnostic));
            }
        }
        events
    }
}

/// The same failure in other words (another time, another count) is no news; another reason, or another warning, is.
fn signature(health: &crate::health::ComputeHealth, error: Option<&Diagnostic>) -> Vec<String> {
    let failure = error.map(|error| error.code.id.to_owned());
    let mut signature: Vec<String> = failure.into_iter().chain(health.reason.clone()).collect();
    let mut warnings: Vec<String> = health.warnings.iter().map(|warning| warning.reason.clone()).collect();
    warnings.sort();
    warnings.dedup();
    signature.extend(warnings);
    signature
}
