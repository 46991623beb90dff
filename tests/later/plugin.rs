//! A plugin of API 1.1, which answers with what 1.1 added.

use floe_plugin_api::{
    CheckRequest, ConnectionResult, DbtPackages, ErrorKind, PluginError, PluginResult, export_plugin,
};
use misbehaving::{Fixture, Plugin};

struct Later;

impl Fixture for Later {
    fn check(&self, _: &CheckRequest) -> PluginResult<ConnectionResult> {
        Ok(ConnectionResult::asleep("it sleeps", 30))
    }

    fn packages(&self) -> PluginResult<DbtPackages> {
        Err(PluginError::new(ErrorKind::Quota, "no packages left today"))
    }
}

export_plugin! { plugin: Plugin<Later> = Plugin(Later), name: "later", version: "1.0.0" }
