//! rustc names every method that a plugin must have.

use floe_plugin_api::{ComputePlugin, export_plugin};

struct Nimbus;

impl ComputePlugin for Nimbus {}

export_plugin! { plugin: Nimbus = Nimbus, name: "nimbus", version: "1.0.0" }

fn main() {}
