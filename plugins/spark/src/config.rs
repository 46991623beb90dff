//! What a manifest may write below `config:` of a Spark compute: the keys of a dbt-spark profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows.

use std::collections::BTreeMap;

use floe_plugin_api::{ComputeConfig, PluginResult, Secret};
use floe_plugin_common::{Flag, Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Seconds between two looks at a running statement, where `poll_interval` does not say.
pub(crate) const POLL_INTERVAL: u64 = 5;

/// Settings of a Spark compute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How dbt reaches Spark: `thrift`, a Spark Thrift Server (HiveServer2) in binary mode; `http`, a Databricks cluster
    /// over HTTPS; `odbc`, through an ODBC driver on the machine that runs dbt; `session`, Spark inside dbt's own
    /// process. It decides which Python packages dbt needs, so it is a word, never an expression.
    #[schemars(extend("enum" = ["thrift", "http", "odbc", "session"]))]
    pub method: String,
    /// Host name of the server or Databricks workspace. For every method but `session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub host: Option<String>,
    /// Port of the server. `thrift` needs it (a Spark Thrift Server listens on 10000 where nothing else is set).
    /// Default: 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<Whole>,
    /// Schema that dbt builds into; Spark calls the same thing a database. dbt makes it when it is missing.
    #[schemars(length(min = 1))]
    pub schema: String,
    /// User that dbt works as; `thrift` needs one with every `auth` but `KERBEROS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub user: Option<String>,
    /// Password of the user, for `auth: LDAP` and `auth: CUSTOM` of `thrift`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Access token of Databricks, for `http`, and for `odbc` with `cluster` or `endpoint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// How `thrift` logs in, by the server's `hive.server2.authentication`: `NONE`, a user without a password; `NOSASL`,
    /// the same over the plain transport; `LDAP` and `CUSTOM`, user and password; `KERBEROS`, the ticket of the user that
    /// runs dbt. Default: `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["NONE", "NOSASL", "LDAP", "CUSTOM", "KERBEROS"]))]
    pub auth: Option<String>,
    /// Name of the server's Kerberos service, the part before `/` of its principal, for `auth: KERBEROS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub kerberos_service_name: Option<String>,
    /// Encrypts the connection of `thrift` with TLS. dbt-spark looks at no certificate then. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_ssl: Option<Flag>,
    /// Id of the Databricks cluster, for `http` and `odbc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub cluster: Option<String>,
    /// Id of the Databricks SQL warehouse, for `odbc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub endpoint: Option<String>,
    /// Id of the organisation in the path of a Databricks cluster; on Azure the number behind `o=` in the workspace's
    /// address. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub organization: Option<String>,
    /// ODBC driver on the machine that runs dbt: its path, or its name in `odbcinst.ini`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub driver: Option<String>,
    /// Text behind dbt-spark's own ODBC connection string, `key=value` pairs with `;` between them. A secret in it is
    /// a reference: `PWD={{ env_var('DBT_ENV_SECRET_PWD') }}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub connection_string_suffix: Option<String>,
    /// Spark's settings for dbt's sessions, by name: `spark.sql.shuffle.partitions: 8`. A Spark Thrift Server (`thrift`)
    /// reads them with `set:` before the name alone: `set:spark.sql.shuffle.partitions: 8`. dbt-spark always turns
    /// `spark.sql.ansi.enabled` off.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_texts")]
    #[schemars(with = "Option<BTreeMap<String, Parameter>>")]
    pub server_side_parameters: Option<Map<String, Value>>,
    /// Times that dbt tries again to open a connection which failed because the cluster is starting
    /// (`pending`, `temporarily_unavailable`), or for any reason with `retry_all`. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub connect_retries: Option<Whole>,
    /// Seconds that dbt sleeps between two attempts to connect. In spite of its name it limits no attempt.
    /// Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds", "x-floe-role" = "retry"))]
    pub connect_timeout: Option<Whole>,
    /// Tries again after every error while connecting, not only while a cluster starts. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub retry_all: Option<Flag>,
    /// Times that a statement is sent again after the connection was lost, for `thrift` and `http`. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "retry"))]
    pub query_retries: Option<Whole>,
    /// Seconds between two looks at a running statement, for `thrift` and `http`; a statement that is over
    /// `timeout_seconds` ends at the next look. Default: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-unit" = "seconds", "x-floe-role" = "timeout"))]
    pub poll_interval: Option<Whole>,
}

/// A value of `server_side_parameters`: Spark reads all of them as texts.
#[derive(Debug, Clone, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is looked at")]
enum Parameter {
    Text(String),
    Number(f64),
    Flag(bool),
}

/// dbt-spark takes nothing but texts there.
#[allow(clippy::ref_option, reason = "the signature that serde wants")]
fn as_texts<S: serde::Serializer>(map: &Option<Map<String, Value>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(map.iter().flatten().map(|(name, value)| (name, text_of(value))))
}

pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How dbt reaches Spark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A Spark Thrift Server in binary mode.
    Thrift,
    /// A Databricks cluster over HTTPS.
    Http,
    /// An ODBC driver.
    Odbc,
    /// Spark inside dbt's own process.
    Session,
}

impl Method {
    /// The word that a manifest writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Thrift => "thrift",
            Self::Http => "http",
            Self::Odbc => "odbc",
            Self::Session => "session",
        }
    }
}

impl Settings {
    /// The settings of a compute.
    ///
    /// # Errors
    /// Where they do not fit the schema, which the host has checked before.
    pub fn of(config: &ComputeConfig) -> PluginResult<Self> {
        config.connection_as()
    }

    /// The method, where the word is one.
    pub fn method(&self) -> Option<Method> {
        use Method::{Http, Odbc, Session, Thrift};
        [Thrift, Http, Odbc, Session].into_iter().find(|method| method.as_str() == self.method)
    }

    /// How `thrift` logs in; `None` for an expression that only dbt can read.
    pub fn auth(&self) -> Option<&str> {
        let auth = self.auth.as_deref().unwrap_or("NONE");
        (!floe_plugin_common::is_expression(auth)).then_some(auth)
    }

    /// Seconds between two looks at a running statement.
    pub fn poll_seconds(&self) -> u64 {
        self.poll_interval.as_ref().and_then(Whole::value).unwrap_or(POLL_INTERVAL)
    }

    /// What dbt-spark sends with a new session.
    pub(crate) fn session_parameters(&self) -> Vec<(String, String)> {
        let own = self.server_side_parameters.iter().flatten().map(|(name, value)| (name.clone(), text_of(value)));
        let mut all: Vec<_> = own.filter(|(name, _)| name != ANSI).collect();
        all.push((ANSI.to_owned(), "false".to_owned()));
        all
    }
}

/// dbt-spark turns it off in every session, whatever the settings say.
pub(crate) const ANSI: &str = "spark.sql.ansi.enabled";
