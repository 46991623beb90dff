//! floe: governed, per-transform compute engines for dbt. The library under the `floe` binary.
//!
//! One folder for each thing that the host does; arrows point downwards only: `cli`, then `health`, then `compile`,
//! `documents`, `plugins`, then `diagnostics` and `telemetry`.

pub mod diagnostics;
pub mod plugins;
