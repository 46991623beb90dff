//! A plugin of API 1.1.

use floe_plugin_api::export_plugin;
use misbehaving::{Fixture, Plugin};

struct Later;

impl Fixture for Later {}

export_plugin! { plugin: Plugin<Later> = Plugin(Later), name: "later", version: "1.0.0" }
