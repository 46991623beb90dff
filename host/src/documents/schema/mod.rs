//! JSON Schema (draft 2020-12) of manifest and spec, written by hand for editors: completion, descriptions, checks.
//!
//! The readers check more (names that clash, a default that is not approved) and say it better. A test keeps both in
//! step: what the readers accept the schema accepts, and what the schema refuses the readers refuse.

use serde_json::Value;

const MANIFEST: &str = include_str!("manifest.schema.json");
const SPEC: &str = include_str!("spec.schema.json");

/// The schema of a manifest. `$defs/settings` is what a plugin's own schema refines.
pub fn manifest_schema() -> Value {
    serde_json::from_str(MANIFEST).unwrap_or_default()
}

/// The schema of a spec.
pub fn spec_schema() -> Value {
    serde_json::from_str(SPEC).unwrap_or_default()
}
