//! How dbt logs in, and what of it is a choice of words.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// How dbt logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Says who it is, and proves nothing.
    #[default]
    None,
    /// User and password, by HTTP Basic: LDAP, or any other password authenticator of the server.
    Ldap,
    /// Kerberos, by the Python package requests_kerberos.
    Kerberos,
    /// Kerberos, by the Python package requests_gssapi.
    Gssapi,
    /// A JSON Web Token.
    Jwt,
    /// A client certificate.
    Certificate,
    /// OAuth, in a browser that dbt opens.
    Oauth,
    /// OAuth, at an address that dbt prints.
    OauthConsole,
}

impl Method {
    /// The word that a manifest writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ldap => "ldap",
            Self::Kerberos => "kerberos",
            Self::Gssapi => "gssapi",
            Self::Jwt => "jwt",
            Self::Certificate => "certificate",
            Self::Oauth => "oauth",
            Self::OauthConsole => "oauth_console",
        }
    }

    /// Whether it needs a Kerberos ticket.
    pub const fn is_kerberos(self) -> bool {
        matches!(self, Self::Kerberos | Self::Gssapi)
    }

    /// Whether it needs a person at a browser.
    pub const fn is_oauth(self) -> bool {
        matches!(self, Self::Oauth | Self::OauthConsole)
    }
}

/// The scheme of the server's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Without encryption.
    Http,
    /// With TLS.
    Https,
}

/// Whether the server must prove who it is by Kerberos: a flag for `kerberos`, a word for `gssapi`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Mutual {
    /// Of method `kerberos`.
    Flag(bool),
    /// Of method `gssapi`.
    Mode(MutualMode),
    /// A dbt expression.
    Text(String),
}

/// The words of method `gssapi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MutualMode {
    /// The server must.
    Required,
    /// The server may.
    Optional,
    /// The server need not.
    Disabled,
}

impl JsonSchema for Mutual {
    fn schema_name() -> Cow<'static, str> {
        "Mutual".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": [true, false, "REQUIRED", "OPTIONAL", "DISABLED"]})
    }
}
