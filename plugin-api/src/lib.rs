//! Everything that the author of a floe compute plugin needs.
//!
//! A plugin is a shared library (`crate-type = ["cdylib"]`) that implements [`ComputePlugin`] for one engine and exports
//! it with [`export_plugin!`]. It depends on this crate alone; any rustc may build it, and a binary built against API
//! 1.0 loads in every host of API 1.x.
//!
//! A complete plugin:
//!
//! ```
//! use floe_plugin_api::serde::Deserialize;
//! use floe_plugin_api::schemars::JsonSchema;
//! use floe_plugin_api::serde_json::json;
//! use floe_plugin_api::*;
//! use std::net::{TcpStream, ToSocketAddrs};
//! use std::time::{Duration, Instant};
//!
//! /// What a manifest may write below `config:`; the doc comments reach the user's editor.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "floe_plugin_api::serde", deny_unknown_fields)]
//! #[schemars(crate = "floe_plugin_api::schemars")]
//! struct Settings {
//!     /// Host name of the Nimbus server.
//!     host: String,
//!     /// Port of the Nimbus server.
//!     #[serde(default = "default_port")]
//!     port: u16,
//!     /// User that dbt logs in as.
//!     user: String,
//!     /// Password of that user.
//!     password: Secret,
//!     /// Schema that dbt builds into.
//!     schema: String,
//! }
//!
//! fn default_port() -> u16 {
//!     7433
//! }
//!
//! struct Nimbus;
//!
//! impl ComputePlugin for Nimbus {
//!     fn metadata(&self, _: &MetadataRequest) -> PluginResult<PluginMetadata> {
//!         Ok(PluginMetadata::new("Nimbus", "nimbus")
//!             .with_description("Nimbus, a warehouse in the clouds")
//!             .with_self_hosted(false))
//!     }
//!
//!     fn config_schema(&self, _: &ConfigSchemaRequest) -> PluginResult<ConfigSchema> {
//!         Ok(ConfigSchema::of::<Settings>())
//!     }
//!
//!     fn generate_dbt_profile(&self, request: &ProfileRequest) -> PluginResult<ProfileResponse> {
//!         let settings: Settings = request.config.connection_as()?;
//!         let output = json!({
//!             "type": "nimbus",
//!             "threads": request.config.threads,
//!             "host": settings.host,
//!             "port": settings.port,
//!             "user": settings.user,
//!             // An `env_var` expression: profiles never hold a secret's value.
//!             "password": settings.password.expose(),
//!             "schema": settings.schema,
//!         });
//!         let output = output.as_object().cloned().unwrap_or_default();
//!         // This adapter cannot time a query out: whoever runs plain dbt must know.
//!         let warn = |seconds: u32| {
//!             Warning::new(TIMEOUT_NOT_ENFORCED, format!("dbt-nimbus does not hold `timeout_seconds: {seconds}`"))
//!                 .with_help("run dbt by `floe run` or `floe dbt`, which do")
//!         };
//!         Ok(ProfileResponse::new(output)
//!             .with_timeout(TimeoutEnforcement::None)
//!             .with_storage(Storage::Service)
//!             .with_warnings(request.config.timeout_seconds.map(warn).into_iter().collect::<Vec<_>>()))
//!     }
//!
//!     fn get_required_dbt_packages(&self, _: &DbtPackagesRequest) -> PluginResult<DbtPackages> {
//!         Ok(DbtPackages::new(vec![
//!             PackageRequirement::between("dbt-core", "1.11", "1.12")?,
//!             PackageRequirement::between("dbt-nimbus", "1.2", "2")?,
//!         ]))
//!     }
//!
//!     fn validate_connection(&self, request: &CheckRequest) -> PluginResult<ConnectionResult> {
//!         let settings: Settings = request.config.connection_as()?;
//!         let begun = Instant::now();
//!         let deadline = Duration::from_millis(request.deadline_ms.saturating_sub(100));
//!         let found = (settings.host.as_str(), settings.port)
//!             .to_socket_addrs()
//!             .map_err(|error| error.to_string())
//!             .and_then(|mut found| found.next().ok_or_else(|| "no address".to_owned()))
//!             .and_then(|address| TcpStream::connect_timeout(&address, deadline).map_err(|e| e.to_string()));
//!         let result = match found {
//!             Ok(_) => ConnectionResult::healthy(format!("{} answers", settings.host)),
//!             Err(why) => ConnectionResult::unhealthy(
//!                 PluginError::new(ErrorKind::Connection, format!("{} does not answer: {why}", settings.host))
//!                     .with_help("check `host` and `port` of the compute, and that the server runs"),
//!             ),
//!         };
//!         Ok(result.with_latency_ms(begun.elapsed().as_secs_f64() * 1e3))
//!     }
//!
//!     fn get_resource_requirements(&self, _: &ResourcesRequest) -> PluginResult<ResourceSpec> {
//!         // The warehouse does the work; the pod only runs dbt.
//!         let quantity = |text: &str| {
//!             text.parse::<Quantity>()
//!                 .map_err(|error| PluginError::new(ErrorKind::PluginExecution, error.to_string()))
//!         };
//!         Ok(ResourceSpec::new()
//!             .with_cpu_request(quantity("250m")?)
//!             .with_memory_request(quantity("512Mi")?)
//!             .with_memory_limit(quantity("1Gi")?))
//!     }
//! }
//!
//! export_plugin! {
//!     plugin: Nimbus = Nimbus,
//!     name: "nimbus",
//!     version: env!("CARGO_PKG_VERSION"),
//! }
//! ```
//!
//! # What may change
//!
//! Documents grow by optional fields; types are `#[non_exhaustive]`, are made with constructors and `with_*` methods,
//! and nothing here denies unknown fields, so that old and new read each other. Enums have an `Unknown` for words of a
//! later version.

