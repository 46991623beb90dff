//! DuckDB secrets.

use std::collections::BTreeMap;

use floe_plugin_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! duckdb_secret {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty;)*) => {
        /// A secret that dbt makes with `CREATE SECRET`. The keys are the parameters of DuckDB's secret types: `s3`,
        /// `r2`, `gcs`, `azure`, `http`, `huggingface`, `postgres`, `mysql`, `iceberg`, `ducklake`, `motherduck`. What
        /// a type does not know, DuckDB refuses.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct DuckDbSecret {
            /// Type of the secret: `s3`, `azure`, `postgres`, `iceberg`, …
            #[serde(rename = "type")]
            #[schemars(length(min = 1))]
            pub kind: String,
            $(
                $(#[doc = $doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
        }
    };
}

duckdb_secret! {
    /// Its name, to which `attach[].secret` refers. Default: `_dbt_secret_<position>`.
    name: String;
    /// How DuckDB gets it: `config` (from the keys here) or `credential_chain` (from the environment). Default:
    /// `config`.
    provider: String;
    /// Address prefix for which it counts: `s3://lake/`. Default: all. Write one entry a prefix: of several in one,
    /// dbt-duckdb 1.11 keeps only the last.
    scope: String;
    /// Writes it, unencrypted, to the folder of persistent secrets. Default: false.
    persistent: bool;
    /// Access key id (s3, r2, gcs).
    key_id: Secret;
    /// Secret access key (s3, r2, gcs).
    secret: Secret;
    /// Session token (s3).
    session_token: Secret;
    /// Region (s3).
    region: String;
    /// Endpoint: host and port (s3), or address of the catalog (iceberg).
    endpoint: String;
    /// How a bucket stands in addresses: `vhost` or `path` (s3).
    url_style: String;
    /// Reaches the endpoint by HTTPS (s3). Default: true.
    use_ssl: bool;
    /// Checks the server's certificate (s3, http). Default: true.
    verify_ssl: bool;
    /// Lets special characters stand in addresses (s3). Default: false.
    url_compatibility_mode: bool;
    /// Key of server-side encryption (s3).
    kms_key_id: String;
    /// Agrees to pay for requests (s3). Default: false.
    requester_pays: bool;
    /// Account (r2).
    account_id: String;
    /// Providers of the chain, separated by `;` (credential_chain): `env;config`.
    chain: String;
    /// Profile of the AWS configuration (credential_chain).
    profile: String;
    /// Role to assume (credential_chain).
    assume_role_arn: String;
    /// External id of the role (credential_chain).
    external_id: Secret;
    /// Path of the web identity token (credential_chain).
    web_identity_token_file: String;
    /// Fetches credentials anew when they end: `auto` (credential_chain).
    refresh: String;
    /// Whether the credentials must be found now, `exists`, or may be missing, `none` (credential_chain).
    validation: String;
    /// Bearer token (http, gcs).
    bearer_token: Secret;
    /// Further headers (http, iceberg).
    extra_http_headers: BTreeMap<String, Secret>;
    /// Proxy (http, azure).
    http_proxy: String;
    /// User of the proxy (http).
    http_proxy_username: String;
    /// Password of the proxy (http).
    http_proxy_password: Secret;
    /// User of the proxy (azure).
    proxy_user_name: String;
    /// Password of the proxy (azure).
    proxy_password: Secret;
    /// Token (huggingface, iceberg, motherduck).
    token: Secret;
    /// Connection string (azure).
    connection_string: Secret;
    /// Storage account (azure).
    account_name: String;
    /// Tenant (azure).
    tenant_id: String;
    /// Client id (azure, iceberg).
    client_id: String;
    /// Client secret (azure, iceberg).
    client_secret: Secret;
    /// Path of the client's certificate (azure).
    client_certificate_path: String;
    /// Access token (azure).
    access_token: Secret;
    /// Host name (postgres, mysql).
    host: String;
    /// Port (postgres, mysql).
    port: u16;
    /// User (postgres, mysql).
    user: String;
    /// Password (postgres, mysql).
    password: Secret;
    /// Database (postgres, mysql).
    database: String;
    /// Path of the password file (postgres).
    passfile: String;
    /// Path of the socket (mysql).
    socket: String;
    /// Whether the connection is encrypted: `required`, `verify_ca`, … (mysql).
    ssl_mode: String;
    /// Path of the certificates to trust (mysql).
    ssl_ca: String;
    /// Path of the client's certificate (mysql).
    ssl_cert: String;
    /// Path of the client's key (mysql).
    ssl_key: String;
    /// Address of the token endpoint (iceberg).
    oauth2_server_uri: String;
    /// Scope to ask for (iceberg).
    oauth2_scope: String;
    /// Kind of grant (iceberg). Default: `client_credentials`.
    oauth2_grant_type: String;
    /// Region when a table names none (iceberg).
    default_region: String;
    /// Metadata database (ducklake).
    metadata_path: String;
    /// Folder of the data files (ducklake).
    data_path: String;
    /// Schema of the metadata tables (ducklake).
    metadata_schema: String;
    /// Options of the metadata database (ducklake): `TYPE`, `SECRET`.
    metadata_parameters: BTreeMap<String, String>;
}
