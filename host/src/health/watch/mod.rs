//! Looks at computes again and again, for days, and tells what changes.
//!
//! Each has a thread, a worker and, where its plugin can, a connection of its own, so that one that is slow delays no other.

mod event;
mod history;
mod pace;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::checker::Checker;
use super::{Manner, Target};
use crate::diagnostics::Diagnostic;
use crate::plugins::PluginHost;
use crate::telemetry;
use crate::telemetry::names::{COMPUTE, CORRELATION_ID};
use crate::telemetry::traces::Span;
pub use event::{Event, Status, What, now};
use history::History;
pub use pace::DETECTION;
use pace::Pace;

/// How often to see whether the watch is to end.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// How often to see whether a run is over that keeps a compute from being checked.
const WHILE_LEFT_ALONE: Duration = Duration::from_secs(1);

/// Events that wait to be told. Whoever does not read them holds up the checks, rather than the memory.
const WAITING: usize = 256;

/// What to watch.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// The computes, each in an environment.
    pub targets: &'a [Target<'a>],
    /// How they are checked.
    pub manner: Manner<'a>,
    /// Their plugins.
    pub host: &'a PluginHost,
    /// From the end of a check to the next one.
    pub interval: Duration,
    /// Whether a run goes on in an environment.
    pub is_run_going_on: &'a (dyn Fn(&str) -> bool + Sync),
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("targets", &self.targets).finish_non_exhaustive()
    }
}

impl Watch<'_> {
    /// Watches until `is_over`, or until nobody takes events any more: `tell` says so with `false`.
    pub fn run(&self, is_over: &dyn Fn() -> bool, tell: &mut dyn FnMut(Event) -> bool) {
        let stop = Stop::default();
        let (sender, events) = mpsc::sync_channel(WAITING);
        thread::scope(|scope| {
            for target in self.targets {
                let (sender, stop) = (sender.clone(), &stop);
                scope.spawn(move || self.one(*target, stop, &sender));
            }
            drop(sender);
            loop {
                let goes_on = match events.recv_timeout(BETWEEN_LOOKS) {
                    Ok(event) => tell(event),
                    Err(error) => error == RecvTimeoutError::Timeout,
                };
                if !goes_on || is_over() || stop.is_set() {
                    break;
                }
            }
            stop.set();
            // What was found before is told; a thread that waits to tell more finds nobody, and ends.
            for event in events.try_iter() {
                tell(event);
            }
            drop(events);
        });
    }

    fn one(&self, target: Target<'_>, stop: &Stop, events: &SyncSender<Event>) {
        let _end = EndOnPanic(stop);
        let mut checker = Checker::new(target, self.manner, self.host).keeping(Arc::clone(&stop.flag));
        let mut pace = Pace::new(self.interval, self.manner.deadline);
        let mut history = History::default();
        let mut is_embedded = None;
        while !stop.is_set() {
            let tell = |what: What, id: &str| events.send(event(target, what, id)).is_ok();
            let is_running = (self.is_run_going_on)(target.environment);
            if is_running && is_embedded.is_none() {
                is_embedded = checker.is_embedded();
            }
            if is_running && is_embedded == Some(true) {
                let told = history.leave_alone(true).is_none_or(|what| tell(what, &history.next_id()));
                if !told || stop.wait(WHILE_LEFT_ALONE) {
                    break;
                }
                continue;
            }
            let id = history.next_id();
            let mut told = history.leave_alone(false).is_none_or(|what| tell(what, &id));
            let found = {
                let compute = &target.compute.name;
                let span = Span::alone(format!("check {compute}"), &[(COMPUTE, compute), (CORRELATION_ID, &id)]);
                let found = checker.check(&id, &span);
                for diagnostic in &found.diagnostics {
                    telemetry::log(diagnostic, &id);
                }
                found
            };
            if stop.is_set() {
                break;
            }
            let failed = found.diagnostics.iter().any(Diagnostic::is_error);
            for what in history.take(found, &id, Instant::now()) {
                told &= tell(what, &id);
            }
            if !told || stop.wait(pace.after(failed)) {
                break;
            }
        }
        // Kept connections are closed with their worker.
        drop(checker.finish());
    }
}

fn event(target: Target<'_>, what: What, correlation_id: &str) -> Event {
    Event {
        time: now(),
        compute: target.compute.name.clone(),
        plugin: target.compute.plugin.clone(),
        environment: target.environment.to_owned(),
        correlation_id: correlation_id.to_owned(),
        what,
    }
}

/// A compute that nobody looks at any more is no news that anybody would hear: the whole watch ends, loudly.
struct EndOnPanic<'a>(&'a Stop);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.set();
        }
    }
}

/// The end of the watch, for threads that wait.
#[derive(Debug, Default)]
struct Stop {
    /// For workers, in the middle of a call.
    flag: Arc<AtomicBool>,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Stop {
    fn is_set(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    fn set(&self) {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.flag.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Waits, and says whether the watch ends.
    fn wait(&self, pause: Duration) -> bool {
        let held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(held, pause, |()| !self.is_set());
        drop(waited);
        self.is_set()
    }
}
