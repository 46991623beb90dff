//! Values of maps that take names of the user's own.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Text, a number, true or false. Its `Debug` shows nothing: an open map may hold what should have been a secret.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Scalar(Value);

impl Scalar {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// The value as adapters send it: Python's `str(value)`.
    pub fn to_text(&self) -> Cow<'_, str> {
        match &self.0 {
            Value::String(text) => Cow::Borrowed(text),
            Value::Bool(true) => Cow::Borrowed("True"),
            Value::Bool(false) => Cow::Borrowed("False"),
            other => Cow::Owned(other.to_string()),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self(Value::from(text))
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar(…)")
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            value @ (Value::String(_) | Value::Number(_) | Value::Bool(_)) => Ok(Self(value)),
            _ => Err(D::Error::custom("neither text, a number, true nor false")),
        }
    }
}

impl JsonSchema for Scalar {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn a_value_is_sent_as_python_writes_it_and_never_printed() {
        let text = |value| from_value::<Scalar>(value).unwrap().to_text().into_owned();
        assert_eq!([text(json!(true)), text(json!(4)), text(json!("4GB"))], ["True", "4", "4GB"]);
        let scalar: Scalar = from_value(json!("hunter2")).unwrap();
        assert!(!format!("{scalar:?}").contains("hunter2"));
        assert!(from_value::<Scalar>(json!([1])).is_err());
    }
}
