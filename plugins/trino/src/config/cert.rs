//! Whom TLS trusts.

use std::borrow::Cow;

use floe_plugin_common::is_expression;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Whom TLS trusts: the value of requests' `verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cert {
    /// True: the certificate authorities of Python's certifi. False: everyone.
    Known(bool),
    /// Path of a PEM file with certificate authorities, or a dbt expression.
    Text(String),
}

impl Cert {
    /// What is meant, where it is known: an expression comes to a text, even to the text `true`.
    pub fn value(&self) -> Option<Trust<'_>> {
        match self {
            Self::Known(true) => Some(Trust::Certifi),
            Self::Known(false) => Some(Trust::Everyone),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Some(Trust::Certifi),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Some(Trust::Everyone),
            Self::Text(text) if is_expression(text) => None,
            Self::Text(path) => Some(Trust::File(path)),
        }
    }
}

/// What a [`Cert`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust<'a> {
    /// The certificate authorities of Python's certifi, which are Mozilla's.
    Certifi,
    /// Everyone.
    Everyone,
    /// Those of a PEM file.
    File(&'a str),
}

impl JsonSchema for Cert {
    fn schema_name() -> Cow<'static, str> {
        "Cert".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "boolean"], "minLength": 1, "x-floe-path": true})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant() {
        let value = |text: &str| Cert::Text(text.to_owned());
        assert_eq!(Cert::Known(true).value(), Some(Trust::Certifi));
        assert_eq!(value("False").value(), Some(Trust::Everyone));
        assert_eq!(value("certs/ca.pem").value(), Some(Trust::File("certs/ca.pem")));
        assert_eq!(value("{{ env_var('CA') }}").value(), None);
    }
}
