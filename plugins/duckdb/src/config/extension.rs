//! Extensions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An extension of DuckDB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Extension {
    /// Name of an extension of DuckDB's core repository: `httpfs`.
    Named(String),
    /// An extension of another repository.
    From(ExtensionFrom),
}

/// An extension and the repository that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionFrom {
    /// Name of the extension.
    pub name: String,
    /// Repository: `community`, `core_nightly`, or a quoted address or folder.
    pub repo: String,
}

impl Extension {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::From(from) => &from.name,
        }
    }

    /// Its repository, where it is not the core one.
    pub fn repo(&self) -> Option<&str> {
        match self {
            Self::Named(_) => None,
            Self::From(from) => Some(&from.repo),
        }
    }
}
