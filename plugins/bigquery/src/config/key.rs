//! The key of a service account, as Google writes it into a key file.

use floe_plugin_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The key of a service account. `private_key` is its one secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountKey {
    /// `service_account`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub kind: Option<String>,
    /// Project of the service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Id of the key, by which Google finds its public half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_id: Option<String>,
    /// The private key, in PEM. Its line breaks may be written as `\n`.
    pub private_key: Secret,
    /// The service account: `dbt@project.iam.gserviceaccount.com`.
    #[schemars(length(min = 1))]
    pub client_email: String,
    /// Number of the service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_uri: Option<String>,
    /// Where the key is exchanged for a token: `https://oauth2.googleapis.com/token`.
    #[schemars(length(min = 1))]
    pub token_uri: String,
    /// Not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_provider_x509_cert_url: Option<String>,
    /// Not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_x509_cert_url: Option<String>,
    /// Google's domain: `googleapis.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub universe_domain: Option<String>,
}

/// Where workload identity federation gets the token of the other identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenEndpoint {
    /// The identity provider: `entra`, the only one that dbt-bigquery knows.
    #[serde(rename = "type")]
    pub kind: String,
    /// Address of its token server: `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token`.
    #[schemars(length(min = 1))]
    pub request_url: String,
    /// The form that is sent there, with the client's secret in it:
    /// `client_id=…&client_secret=…&grant_type=client_credentials&scope=…`.
    pub request_data: Secret,
}
