//! When a compute is looked at next.

use std::time::Duration;

use uuid::Uuid;

/// Within this time a compute that goes down must have been reported (SC-007).
pub const DETECTION: Duration = Duration::from_secs(30);

/// What is kept of it for telling.
const TELLING: Duration = Duration::from_secs(1);

/// The pauses between the checks of one compute.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    longest: Duration,
    failures: u32,
}

impl Pace {
    /// Checks every `interval`. After failures they become rarer, but not so rare that a check that takes the whole `deadline`
    /// would end later than 30 s after the one before.
    pub(super) fn new(interval: Duration, deadline: Duration) -> Self {
        let longest = DETECTION.saturating_sub(deadline + TELLING).max(interval);
        Self { interval, longest, failures: 0 }
    }

    /// How long to wait after a check. Up to a tenth less than is due, by chance, so that many watches of one engine do not
    /// ask it in step.
    pub(super) fn after(&mut self, failed: bool) -> Duration {
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        let doublings = self.failures.saturating_sub(1).min(16);
        let due = self.interval.saturating_mul(1 << doublings).min(self.longest);
        due.mul_f64(1.0 - 0.1 * chance())
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let (high, _) = Uuid::new_v4().as_u64_pair();
    // The first 32 bits of a version 4 UUID are random.
    f64::from(u32::try_from(high >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn within(pause: Duration, due: Duration) -> bool {
        pause <= due && pause >= due.mul_f64(0.899)
    }

    #[test]
    fn pauses_grow_with_failures_and_stay_below_thirty_seconds_with_the_deadline() {
        let mut pace = Pace::new(TEN, TEN);
        assert!(within(pace.after(false), TEN));
        assert!(within(pace.after(true), TEN), "a first failure is looked at again as soon as ever");
        for _ in 0..100 {
            let pause = pace.after(true);
            assert!(pause > TEN && pause + TEN < DETECTION, "{pause:?}");
        }
        assert!(within(pace.after(false), TEN), "one success ends it");
    }

    #[test]
    fn short_intervals_double() {
        let mut pace = Pace::new(Duration::from_secs(1), Duration::from_secs(2));
        let due = [1, 2, 4, 8, 16, 27, 27].map(Duration::from_secs);
        for due in due {
            let pause = pace.after(true);
            assert!(within(pause, due), "{pause:?} for {due:?}");
        }
    }

    #[test]
    fn a_long_interval_is_what_the_user_wants() {
        let mut pace = Pace::new(Duration::from_mins(5), TEN);
        assert!(within(pace.after(true), Duration::from_mins(5)));
        assert!(within(pace.after(true), Duration::from_mins(5)));
    }
}
