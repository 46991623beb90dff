//! How dbt logs in: what `auth_type` says, and what follows from the credentials beside it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::Settings;

/// The words of `auth_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthType {
    /// OAuth: by a secret where one is there, else in a browser.
    Oauth,
    /// A token of another identity provider, from a variable of the environment.
    EnvOidc,
    /// A token of another identity provider, from a file.
    FileOidc,
}

/// `auth_type`, or a dbt expression, which the rules refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AuthChoice {
    /// The word.
    Known(AuthType),
    /// The expression.
    Text(String),
}

impl JsonSchema for AuthChoice {
    fn schema_name() -> Cow<'static, str> {
        AuthType::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AuthType::json_schema(generator)
    }
}

/// The ways to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// A personal access token, or any other token that is sent as it is.
    Token,
    /// Client id and secret of a service principal.
    Secret,
    /// Client id and secret of an application of Microsoft Entra ID.
    Azure,
    /// A token of another identity provider, from a variable.
    EnvOidc,
    /// A token of another identity provider, from a file.
    FileOidc,
    /// A person at a browser.
    Browser,
}

impl Login {
    /// How a person would name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "an access token",
            Self::Secret => "OAuth with a client secret",
            Self::Azure => "a secret of Microsoft Entra ID",
            Self::EnvOidc => "`auth_type: env-oidc`",
            Self::FileOidc => "`auth_type: file-oidc`",
            Self::Browser => "OAuth in a browser",
        }
    }

    /// The keys that say it, as a manifest writes them.
    pub const fn keys(self) -> &'static str {
        match self {
            Self::Token => "`token`",
            Self::Secret => "`client_id` and `client_secret`",
            Self::Azure => "`azure_client_id` and `azure_client_secret`",
            Self::EnvOidc => "`client_id` and the variable with the token",
            Self::FileOidc => "`client_id` and `oidc_token_filepath`",
            Self::Browser => "`auth_type`",
        }
    }

    /// Whether it is the federation of identities, which dbt-databricks knows from 1.12.8 on.
    pub const fn is_federated(self) -> bool {
        matches!(self, Self::EnvOidc | Self::FileOidc)
    }

    /// What the settings come to, in the order in which dbt-databricks looks at them
    /// (`DatabricksCredentialManager._ensure_config`); `None` where they say nothing.
    pub(crate) fn of(settings: &Settings) -> Option<Self> {
        let asked = match settings.auth_type {
            Some(AuthChoice::Known(asked)) => Some(asked),
            _ => None,
        };
        if settings.token.is_some() {
            return Some(Self::Token);
        }
        match asked? {
            AuthType::EnvOidc => Some(Self::EnvOidc),
            AuthType::FileOidc => Some(Self::FileOidc),
            AuthType::Oauth if settings.azure_client_id.is_some() || settings.azure_client_secret.is_some() => {
                Some(Self::Azure)
            }
            AuthType::Oauth if settings.client_secret.is_some() => Some(Self::Secret),
            AuthType::Oauth => Some(Self::Browser),
        }
    }
}
