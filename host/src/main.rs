//! The `floe` binary.

fn main() {
    // Before anything else: this process may be a worker.
    floe::plugins::worker::dispatch();
}
