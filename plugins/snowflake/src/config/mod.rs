//! What a manifest may write below `config:` of a Snowflake compute: the keys of a dbt-snowflake profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows. Keys and defaults are those of dbt-snowflake 1.12.4 (`SnowflakeCredentials` in
//! `dbt/adapters/snowflake/connections.py`), and of snowflake-connector-python 4.8 behind it.

mod account;
mod fraction;
mod login;

pub use account::{Account, NoAccount};
pub use fraction::Fraction;
pub use login::Login;
pub(crate) use login::{WORDS, is_okta};

use floe_plugin_api::{ComputeConfig, ConfigSchema, PluginResult, Secret};
use floe_plugin_common::{Flag, Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a Snowflake compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Account identifier, without `.snowflakecomputing.com`: `acme-shop` (organization and account), or the older locator
    /// with region and cloud (`xy12345.eu-central-1.aws`); `.privatelink` behind it for a private link. dbt writes `-` for
    /// `_` in it.
    #[schemars(length(min = 1))]
    pub account: String,
    /// How dbt logs in: `snowflake` (by `password`), `snowflake_jwt` (by key pair), `oauth` or `jwt` (by an OAuth `token`),
    /// `programmatic_access_token`, `workload_identity`, `username_password_mfa`, `externalbrowser`,
    /// `oauth_authorization_code`, or the address of an Okta (`https://acme.okta.com`). Default: by key pair where a private
    /// key is set, else by `password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub authenticator: Option<String>,
    /// User. Needed unless a token says who it is (`oauth`, `jwt`, `programmatic_access_token`, `workload_identity`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub user: Option<String>,
    /// Password of `user` (by password, `username_password_mfa`, Okta).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Path of the private key in PEM, encrypted or not (key pair). A relative path counts from the dbt project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub private_key_path: Option<String>,
    /// The private key itself, in PEM or as the Base64 of its DER, encrypted or not (key pair), in place of
    /// `private_key_path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    /// Passphrase of an encrypted private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private_key_passphrase: Option<Secret>,
    /// Token: an OAuth access token (`oauth`, `jwt`), an OAuth refresh token (`oauth` with an OAuth client), a programmatic
    /// access token, or the OIDC token of a workload (`workload_identity_provider: OIDC`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Id of the OAuth client (`oauth`): `token` is a refresh token then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub oauth_client_id: Option<String>,
    /// Secret of the OAuth client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_client_secret: Option<Secret>,
    /// Whose word for the workload is taken: `AWS`, `AZURE`, `GCP` or `OIDC` (`workload_identity`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub workload_identity_provider: Option<String>,
    /// Entra resource for which Azure issues the workload's token. Default: Snowflake's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub workload_identity_entra_resource: Option<String>,
    /// Role of the session. Default: the user's default role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub role: Option<String>,
    /// Virtual warehouse in which statements run. Default: the user's default warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub warehouse: Option<String>,
    /// Database that dbt builds into.
    #[schemars(length(min = 1))]
    pub database: String,
    /// Schema that dbt builds into. dbt makes it when it is missing, where the role may.
    #[schemars(length(min = 1))]
    pub schema: String,
    /// Tag of dbt's statements in Snowflake's query history. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_tag: Option<String>,
    /// Host to reach in place of the one that `account` gives, alone: no scheme, no port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub host: Option<String>,
    /// TCP port, 1 to 65535. Default: 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<Whole>,
    /// `https`, or `http` for an emulator on this machine. Default: `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub protocol: Option<String>,
    /// Host of an HTTP proxy, alone, beside `proxy_port`. The variables `https_proxy` and `http_proxy` win over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub proxy_host: Option<String>,
    /// TCP port of the proxy, 1 to 65535.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub proxy_port: Option<Whole>,
    /// Keeps a session alive while dbt does nothing with it. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool"))]
    pub client_session_keep_alive: Option<Flag>,
    /// Uses a thread's connection for its next node as well. Default: true, and false where `client_session_keep_alive` is
    /// true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool"))]
    pub reuse_connections: Option<Flag>,
    /// Further attempts to log in after one that failed. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub connect_retries: Option<Whole>,
    /// Pause between attempts to log in, in seconds; it is no limit of time. Default: 1, 4, 9, … seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry", "x-floe-unit" = "seconds"))]
    pub connect_timeout: Option<Whole>,
    /// Also tries again after errors of the database, a refused login among them. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retry_on_database_errors: Option<Flag>,
    /// Also tries again after every other error of the connector. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retry_all: Option<Flag>,
    /// Does not ask whether the server's certificate was revoked (OCSP). The certificate itself is looked at all the same.
    /// Default: false; snowflake-connector-python 4.8 asks in no case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure_mode: Option<Flag>,
    /// Host name of the VPC endpoint by which stages in S3 are reached. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub s3_stage_vpce_dns_name: Option<String>,
    /// How long the connector looks at a login for the cloud that it runs in, in seconds; 0 for not at all. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds"))]
    pub platform_detection_timeout_seconds: Option<Fraction>,
}

impl Settings {
    /// The settings of a compute.
    ///
    /// # Errors
    /// Where they do not fit the schema, which the host has checked before.
    pub fn of(config: &ComputeConfig) -> PluginResult<Self> {
        config.connection_as()
    }

    /// Whether a private key is set.
    pub fn has_key(&self) -> bool {
        self.private_key.is_some() || self.private_key_path.is_some()
    }

    /// How dbt logs in. The rules refuse what is not known.
    pub fn login(&self) -> Login {
        let has_client = self.oauth_client_id.is_some() && self.oauth_client_secret.is_some();
        Login::of(self.authenticator.as_deref(), self.has_key(), has_client).unwrap_or(Login::Password)
    }

    /// Whether dbt speaks https.
    pub fn is_https(&self) -> bool {
        self.protocol.as_deref() != Some("http")
    }
}

/// The JSON Schema of the settings.
pub(crate) fn config_schema() -> ConfigSchema {
    floe_plugin_common::config_schema::<Settings>()
}
