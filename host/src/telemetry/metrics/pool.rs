//! dbt's threads, and the nodes that run on them: dbt holds the connections, one a thread.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::metrics::Meter;

use super::Subject;

/// The pools of this process. An instrument looks here when it is read, which may be after a pool has ended.
static POOLS: Mutex<BTreeMap<Subject, Usage>> = Mutex::new(BTreeMap::new());

fn pools() -> MutexGuard<'static, BTreeMap<Subject, Usage>> {
    POOLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a pool was used since it was last read.
#[derive(Debug)]
struct Usage {
    threads: u32,
    busy: u32,
    /// Whether it ended: what is left of it is read once more by each instrument.
    ended: bool,
    /// Which instruments have read it since.
    read_by: (bool, bool),
    /// Until when the two below are counted.
    counted: Instant,
    open: Duration,
    used: Duration,
}

impl Usage {
    fn new(threads: u32, now: Instant) -> Self {
        Self {
            threads,
            busy: 0,
            ended: false,
            read_by: (false, false),
            counted: now,
            open: Duration::ZERO,
            used: Duration::ZERO,
        }
    }

    fn count(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.counted);
        self.counted = now;
        if !self.ended {
            self.open += passed;
            self.used += passed * self.busy.min(self.threads);
        }
    }

    /// The share of the threads that had a node, in the mean since the last reading; from 0 to 1.
    fn take_utilization(&mut self, now: Instant) -> f64 {
        self.count(now);
        let whole = self.open.as_secs_f64() * f64::from(self.threads);
        let used = self.used.as_secs_f64();
        (self.open, self.used) = (Duration::ZERO, Duration::ZERO);
        if whole > 0.0 { (used / whole).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The threads of one dbt; they are gone when it is dropped.
#[derive(Debug)]
pub struct Pool(Option<Subject>);

impl Pool {
    /// dbt begins with so many threads.
    pub fn open(subject: &Subject, threads: u32) -> Self {
        if !super::are_exported() {
            return Self(None);
        }
        let now = Instant::now();
        let mut pools = pools();
        match pools.get_mut(subject) {
            // A later step on the same compute, before the former was read: one mean of both.
            Some(usage) => {
                usage.count(now);
                (usage.threads, usage.busy, usage.ended, usage.read_by) = (threads, 0, false, (false, false));
            }
            None => drop(pools.insert(subject.clone(), Usage::new(threads, now))),
        }
        Self(Some(subject.clone()))
    }

    /// A node begins.
    pub fn node_started(&self) {
        self.change(|usage| usage.busy += 1);
    }

    /// A node has ended, or will not begin.
    pub fn node_ended(&self) {
        self.change(|usage| usage.busy = usage.busy.saturating_sub(1));
    }

    fn change(&self, change: impl FnOnce(&mut Usage)) {
        let Some(subject) = &self.0 else { return };
        if let Some(usage) = pools().get_mut(subject) {
            usage.count(Instant::now());
            change(usage);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.change(|usage| {
            usage.busy = 0;
            usage.ended = true;
        });
    }
}

/// Makes the instruments.
pub(super) fn install(meter: &Meter) {
    meter
        .u64_observable_gauge("floe.compute.pool.size")
        .with_unit("{thread}")
        .with_description("dbt's threads during a run: as many connections it may hold")
        .with_callback(|observer| {
            pools().retain(|subject, usage| {
                observer.observe(u64::from(usage.threads), &subject.attributes());
                usage.read_by.0 = usage.ended;
                usage.read_by != (true, true)
            });
        })
        .build();
    meter
        .f64_observable_gauge("floe.compute.pool.utilization")
        .with_unit("1")
        .with_description("Share of dbt's threads that had a node, in the mean since the last export")
        .with_callback(|observer| {
            let now = Instant::now();
            pools().retain(|subject, usage| {
                observer.observe(usage.take_utilization(now), &subject.attributes());
                usage.read_by.1 = usage.ended;
                usage.read_by != (true, true)
            });
        })
        .build();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utilization_is_the_mean_over_the_time_that_the_pool_was_open() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut usage = Usage::new(4, begun);
        usage.count(at(2));
        usage.busy = 4;
        usage.count(at(4));
        usage.busy = 2;
        usage.count(at(6));
        usage.ended = true;
        // After its end no time counts.
        assert!((usage.take_utilization(at(60)) - 0.5).abs() < 1e-9);
        assert!(usage.take_utilization(at(61)).abs() < f64::EPSILON);
    }

    #[test]
    fn more_nodes_than_threads_are_no_more_than_all() {
        let begun = Instant::now();
        let mut usage = Usage::new(1, begun);
        usage.busy = 3;
        assert!((usage.take_utilization(begun + Duration::from_secs(1)) - 1.0).abs() < 1e-9);
    }
}