#[doc(hidden)]
pub mod abi;
mod builder;
mod catalog;
mod check;
pub mod compliance;
mod config;
mod error;
mod export;
mod metadata;
mod method;
mod packages;
mod plugin;
mod profile;
mod quantity;
pub mod record;
mod resources;
mod secret;
mod version;
mod warning;

pub use catalog::{
    AccessDelegation, CatalogAttachment, CatalogAttachmentRequest, CatalogAuth, CatalogConfig, StorageCredential,
    VendedCredentials,
};
pub use check::{CheckRequest, CheckStep, ConnectionDetails, ConnectionResult, ConnectionStatus, InUseBy};
pub use config::{ComputeConfig, ConfigSchema, ConfigSchemaRequest, Connection, TIMEOUT_VARIABLE};
pub use error::{ErrorKind, PluginError, PluginResult};
pub use metadata::{Addressing, MetadataRequest, PluginMetadata};
pub use method::{Method, Request};
pub use packages::{DbtPackages, DbtPackagesRequest, PackageRequirement};
pub use plugin::ComputePlugin;
pub use profile::{HelperFile, ProfileRequest, ProfileResponse, Storage, TimeoutEnforcement};
pub use quantity::{Quantity, QuantityError};
pub use resources::{Gpu, ResourceSpec, ResourcesRequest, WorkloadSize};
pub use secret::{SECRET_KEYWORD, Secret};
pub use version::{FLOE_API_VERSION, PLUGIN_API_CRATE_VERSION, RUSTC_VERSION, TARGET};
pub use warning::{TIMEOUT_NOT_ENFORCED, Warning};

// Re-exported so that a plugin crate can depend on this crate alone.
pub use {schemars, serde, serde_json};

/// What `export_plugin!` expands to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::abi::{
        Exported, LibHeader, NewPlugin, PluginModuleRef, RootModuleResult, erased_root, lib_header, module,
    };
    pub use crate::record::{Identity, RecordBytes, json_len};
}
