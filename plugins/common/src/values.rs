//! Settings that are a number or a flag, or the dbt expression that comes to one.
//!
//! A profile is rendered by dbt, so `port: "{{ env_var('PORT') | int }}"` is as good as a number there, and the host
//! accepts it where the schema wants one. In a check request the host has resolved it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Whether a text is a dbt expression, which only dbt can read.
pub fn is_expression(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// A whole number that is not negative, or a dbt expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Whole {
    /// The number.
    Number(u64),
    /// The expression, or what it came to.
    Text(String),
}

impl Whole {
    /// The number, where it is known.
    pub fn value(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

impl From<u64> for Whole {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl JsonSchema for Whole {
    fn schema_name() -> Cow<'static, str> {
        "Whole".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 0})
    }
}

/// True or false, or a dbt expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Flag {
    /// The value.
    Known(bool),
    /// The expression, or what it came to.
    Text(String),
}

impl Flag {
    /// The value, where it is known.
    pub fn value(&self) -> Option<bool> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            Self::Text(_) => None,
        }
    }
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        Self::Known(value)
    }
}

impl JsonSchema for Flag {
    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "boolean"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn an_expression_is_kept_as_it_is() {
        let port: Whole = from_value(json!("{{ env_var('PORT') | int }}")).unwrap();
        assert_eq!(port.value(), None);
        assert_eq!(to_value(&port).unwrap(), json!("{{ env_var('PORT') | int }}"));
        let flag: Flag = from_value(json!("{{ env_var('F') | as_bool }}")).unwrap();
        assert_eq!((flag.value(), to_value(&flag).unwrap()), (None, json!("{{ env_var('F') | as_bool }}")));
    }

    #[test]
    fn what_an_expression_came_to_counts() {
        let value = |value| from_value::<Whole>(value).unwrap().value();
        assert_eq!((value(json!(5439)), value(json!("5439")), value(json!("many"))), (Some(5439), Some(5439), None));
        let value = |value| from_value::<Flag>(value).unwrap().value();
        assert_eq!((value(json!(true)), value(json!("False")), value(json!("no"))), (Some(true), Some(false), None));
    }
}
