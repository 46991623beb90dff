//! What the end-to-end tests share.
//!
//! They run the binary that a user would run, on plugins that are really built, with stock dbt. Nothing is skipped: what
//! a test needs it makes (a Python environment, the fixture plugins), and what it cannot have it says in its output.
//!
//! | variable | meaning |
//! |---|---|
//! | `FLOE_DIST` | a folder with `bin/floe` and `plugins/`; without it `scripts/build` makes the checkout's `dist/` |
//! | `FLOE_TEST_DBT` | path of a `dbt` with dbt-duckdb; without it one is made in the cache (`FLOE_CACHE`) |

pub mod background;
pub mod command;
pub mod dbt;
pub mod dist;
pub mod engines;
pub mod environments;
pub mod fixtures;
pub mod forge;
pub mod keep;
pub mod later;
pub mod outcomes;
mod patience;
pub mod probes;
pub mod project;
pub mod python;
pub mod redact;
pub mod results;
pub mod scripts;
pub mod servers;
pub mod tree;
pub mod walk;
pub mod wheels;
pub mod workspace;

pub use command::Run;
pub use patience::PATIENCE;
pub use project::Project;

/// Shows a text in the output of a test that passes, too: the harness keeps what the print macros write to itself.
pub fn show(text: &str) {
    use std::io::Write as _;
    // Where nobody reads, nothing is lost.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says a line on standard output, for a program that waits for it.
pub fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    // Where nobody reads, nothing is lost.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
