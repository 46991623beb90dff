//! Values of `http_headers`. Their `Debug` shows nothing: a user may have put there what should have been a secret.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The value of an HTTP header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeaderText(String);

impl HeaderText {
    /// The value. Not for a message.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderText(…)")
    }
}

impl JsonSchema for HeaderText {
    fn schema_name() -> Cow<'static, str> {
        "HeaderText".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn a_header_is_never_printed() {
        let header: HeaderText = from_value(json!("hunter2")).unwrap();
        assert!(!format!("{header:?}").contains("hunter2"));
    }
}
