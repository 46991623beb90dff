//! One run of a check: its clock, its steps, and what it has found so far.

use std::time::{Duration, Instant};

use floe_plugin_api::{
    CheckRequest, CheckStep, ConnectionDetails, ConnectionResult, ConnectionStatus, ErrorKind, PluginError,
    PluginResult, Warning,
};

/// What the answer itself may take, of the time that the host gives.
const RESERVE: Duration = Duration::from_millis(50);

/// The longest that a check takes, whatever the host and the configuration allow (requirement 014).
const LONGEST: Duration = Duration::from_secs(10);

/// One run of a check.
pub struct Run {
    begun: Instant,
    budget: Duration,
    /// An earlier end of what is done now.
    limit: Option<Instant>,
    steps: Vec<CheckStep>,
    warnings: Vec<Warning>,
    degraded: bool,
    /// What stands before the names of steps: `token.`.
    prefix: String,
    /// What was learned.
    pub details: ConnectionDetails,
    /// A kept connection was broken, and there is a new one.
    pub(super) reconnected: bool,
    /// A connection is held for the next check.
    pub(super) connection_kept: bool,
}

/// What a run has told so far, but its steps.
#[cfg(feature = "net")]
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    warnings: Vec<Warning>,
    degraded: bool,
    details: ConnectionDetails,
}

#[cfg(feature = "net")]
impl Told {
    /// What was told after something else: its warnings are left out.
    pub(super) fn since(mut self, before: &Self) -> Self {
        self.warnings.drain(..before.warnings.len().min(self.warnings.len()));
        self.degraded &= !before.degraded;
        self
    }
}

impl Run {
    /// Begins now. It may take what the host gives, at most `connect_timeout_seconds` of the compute, at most 10 s.
    pub fn new(request: &CheckRequest) -> Self {
        let given = Duration::from_millis(request.deadline_ms);
        let own = request.config.connect_timeout_seconds.map_or(LONGEST, |s| Duration::from_secs(u64::from(s)));
        Self {
            begun: Instant::now(),
            budget: given.saturating_sub(RESERVE.min(given / 10)).min(own).min(LONGEST),
            limit: None,
            steps: Vec::new(),
            warnings: Vec::new(),
            degraded: false,
            prefix: String::new(),
            details: ConnectionDetails::new(),
            reconnected: false,
            connection_kept: false,
        }
    }

    /// When it must be over, or what is done now where that has less time.
    pub fn deadline(&self) -> Instant {
        let end = self.begun + self.budget;
        self.limit.map_or(end, |limit| limit.min(end))
    }

    /// What is left of its time.
    pub fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    /// Takes one step, if there is time for it; what the step calls must look at [`Run::deadline`] itself.
    ///
    /// # Errors
    /// What the step says, or [`ErrorKind::Timeout`] where there is no time left.
    pub fn step<T>(&mut self, name: &str, take: impl FnOnce(&mut Self) -> PluginResult<T>) -> PluginResult<T> {
        let begun = Instant::now();
        let place = self.steps.len();
        let taken = if self.left().is_zero() { Err(self.late(name)) } else { take(self) };
        let step = CheckStep::new(format!("{}{name}", self.prefix), milliseconds(begun.elapsed()), taken.is_ok());
        self.steps.insert(place.min(self.steps.len()), step);
        taken
    }

    /// Records a step that was taken elsewhere: inside a driver.
    pub fn record(&mut self, name: &str, took: Duration, ok: bool) {
        self.steps.push(CheckStep::new(format!("{}{name}", self.prefix), milliseconds(took), ok));
    }

    /// Takes steps at another server than the engine's own: `token` makes their names `token.resolve`, `token.connect`.
    pub fn within<T>(&mut self, place: &str, take: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        self.prefix.push_str(place);
        self.prefix.push('.');
        let taken = take(self);
        self.prefix.truncate(outer);
        taken
    }

    fn late(&self, step: &str) -> PluginError {
        let after = self.steps.last().map_or_else(String::new, |last| format!(" after `{}`", last.name));
        PluginError::new(ErrorKind::Timeout, format!("the check ran out of time{after}, before `{step}`"))
            .with_reason("deadline")
            .with_help("give the check more time; the time of each step shows what was slow")
    }

