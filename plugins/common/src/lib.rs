//! What floe's own engine plugins share: settings that may be dbt expressions, the shape of schemas and profiles, the
//! pod of a dbt client, and (with the feature `net`) the steps by which a check reaches a remote engine.
//!
//! It is no framework: a plugin calls what it needs. Vendors need nothing of it.

pub mod check;
mod choice;
mod client_pod;
mod errors;
mod literals;
mod methods;
mod profile;
mod scalar;
mod schema;
mod values;

pub use choice::Choice;
pub use client_pod::{Pod, client_pod};
pub use errors::wrong;
pub use literals::refuse_literals;
pub use methods::{OwnKey, missing_key, refuse_foreign_keys, require_keys};
pub use profile::profile_output;
pub use scalar::Scalar;
pub use schema::config_schema;
pub use values::{Flag, Whole, is_expression};
