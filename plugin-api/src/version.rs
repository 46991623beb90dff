//! The version of the plugin boundary, apart from any crate's version.

/// Version (semver) of the boundary that this crate implements.
///
/// A host loads plugins of the same major whose minor is not newer than its own.
pub const FLOE_API_VERSION: &str = floe_plugin_abi::FLOE_API_VERSION;

/// Version of this crate, as it stands in the static record of plugins built with it.
pub const PLUGIN_API_CRATE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What `rustc --version` said when this crate was built; empty where it could not be asked.
pub const RUSTC_VERSION: &str = env!("FLOE_RUSTC");

/// Target triple that this crate was built for.
pub const TARGET: &str = env!("FLOE_TARGET");
