//! Whether the user, or the system, wants a long command to end.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Signals are the process's, and so is their number.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Counts signals from now on; they do not end the process any more.
///
/// # Errors
/// Where the system refuses.
pub fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
    })?;
    Ok(())
}

/// How many came.
pub fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}
