//! floe: governed, per-transform compute engines for dbt. The library under the `floe` binary.
//!
//! One folder for each thing that the host does; arrows point downwards only: `cli`, then `run`, `health`, `conformance`, `init`
//! and `scaffold`, then `compile`, then `documents` and `plugins`, then `diagnostics`, `telemetry`
//! and `interrupt`.

pub mod cli;
pub mod compile;
pub mod conformance;
pub mod diagnostics;
pub mod documents;
pub mod health;
pub mod init;
pub mod interrupt;
pub mod plugins;
pub mod run;
pub mod scaffold;
pub mod telemetry;
