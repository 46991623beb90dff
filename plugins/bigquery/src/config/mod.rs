//! What a manifest may write below `config:` of a BigQuery compute: the keys of a dbt-bigquery profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows. Keys and defaults are those of `BigQueryCredentials` in dbt-bigquery 1.12.1
//! (`dbt/adapters/bigquery/credentials.py`). Left out are old names of the same (`retries`, `dataproc_region`), and
//! `job_execution_timeout_seconds`, which is floe's `timeout_seconds`.

mod key;
mod method;

pub use floe_plugin_common::Choice;
pub use key::{ServiceAccountKey, TokenEndpoint};
pub use method::{Method, Priority, Submission};

use floe_plugin_api::{ComputeConfig, ConfigSchema, PluginResult, Secret};
use floe_plugin_common::{Flag, Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Settings of a BigQuery compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How dbt logs in: `oauth` (application default credentials: what the machine has), `oauth-secrets` (a token, or a
    /// refresh token with its client), `service-account` (a key file), `service-account-json` (the key, key by key) or
    /// `external-oauth-wif` (workload identity federation with Microsoft Entra ID).
    pub method: Choice<Method>,
    /// Google Cloud project that holds the dataset. Also known as `database`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub project: Option<String>,
    /// Another name of `project`, as dbt's own relations have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub database: Option<String>,
    /// Dataset that dbt builds into. dbt makes it when it is missing, where the user may. Also known as `schema`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub dataset: Option<String>,
    /// Another name of `dataset`, as dbt's own relations have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub schema: Option<String>,
    /// Project in which statements run and which pays for them. Default: `project`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub execution_project: Option<String>,
    /// Project whose quota of requests is used. Default: the one of the credential, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub quota_project: Option<String>,
    /// Where datasets are made and statements run: `EU`, `europe-west3`. It must be that of the dataset. Default: `US` for
    /// datasets that dbt makes, else that of the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub location: Option<String>,
    /// Address of another server with BigQuery's interface: a private endpoint, an emulator. Default:
    /// `https://bigquery.googleapis.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub api_endpoint: Option<String>,
    /// `interactive` or `batch`. Default: `interactive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Choice<Priority>>,
    /// Bytes that one statement may be billed for; one that would exceed them fails and costs nothing. 0 is no limit.
    /// Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "bytes"))]
    pub maximum_bytes_billed: Option<Whole>,
    /// Reservation whose slots statements use: `projects/<project>/locations/<location>/reservations/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub reservation: Option<String>,
    /// Service account as which statements run; the login's own account must be allowed to make tokens for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub impersonate_service_account: Option<String>,
    /// Path of the key file of a service account (`service-account`), from the folder in which dbt is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub keyfile: Option<String>,
    /// The key of a service account (`service-account-json`), as its key file has it, with `private_key` as a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyfile_json: Option<ServiceAccountKey>,
    /// Access token (`oauth-secrets`). It lives for an hour at most: for a try, or beside a refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Refresh token, by which dbt gets access tokens (`oauth-secrets`), with `client_id`, `client_secret` and `token_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// OAuth client that the refresh token was given to (`oauth-secrets`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub client_id: Option<String>,
    /// Its secret (`oauth-secrets`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// Where the refresh token is exchanged (`oauth-secrets`): `https://oauth2.googleapis.com/token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub token_uri: Option<String>,
    /// Audience of the token exchange (`external-oauth-wif`): the resource name of the provider,
    /// `//iam.googleapis.com/projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub workload_pool_provider_path: Option<String>,
    /// Address at which the federated identity gets a token of a service account (`external-oauth-wif`):
    /// `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/<email>:generateAccessToken`. Default: statements
    /// run as the federated identity itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub service_account_impersonation_url: Option<String>,
    /// Where the token of the other identity provider comes from (`external-oauth-wif`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<TokenEndpoint>,
    /// OAuth scopes that tokens are asked for. Default: `bigquery`, `cloud-platform`, `drive` and `userinfo.email`, each behind
    /// `https://www.googleapis.com/auth/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub scopes: Option<Vec<String>>,
    /// Seconds within which a statement that failed for reasons of BigQuery's own is tried again. Default: no limit but
    /// `job_retries`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("x-floe-role" = "retry", "x-floe-unit" = "seconds"))]
    pub job_retry_deadline_seconds: Option<Whole>,
    /// How often a statement that failed for reasons of BigQuery's own is tried again. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub job_retries: Option<Whole>,
    /// Seconds that sending a statement to BigQuery may take, before it runs. Default: 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("x-floe-role" = "timeout", "x-floe-unit" = "seconds"))]
    pub job_creation_timeout_seconds: Option<Whole>,
    /// Shows the link to each job in the console, not in the log alone. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_link_info_level_log: Option<Flag>,
    /// Region of Dataproc or of notebooks, for Python models: `europe-west3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub compute_region: Option<String>,
    /// Bucket for the files of Python models, by its name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub gcs_bucket: Option<String>,
    /// Where Python models run: `serverless`, `cluster` or `bigframes`. Default: `serverless`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission_method: Option<Choice<Submission>>,
    /// Dataproc cluster for Python models (`submission_method: cluster`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub dataproc_cluster_name: Option<String>,
    /// Settings of Dataproc Serverless' batches for Python models, as Dataproc's `Batch` has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataproc_batch: Option<Map<String, Value>>,
    /// floe's `timeout_seconds`, written by the plugin alone.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub(crate) job_execution_timeout_seconds: Option<String>,
}

impl Settings {
    /// The settings of a compute.
    ///
    /// # Errors
    /// Where they do not fit the schema, which the host has checked before.
    pub fn of(config: &ComputeConfig) -> PluginResult<Self> {
        config.connection_as()
    }

    /// How dbt logs in. The rules refuse an expression, so that it is always known.
    pub fn method(&self) -> Method {
        self.method.known().unwrap_or_default()
    }

    /// The project of the dataset, under either of its names.
    pub fn project(&self) -> &str {
        self.project.as_deref().or(self.database.as_deref()).unwrap_or_default()
    }

    /// The dataset, under either of its names.
    pub fn dataset(&self) -> &str {
        self.dataset.as_deref().or(self.schema.as_deref()).unwrap_or_default()
    }

    /// The project in which statements run.
    pub fn execution_project(&self) -> &str {
        self.execution_project.as_deref().unwrap_or_else(|| self.project())
    }
}

/// The JSON Schema of the settings.
pub(crate) fn config_schema() -> ConfigSchema {
    floe_plugin_common::config_schema::<Settings>()
}
