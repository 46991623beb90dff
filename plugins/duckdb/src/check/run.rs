//! One run of the check: its clock, its steps, and what it has found so far.

use std::time::{Duration, Instant};

use floe_plugin_api::{CheckStep, ConnectionDetails, ConnectionResult, ErrorKind, PluginError, PluginResult, Warning};

/// What the answer itself may take, of the time that the host gives.
const RESERVE: Duration = Duration::from_millis(50);

/// One run of the check.
pub(crate) struct Run {
    begun: Instant,
    budget: Duration,
    steps: Vec<CheckStep>,
    warnings: Vec<Warning>,
    degraded: bool,
    /// What was learned.
    pub details: ConnectionDetails,
}

impl Run {
    /// Begins now.
    pub(crate) fn new(deadline_ms: u64) -> Self {
        let deadline = Duration::from_millis(deadline_ms);
        Self {
            begun: Instant::now(),
            budget: deadline.saturating_sub(RESERVE.min(deadline / 10)),
            steps: Vec::new(),
            warnings: Vec::new(),
            degraded: false,
            details: ConnectionDetails::new(),
        }
    }

    /// Takes one step, if there is time for it. Each ends within milliseconds on a local disk; one that the operating
    /// system holds up cannot be broken off, and the host then ends the worker.
    pub(crate) fn step<T>(&mut self, name: &str, take: impl FnOnce(&mut Self) -> PluginResult<T>) -> PluginResult<T> {
        let begun = Instant::now();
        let place = self.steps.len();
        let taken = if self.begun.elapsed() >= self.budget { Err(self.late(name)) } else { take(self) };
        let step = CheckStep::new(name, milliseconds(begun.elapsed()), taken.is_ok());
        self.steps.insert(place.min(self.steps.len()), step);
        taken
    }

    fn late(&self, step: &str) -> PluginError {
        let after = self.steps.last().map_or_else(String::new, |last| format!(" after `{}`", last.name));
        PluginError::new(ErrorKind::Timeout, format!("the check ran out of time{after}, before `{step}`"))
            .with_reason("deadline")
            .with_help("give the check more time; a slow disk or network folder shows in the time of each step")
    }

    /// Notes what does not keep dbt from working.
    pub(crate) fn note(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Notes what may keep dbt from working, or was not checked.
    pub(crate) fn degrade(&mut self, warning: Warning) {
        self.degraded = true;
        self.warnings.push(warning);
    }

    /// The result, with the message where nothing failed.
    pub(crate) fn finish(self, found: PluginResult<String>) -> ConnectionResult {
        let mut result = match found {
            Err(error) => ConnectionResult::unhealthy(error),
            Ok(message) => {
                let mut result = ConnectionResult::healthy(message);
                if self.degraded {
                    result.status = floe_plugin_api::ConnectionStatus::Degraded;
                }
                result
            }
        };
        result.warnings = self.warnings;
        result.with_details(self.details).with_steps(self.steps).with_latency_ms(milliseconds(self.begun.elapsed()))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_begins_after_the_deadline() {
        let mut run = Run::new(0);
        let error = run.step("engine", |_| -> PluginResult<()> { panic!("taken") }).unwrap_err();
        assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::Timeout, Some("deadline")));
        let result = run.finish(Err(error));
        assert_eq!(result.steps.len(), 1);
        assert!(!result.steps[0].ok);
    }
}
