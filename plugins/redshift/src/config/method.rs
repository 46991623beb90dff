//! Ways to log in and to encrypt.

use floe_plugin_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How dbt logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `user` and `password` of the database.
    #[default]
    Database,
    /// Short-lived credentials for `user`, issued by AWS to an IAM user.
    Iam,
    /// Short-lived credentials for the IAM role that dbt runs as.
    IamRole,
    /// IAM Identity Center, through a browser on the same machine.
    BrowserIdentityCenter,
    /// IAM Identity Center, with a token of Okta or Entra.
    OauthTokenIdentityCenter,
}

impl Method {
    /// As the manifest writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Iam => "iam",
            Self::IamRole => "iam_role",
            Self::BrowserIdentityCenter => "browser_identity_center",
            Self::OauthTokenIdentityCenter => "oauth_token_identity_center",
        }
    }
}

/// Whether the connection is encrypted and whom dbt trusts. dbt-redshift knows three ways under six names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// Not encrypted.
    Disable,
    /// As `verify-ca`.
    Allow,
    /// As `verify-ca`.
    #[default]
    Prefer,
    /// As `verify-ca`.
    Require,
    /// Encrypted; the certificate's issuer and dates are looked at.
    VerifyCa,
    /// Encrypted; the host name is looked at too.
    VerifyFull,
}

/// Where the tokens of `oauth_token_identity_center` come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenEndpoint {
    /// Kind of the identity provider.
    #[serde(rename = "type")]
    pub kind: IdentityProvider,
    /// URL that issues the token.
    #[schemars(length(min = 1))]
    pub request_url: String,
    /// Form that is sent there; it holds a refresh token.
    pub request_data: Secret,
    /// `client_id:client_secret` in base64 (Okta).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_auth_credentials: Option<Secret>,
}

/// Identity providers that dbt-redshift can ask for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProvider {
    /// Okta.
    Okta,
    /// Microsoft Entra ID.
    Entra,
}
