//! The two sides of the ABI: a plugin behind it, and a library that becomes a plugin.
//!
//! The types that cross are those of `floe-plugin-abi`, which hardly ever change; everything here may.

// The ABI is one of the two places where `unsafe` is allowed.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::pedantic, clippy::expect_used)]

mod error;
mod export;
mod host;

pub use export::{Exported, erased_root, lib_header, module};
pub use floe_plugin_abi::{PluginModule, PluginModuleRef};
pub use host::{LoadError, LoadedPlugin, ROOT_SYMBOL, load};

/// What a plugin's constructor returns across the boundary.
pub type NewPlugin = abi_stable::std_types::RResult<floe_plugin_abi::RawPluginBox, floe_plugin_abi::RawError>;

#[doc(hidden)]
pub use abi_stable::library::{LibHeader, RootModuleResult};
