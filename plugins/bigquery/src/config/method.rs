//! How dbt logs in, and what of it is a choice of words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How dbt logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Application default credentials: whatever the machine has, a file or the metadata server of Google Cloud.
    #[default]
    Oauth,
    /// A token, or what gets one: refresh token and client.
    OauthSecrets,
    /// The key file of a service account.
    ServiceAccount,
    /// The key of a service account, key by key.
    ServiceAccountJson,
    /// A token of another identity provider (Microsoft Entra ID), exchanged for Google's: workload identity federation.
    ExternalOauthWif,
}

impl Method {
    /// The word that a manifest writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::OauthSecrets => "oauth-secrets",
            Self::ServiceAccount => "service-account",
            Self::ServiceAccountJson => "service-account-json",
            Self::ExternalOauthWif => "external-oauth-wif",
        }
    }
}

/// How soon a statement runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// At once.
    Interactive,
    /// When there are free slots, within a day.
    Batch,
}

/// Where dbt runs Python models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Submission {
    /// Dataproc Serverless.
    Serverless,
    /// A Dataproc cluster, `dataproc_cluster_name`.
    Cluster,
    /// BigQuery DataFrames, in a notebook of Colab Enterprise.
    Bigframes,
}
