//! How long a test waits for what must come.

use std::time::Duration;

/// Only what hangs reaches this end: two dbts that share the two cores of a slow machine with a Spark have taken longer
/// than two minutes. No test waits it out.
pub const PATIENCE: Duration = Duration::from_mins(10);
