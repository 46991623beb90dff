//! The frozen ABI: what crosses the boundary as typed data.
//!
//! Only name, version and API version cross as `StableAbi` types; every request and response is a JSON document in a
//! string. It grows by trailing prefix fields of [`PluginModule`] and by trailing methods of [`RawPlugin`] with a default
//! body, never otherwise: a field added to [`RawError`] would break plugins in both directions.
//!
//! A crate of its own, because `abi_stable` compares the name and the version of the crate that defines a type: with the
//! types in `floe-plugin-api`, every plugin that was ever shipped would be refused as soon as that crate went from 0.1 to
//! 0.2. No plugin names this crate; `docs/abi-stability.md` says what may change here.

// abi_stable's macros write `unsafe` and impls inside functions.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::pedantic, clippy::expect_used)]

mod raw;

pub use raw::{PluginModule, PluginModuleRef, RawError, RawPlugin, RawPlugin_TO, RawPluginBox, RawReply};

/// Version (semver) of the boundary: `floe_api_version`.
pub const FLOE_API_VERSION: &str = env!("CARGO_PKG_VERSION");
