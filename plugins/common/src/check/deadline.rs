//! When a connection's reads and writes end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When a connection's reads and writes end. Whoever has a clone can move it: a connection that is kept gets the time of
/// each check that uses it.
#[derive(Debug, Clone)]
pub struct Deadline(Arc<Mutex<Instant>>);

impl Deadline {
    /// The time at which they end.
    pub fn at(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it, for everything that shares it.
    pub fn set(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// What is left until then.
    pub fn left(&self) -> Duration {
        self.at().saturating_duration_since(Instant::now())
    }
}

impl From<Instant> for Deadline {
    fn from(at: Instant) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }
}
