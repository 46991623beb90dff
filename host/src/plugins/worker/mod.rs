//! The process that loads one plugin: this very program, executed again with a hidden first argument.
//!
//! It survives nothing and need not: whatever a plugin does here costs this process alone. `client` is its other side.

pub(super) mod children;
mod loader;
mod process;
pub(super) mod protocol;

/// The hidden first argument.
pub(super) const ARGUMENT: &str = "__floe-worker";

/// The status of a worker that lost its connection.
pub(super) const LOST: i32 = 87;

/// The variable by which processes that a plugin started are found again after its worker died.
pub(super) const MARKER_VARIABLE: &str = "FLOE_WORKER";

/// Becomes a worker, and never returns, if this process was started as one.
///
/// The first statement of `main` in `floe`, and in every program that uses this library with
/// [`Launcher::this_program`](super::Launcher::this_program): before arguments are parsed and before any thread runs.
pub fn dispatch() {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT) {
        process::run();
    }
}
