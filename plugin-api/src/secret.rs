//! A string that cannot be printed.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The JSON Schema keyword that marks a key as secret; its value is `true`.
///
/// The host accepts only a reference for such a key, never a literal.
pub const SECRET_KEYWORD: &str = "x-floe-secret";

/// A password, token or key: it has no `Display`, its `Debug` shows nothing of it, and it is wiped when dropped.
///
/// In a profile request it holds dbt's `{{ env_var('…') }}` expression in place of the value, to be copied into the
/// profile as it is; in a check request it holds the value.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value, for the driver that logs in with it or the profile that refers to it. Never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is empty: a variable that is set to nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}

/// Writes the value: a secret crosses the boundary inside a document, over a pipe, and nowhere else.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "writeOnly": true, "x-floe-secret": true})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "Secret(***) Some(\n    Secret(***),\n)");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn its_schema_carries_the_keyword() {
        let schema = SchemaGenerator::default().into_root_schema_for::<Secret>();
        assert_eq!(schema.get(SECRET_KEYWORD), Some(&serde_json::Value::Bool(true)));
    }
}