    /// Notes what does not keep dbt from working.
    pub fn note(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Notes what may keep dbt from working, or was not checked.
    pub fn degrade(&mut self, warning: Warning) {
        self.degraded = true;
        self.warnings.push(warning);
    }

    /// The result, with the message where nothing failed.
    pub fn finish(self, found: PluginResult<String>) -> ConnectionResult {
        let mut result = match found {
            Err(error) => ConnectionResult::unhealthy(error),
            Ok(message) => {
                let mut result = ConnectionResult::healthy(message);
                if self.degraded {
                    result.status = ConnectionStatus::Degraded;
                }
                result
            }
        };
        result.warnings = self.warnings;
        result.reconnected = self.reconnected;
        result.connection_kept = self.connection_kept;
        result.with_details(self.details).with_steps(self.steps).with_latency_ms(milliseconds(self.begun.elapsed()))
    }
}

/// What a kept connection needs.
#[cfg(feature = "net")]
impl Run {
    /// The step that failed, where the last one did.
    pub(super) fn failed_step(&self) -> Option<&str> {
        self.steps.last().filter(|step| !step.ok).map(|step| step.name.as_str())
    }

    /// What it has told so far.
    pub(super) fn told(&self) -> Told {
        Told { warnings: self.warnings.clone(), degraded: self.degraded, details: self.details.clone() }
    }

    /// Tells what another run has told.
    pub(super) fn tell(&mut self, told: &Told) {
        self.warnings.extend(told.warnings.iter().cloned());
        self.degraded |= told.degraded;
        self.details = told.details.clone();
    }

    /// Tries a kept connection, in a part of the time that is left. Where it turns out to be broken (`None`), all that was
    /// told meanwhile is forgotten, and one step `kept` says how long it took.
    pub(super) fn try_kept<T>(&mut self, share: u32, attempt: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let (begun, steps, told) = (Instant::now(), self.steps.len(), self.told());
        self.limit = Some(begun + self.left() / share);
        let tried = attempt(self);
        self.limit = None;
        if tried.is_none() {
            self.steps.truncate(steps);
            (self.warnings, self.degraded, self.details) = (told.warnings, told.degraded, told.details);
            self.record("kept", begun.elapsed(), false);
        }
        tried
    }
}

/// The warning about what was left out: give it to [`Run::degrade`].
pub fn unchecked(message: impl Into<String>, help: impl Into<String>) -> Warning {
    Warning::new("unchecked", message).with_help(help)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_plugin_api::ComputeConfig;

    fn run(deadline_ms: u64, connect_timeout: Option<u32>) -> Run {
        let mut config = ComputeConfig::new("wh", "nimbus");
        config.connect_timeout_seconds = connect_timeout;
        Run::new(&CheckRequest::new(config, "dev", "/", deadline_ms, "id"))
    }

    #[test]
    fn no_step_begins_after_the_deadline() {
        let mut run = run(0, None);
        let error = run.step("login", |_| -> PluginResult<()> { panic!("taken") }).unwrap_err();
        assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::Timeout, Some("deadline")));
        let result = run.finish(Err(error));
        assert_eq!(result.steps.len(), 1);
        assert!(!result.steps[0].ok);
    }

    #[test]
    fn the_shortest_limit_counts() {
        assert_eq!(run(60_000, None).budget, LONGEST);
        assert_eq!(run(60_000, Some(3)).budget, Duration::from_secs(3));
        assert_eq!(run(2_000, Some(3)).budget, Duration::from_millis(1_950));
    }

    #[test]
    fn a_step_within_a_step_stands_behind_it() {
        let mut run = run(5_000, None);
        run.step("login", |run| run.step("tls", |_| Ok(()))).unwrap();
        let result = run.finish(Ok("fine".to_owned()));
        assert_eq!(result.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), ["login", "tls"]);
    }

    #[test]
    fn a_step_at_another_server_says_so() {
        let mut run = run(5_000, None);
        run.within("token", |run| run.step("resolve", |_| Ok(()))).unwrap();
        run.step("resolve", |_| Ok(())).unwrap();
        let result = run.finish(Ok("fine".to_owned()));
        assert_eq!(
            result.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(),
            ["token.resolve", "resolve"]
        );
    }
}
