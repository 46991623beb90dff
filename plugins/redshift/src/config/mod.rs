//! What a manifest may write below `config:` of a Redshift compute: the keys of a dbt-redshift profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows. Keys and defaults are those of dbt-redshift 1.11.1 (`RedshiftCredentials`).

mod method;

pub use method::{IdentityProvider, Method, SslMode, TokenEndpoint};

use floe_plugin_api::{ComputeConfig, PluginResult, Secret};
use floe_plugin_common::{Flag, Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Port of Redshift where none is written.
const DEFAULT_PORT: u64 = 5439;

/// Settings of a Redshift compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Endpoint of the cluster or workgroup, without port and database:
    /// `sales.abc123.eu-central-1.redshift.amazonaws.com`.
    #[schemars(length(min = 1))]
    pub host: String,
    /// Port. Default: 5439.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Whole,
    /// Database that dbt builds into. Write this or `dbname`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub database: Option<String>,
    /// Another name of `database`, as many dbt profiles have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub dbname: Option<String>,
    /// Schema that dbt builds into. dbt makes it when it is missing.
    #[schemars(length(min = 1))]
    pub schema: String,
    /// How dbt logs in. Default: `database`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// User of the database (`database`), or the one for whom AWS issues credentials (`iam`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub user: Option<String>,
    /// Password of the user (`database`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Identifier of the provisioned cluster, for which AWS issues credentials (`iam`, `iam_role`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// Profile of the AWS configuration that dbt uses (`iam`, `iam_role`). Default: AWS's own chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_profile: Option<String>,
    /// AWS access key id (`iam`), in place of `iam_profile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<Secret>,
    /// AWS secret access key (`iam`), beside `access_key_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<Secret>,
    /// Makes the user when it does not exist (`iam`). Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocreate: Option<Flag>,
    /// Groups of the database that the user joins for the session (`iam`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_groups: Option<Vec<String>>,
    /// AWS region of the cluster. Default: taken from the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The endpoint is one of Redshift Serverless although its name does not say so. Default: whether `host` contains
    /// `serverless`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_serverless: Option<Flag>,
    /// Workgroup of Redshift Serverless (`iam`, `iam_role`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serverless_work_group: Option<String>,
    /// AWS account id of the workgroup (`iam`, `iam_role`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serverless_acct_id: Option<String>,
    /// AWS region of IAM Identity Center (`browser_identity_center`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idc_region: Option<String>,
    /// Issuer URL of IAM Identity Center (`browser_identity_center`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_url: Option<String>,
    /// Local port on which the browser's answer is awaited (`browser_identity_center`). Default: 7890.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub idp_listen_port: Option<Whole>,
    /// Name under which dbt shows there (`browser_identity_center`). Default: `Amazon Redshift driver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idc_client_display_name: Option<String>,
    /// Seconds to wait for the browser's answer (`browser_identity_center`). Default: 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "timeout", "x-floe-unit" = "seconds"))]
    pub idp_response_timeout: Option<Whole>,
    /// Where tokens come from (`oauth_token_identity_center`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<TokenEndpoint>,
    /// Whether the connection is encrypted and whom dbt trusts. Default: `prefer`, which is the same as `verify-ca`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sslmode: Option<SslMode>,
    /// Role that dbt takes on after the login (`set role …`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub role: Option<String>,
    /// Query group of the session, for workload management and the query log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_group: Option<String>,
    /// Commits each statement by itself. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocommit: Option<Flag>,
    /// The nodes are RA3: dbt may refer to other databases. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ra3_node: Option<Flag>,
    /// Looks relations up the way that data shares need. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasharing: Option<Flag>,
    /// Seconds that any one answer of the server may take: redshift_connector sets it on the socket, so it ends long
    /// queries too. That is why `connect_timeout_seconds` is not written here. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("x-floe-role" = "timeout", "x-floe-unit" = "seconds"))]
    pub connect_timeout: Option<Whole>,
    /// How often dbt tries to connect again, and a statement after an error that may pass. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retries: Option<Whole>,
    /// Tries again after every error of the database. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retry_all: Option<Flag>,
    /// Keeps idle connections alive through firewalls. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool"))]
    pub tcp_keepalive: Option<Flag>,
    /// Seconds of silence before the first keepalive packet. Default: the operating system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool", "x-floe-unit" = "seconds"))]
    pub tcp_keepalive_idle: Option<Whole>,
    /// Seconds between keepalive packets. Default: the operating system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool", "x-floe-unit" = "seconds"))]
    pub tcp_keepalive_interval: Option<Whole>,
    /// Keepalive packets without an answer after which the connection counts as broken. Default: the operating system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "pool"))]
    pub tcp_keepalive_count: Option<Whole>,
    /// Drops relations side by side. Safe only where no view depends on what is dropped. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_concurrent_drops: Option<Flag>,
    /// Drops relations without `CASCADE`. Safe only where nothing depends on what is dropped. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop_without_cascade: Option<Flag>,
}

fn default_port() -> Whole {
    DEFAULT_PORT.into()
}

impl Settings {
    /// The settings of a compute.
    ///
    /// # Errors
    /// Where they do not fit the schema, which the host has checked before.
    pub fn of(config: &ComputeConfig) -> PluginResult<Self> {
        config.connection_as()
    }

    /// How dbt logs in.
    pub fn method(&self) -> Method {
        self.method.unwrap_or_default()
    }

    /// Whether and how the connection is encrypted.
    pub fn sslmode(&self) -> SslMode {
        self.sslmode.unwrap_or_default()
    }

    /// The database, by either of its names.
    pub fn database(&self) -> &str {
        self.database.as_deref().or(self.dbname.as_deref()).unwrap_or_default()
    }

    /// Whether the endpoint is one of Redshift Serverless, as the adapter decides it.
    pub fn is_serverless(&self) -> bool {
        self.host.contains("serverless") || self.is_serverless.as_ref().and_then(Flag::value).unwrap_or(false)
    }
}
