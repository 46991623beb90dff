//! What a manifest may write below `config:`.

use floe_plugin_api::Secret;
use floe_plugin_api::schemars::JsonSchema;
use floe_plugin_api::serde::Deserialize;

/// The port where a manifest names none.
const DEFAULT_PORT: u16 = 5432;

// TODO 1: make these the settings of your engine, and set its default port.
// Call them as its dbt adapter does. `Option<…>` is a key that may be left out, `Secret` one whose
// value floe keeps out of every file; floe checks each manifest against these types. `threads`,
// `timeout_seconds` and `connect_timeout_seconds` are floe's and do not belong here.
/// Settings of @ENGINE@. The doc comments reach the user's editor.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "floe_plugin_api::serde", deny_unknown_fields)]
#[schemars(crate = "floe_plugin_api::schemars")]
pub(crate) struct Settings {
    /// Host name or address of the server.
    pub(crate) host: String,
    /// Port of the server.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1))]
    pub(crate) port: u16,
    /// User that dbt logs in as.
    pub(crate) user: String,
    /// Password of that user.
    pub(crate) password: Secret,
    /// Database that dbt connects to.
    pub(crate) database: String,
    /// Schema that dbt builds into.
    pub(crate) schema: String,
}

fn default_port() -> u16 {
    DEFAULT_PORT
}
