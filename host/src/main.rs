//! The `floe` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: this process may be a worker.
    floe::plugins::worker::dispatch();
    floe::cli::main()
}
