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
    // What is only worth knowing comes and goes: a file that dbt has open.
    if health.status == ConnectionStatus::Healthy {
        return signature;
    }
    let mut warnings: Vec<String> = health.warnings.iter().map(|warning| warning.reason.clone()).collect();
    warnings.sort();
    warnings.dedup();
    signature.extend(warnings);
    signature
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use floe_plugin_api::{ConnectionDetails, Warning};

    use super::*;
    use crate::diagnostics::codes::health::{CHECK_CONNECTION, CHECK_WARNS};
    use crate::health::ComputeHealth;

    fn found(status: ConnectionStatus, reason: Option<&str>, warnings: &[&str]) -> Checked {
        let health = ComputeHealth {
            compute: "wh".to_owned(),
            plugin: "nimbus".to_owned(),
            environment: "dev".to_owned(),
            status,
            latency_ms: 1.0,
            message: "m".to_owned(),
            reason: reason.map(str::to_owned),
            help: None,
            warnings: warnings.iter().map(|reason| Warning::new(*reason, format!("{reason} at {reason}"))).collect(),
            details: ConnectionDetails::new(),
            steps: Vec::new(),
        };
        let error = reason.map(|_| Diagnostic::error(&CHECK_CONNECTION, "compute `wh`: m", "h"));
        Checked {
            health,
            diagnostics: error.into_iter().collect(),
            reconnected: false,
            restarted: false,
            credentials_changed: false,
        }
    }

    fn healthy() -> Checked {
        found(ConnectionStatus::Healthy, None, &[])
    }

    fn refused() -> Checked {
        found(ConnectionStatus::Unhealthy, Some("refused"), &[])
    }

    /// What is told, in short.
    fn told(history: &mut History, checked: Checked, at: Instant) -> Vec<String> {
        let id = history.next_id();
        let short = |what: &What| match what {
            What::Status(status) => {
                let before = status.previous.map_or("", crate::health::word);
                let seconds = status.previous_seconds.unwrap_or_default();
                format!("{before} {seconds} {} {}", crate::health::word(status.status), status.reconnected)
            }
            What::Warning { message, .. } => message.clone(),
            other => format!("{other:?}"),
        };
        history.take(checked, &id, at).iter().map(short).collect()
    }

    #[test]
    fn a_state_is_told_when_it_comes_and_with_how_long_the_one_before_lasted() {
        let (mut history, begun) = (History::default(), Instant::now());
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(told(&mut history, healthy(), at(0)), [" 0 healthy false"]);
        assert!(told(&mut history, healthy(), at(10)).is_empty());
        assert_eq!(told(&mut history, refused(), at(30)), ["healthy 30 unhealthy false"]);
        assert!(told(&mut history, refused(), at(40)).is_empty(), "the same failure is no news");
        let other = found(ConnectionStatus::Unhealthy, Some("credential"), &[]);
        assert_eq!(told(&mut history, other, at(50)), ["unhealthy 20 unhealthy false"], "another one is");
        assert_eq!(told(&mut history, healthy(), at(60)), ["unhealthy 30 healthy true"]);
    }

    #[test]
    fn an_incident_has_one_id_from_its_first_check_to_the_one_that_finds_it_over() {
        let (mut history, now) = (History::default(), Instant::now());
        let first = history.next_id();
        assert_ne!(first, history.next_id(), "each check of a healthy compute has its own");
        history.take(refused(), &first, now);
        assert_eq!(history.next_id(), first);
        history.take(healthy(), &first, now);
        assert_ne!(history.next_id(), first);
    }

    #[test]
    fn a_connection_that_was_opened_anew_is_told_where_nothing_else_is() {
        let (mut history, now) = (History::default(), Instant::now());
        told(&mut history, healthy(), now);
        let again = || Checked { reconnected: true, ..healthy() };
        assert_eq!(told(&mut history, again(), now), ["Reconnected { latency_ms: 1.0 }"]);
        told(&mut history, refused(), now);
        assert_eq!(told(&mut history, again(), now).len(), 1, "the change of the state says it");
    }

    #[test]
    fn warnings_of_a_healthy_compute_come_and_go_unsaid_and_those_of_a_degraded_one_are_told() {
        let (mut history, now) = (History::default(), Instant::now());
        told(&mut history, healthy(), now);
        assert!(told(&mut history, found(ConnectionStatus::Healthy, None, &["in_use"]), now).is_empty());
        let degraded = |warnings: &[&str]| found(ConnectionStatus::Degraded, None, warnings);
        assert_eq!(told(&mut history, degraded(&["a", "b"]), now).len(), 1);
        assert!(told(&mut history, degraded(&["b", "a"]), now).is_empty());
        assert_eq!(told(&mut history, degraded(&["b"]), now).len(), 1);
    }

    #[test]
    fn other_warnings_are_told_once_and_a_bounded_number_is_remembered() {
        let (mut history, now) = (History::default(), Instant::now());
        told(&mut history, healthy(), now);
        let warns = |number: usize| Checked {
            diagnostics: vec![Diagnostic::warning(&CHECK_WARNS, format!("w{number}"), "h")],
            ..healthy()
        };
        assert_eq!(told(&mut history, warns(0), now), ["w0"]);
        assert!(told(&mut history, warns(0), now).is_empty());
        for number in 0..10 * REMEMBERED {
            told(&mut history, warns(number), now);
        }
        assert_eq!(history.told.len(), REMEMBERED);
    }
}
