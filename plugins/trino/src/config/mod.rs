//! What a manifest may write below `config:` of a Trino compute: the keys of a dbt-trino profile, typed.
//!
//! The types are read from the manifest, written into the profile, and give the JSON Schema; their doc comments are the
//! descriptions that a user's editor shows. Keys and defaults are those of the credentials classes of dbt-trino 1.11.0
//! (`dbt/adapters/trino/connections.py`), and of trino-python-client 0.340 behind them.

mod cert;
mod method;
mod text;

pub use cert::{Cert, Trust};
pub use floe_plugin_common::Choice;
pub use floe_plugin_common::Scalar;
pub use method::{Method, Mutual, MutualMode, Scheme};
pub use text::HeaderText;

use std::collections::BTreeMap;

use floe_plugin_api::{ComputeConfig, ConfigSchema, PluginResult, Secret};
use floe_plugin_common::{Flag, Whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of a Trino compute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How dbt logs in: `none`, `ldap` (user and password), `jwt`, `certificate`, `kerberos`, `gssapi`, `oauth` (in a
    /// browser) or `oauth_console`. All but `none` speak https. Default: `none`.
    #[serde(default)]
    pub method: Choice<Method>,
    /// Name or address of the coordinator, or of the proxy before it, alone: no scheme, no port, no path. An IPv6
    /// address stands in brackets.
    #[schemars(length(min = 1))]
    pub host: String,
    /// TCP port of the coordinator, 1 to 65535.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Whole,
    /// `http` or `https`, for method `none` alone: all others are https. Default: `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_scheme: Option<Choice<Scheme>>,
    /// User of the session. Methods `none`, `ldap`, `kerberos` and `gssapi` need it; with the others the server takes
    /// it from the credential where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub user: Option<String>,
    /// Password of `user` (`ldap`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// User as which statements run in place of `user`, which must have the right to that (`ldap`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub impersonation_user: Option<String>,
    /// JSON Web Token (`jwt`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_token: Option<Secret>,
    /// Path of the client's certificate, in PEM (`certificate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub client_certificate: Option<String>,
    /// Path of its private key, in PEM and without a passphrase (`certificate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub client_private_key: Option<String>,
    /// Path of the client's keytab (`kerberos`, which does not start without).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub keytab: Option<String>,
    /// Kerberos principal (`kerberos`, `gssapi`). Default: that of the credential cache or keytab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub principal: Option<String>,
    /// Path of the Kerberos configuration (`kerberos`, `gssapi`). Default: `KRB5_CONFIG`, else `/etc/krb5.conf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub krb5_config: Option<String>,
    /// Name of the server's Kerberos service (`kerberos`; `gssapi`, with `hostname_override` alone). Default: `trino`
    /// for `kerberos`, `HTTP` for `gssapi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub service_name: Option<String>,
    /// Whether the server must prove who it is by Kerberos: true or false (`kerberos`; default: false), `REQUIRED`,
    /// `OPTIONAL` or `DISABLED` (`gssapi`; default: `DISABLED`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_authentication: Option<Mutual>,
    /// Sends the ticket with the first request, before the server asks for it (`kerberos`, `gssapi`). Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_preemptive: Option<Flag>,
    /// Host in the server's Kerberos name, where it is not `host` (`kerberos`, `gssapi`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub hostname_override: Option<String>,
    /// Hides the body of an error answer whose sender did not prove who it is (`kerberos`, `gssapi`). Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanitize_mutual_error_response: Option<Flag>,
    /// Lets the server act on with the user's ticket (`kerberos`, `gssapi`). Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Flag>,
    /// Catalog that dbt builds into. (dbt-trino also takes it under the name `catalog`; here it has one name, that of
    /// dbt's own relations.)
    #[schemars(length(min = 1))]
    pub database: String,
    /// Schema that dbt builds into. dbt makes it when it is missing, where the user may.
    #[schemars(length(min = 1))]
    pub schema: String,
    /// Role by catalog, and by `system` for the role of the whole session: `{system: analyst, hive: admin}`. `NONE` and
    /// `ALL` have Trino's own meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<BTreeMap<String, String>>,
    /// Whom TLS trusts: true for the certificate authorities of Python's certifi, the path of a PEM file with others,
    /// false for everyone. Default: true; dbt-trino 1.11 alone would trust everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<Cert>,
    /// Hides the warning that `cert: false` gives at every request of a dbt run. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppress_cert_warning: Option<Flag>,
    /// Further HTTP headers. Those that dbt-trino fills from other settings are refused; what is secret must be a
    /// reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_headers: Option<BTreeMap<String, HeaderText>>,
    /// Session properties: text, numbers, true or false. `query_max_run_time` is floe's `timeout_seconds` where that is
    /// set; what is secret must be a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-role" = "timeout"))]
    pub session_properties: Option<BTreeMap<String, Scalar>>,
    /// Tags by which Trino's resource groups choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_tags: Option<Vec<String>>,
    /// Sends seeds by prepared statements; false where their text gets too long for a header. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared_statements_enabled: Option<Flag>,
    /// Attempts for each HTTP request, the first among them. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), extend("x-floe-role" = "retry"))]
    pub retries: Option<Whole>,
    /// Time zone of the session: `Europe/Berlin`. Default: that of the machine on which dbt runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub timezone: Option<String>,
    /// Address of Starburst Galaxy, https, to which dbt writes the descriptions of models and columns. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub starburst_url: Option<String>,
    /// OAuth client id for `starburst_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub starburst_client_id: Option<String>,
    /// OAuth client secret for `starburst_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starburst_secret_key: Option<Secret>,
    /// What a description that cannot be written means: `continue_on_error` or `fail_fast`. Default:
    /// `continue_on_error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starburst_metadata_failure_strategy: Option<Choice<FailureStrategy>>,
    /// Descriptions of columns in one request to `starburst_url`. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub starburst_max_column_batch_size: Option<Whole>,
}

/// What a description that cannot be written to Starburst means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureStrategy {
    /// A warning in dbt's log.
    ContinueOnError,
    /// The end of the dbt run.
    FailFast,
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

    /// Whether dbt speaks https.
    pub fn is_https(&self) -> bool {
        let asked = self.http_scheme.as_ref().and_then(Choice::known);
        self.method() != Method::None || asked == Some(Scheme::Https)
    }

    /// The user as whom statements run, where the settings say it.
    pub fn session_user(&self) -> Option<&str> {
        self.impersonation_user.as_deref().or(self.user.as_deref())
    }

    /// Whether the host is a cluster of Starburst Galaxy, which sleeps when nobody uses it and wakes, and costs, with the
    /// first statement. The domain is that of its connection details
    /// (<https://docs.starburst.io/starburst-galaxy/working-with-data/query-data/connect-clients.html>).
    pub fn is_galaxy(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        host.ends_with(".galaxy.starburst.io")
    }
}

/// The JSON Schema of the settings.
pub(crate) fn config_schema() -> ConfigSchema {
    floe_plugin_common::config_schema::<Settings>()
}
