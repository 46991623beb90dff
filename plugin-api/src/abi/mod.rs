//! The frozen ABI: what crosses the boundary as typed data.
//!
//! Only name, version and API version cross as `StableAbi` types; every request and response is a JSON document in a
//! string. It grows by trailing prefix fields of [`PluginModule`] and by trailing methods of `RawPlugin` with a default body, never
//! otherwise: a field added to `RawError` would break plugins in both directions.

// abi_stable's macros write `unsafe` and impls inside functions; the ABI is one of the two places where that is allowed.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::pedantic, clippy::expect_used)]

mod export;
mod host;
mod raw;

pub use export::{Exported, erased_root, lib_header, module};
pub use host::{LoadError, LoadedPlugin, ROOT_SYMBOL, load};
pub use raw::{PluginModule, PluginModuleRef};

/// What a plugin's constructor returns across the boundary.
pub type NewPlugin = abi_stable::std_types::RResult<raw::RawPluginBox, raw::RawError>;

#[doc(hidden)]
pub use abi_stable::library::{LibHeader, RootModuleResult};
