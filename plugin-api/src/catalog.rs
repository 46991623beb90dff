//! The Iceberg catalog that a compute may mount, and the credentials that it vends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::builder::{optional_setters, setters};
use crate::config::ComputeConfig;
use crate::secret::Secret;

/// How to log in to a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CatalogAuth {
    /// No login.
    #[default]
    None,
    /// A bearer token.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// OAuth 2.0 client credentials.
    Oauth2 {
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: Secret,
        /// Scope to ask for; the catalog's default when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// URL of the token endpoint; `<uri>/v1/oauth/tokens` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_url: Option<String>,
    },
    /// A way of a later version of floe.
    #[serde(other)]
    Unknown,
}

/// Who gives the credentials for the table files (the `X-Iceberg-Access-Delegation` header of the Iceberg REST
/// specification).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AccessDelegation {
    /// The catalog vends short-lived credentials with each table.
    VendedCredentials,
    /// The catalog signs each request to the storage.
    RemoteSigning,
    /// The engine has credentials of its own.
    None,
    /// A way of a later version of floe.
    #[serde(other)]
    Unknown,
}

/// An Iceberg catalog: `plugins.catalog` of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogConfig {
    /// Kind of catalog: `rest`.
    #[serde(rename = "type")]
    pub catalog_type: String,
    /// Name under which computes mount it: an identifier.
    pub name: String,
    /// Base URI of the catalog's API.
    pub uri: String,
    /// Warehouse to open.
    pub warehouse: String,
    /// How to log in.
    #[serde(default)]
    pub auth: CatalogAuth,
    /// Who gives the credentials for the table files; what the catalog offers when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_delegation: Option<AccessDelegation>,
    /// Further settings, by key.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
}

impl CatalogConfig {
    /// A REST catalog without a login.
    pub fn rest(name: impl Into<String>, uri: impl Into<String>, warehouse: impl Into<String>) -> Self {
        Self {
            catalog_type: "rest".to_owned(),
            name: name.into(),
            uri: uri.into(),
            warehouse: warehouse.into(),
            auth: CatalogAuth::None,
            access_delegation: None,
            options: Map::new(),
        }
    }

    setters! {
        /// Sets how to log in.
        with_auth => auth: CatalogAuth;
        /// Sets further settings.
        with_options => options: Map<String, Value>;
    }

    optional_setters! {
        /// Sets who gives the credentials for the table files.
        with_access_delegation => access_delegation: AccessDelegation;
    }
}

/// Short-lived credentials for the files below one prefix, as a catalog vends them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StorageCredential {
    /// URI prefix of the files that they open: `s3://warehouse/sales/`.
    pub prefix: String,
    /// Settings of the storage client, by the Iceberg specification's keys (`s3.access-key-id`, …).
    pub config: BTreeMap<String, Secret>,
}

impl StorageCredential {
    /// Credentials for a prefix.
    pub fn new(prefix: impl Into<String>, config: BTreeMap<String, Secret>) -> Self {
        Self { prefix: prefix.into(), config }
    }
}

/// What a catalog vended, and until when it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VendedCredentials {
    /// One entry a storage prefix; the longest prefix that fits a file wins.
    pub storage: Vec<StorageCredential>,
    /// End of their life in milliseconds since 1970-01-01T00:00:00Z; unknown when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
}

impl VendedCredentials {
    /// Credentials without a known end.
    pub fn new(storage: Vec<StorageCredential>) -> Self {
        Self { storage, expires_at_ms: None }
    }

    optional_setters! {
        /// Sets the end of their life in milliseconds since 1970-01-01T00:00:00Z.
        with_expires_at_ms => expires_at_ms: u64;
    }

    /// Whether they have ended at a time (milliseconds since 1970-01-01T00:00:00Z); false where the end is unknown.
    pub fn is_expired(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_some_and(|end| end <= now_ms)
    }
}

/// Asks for [`CatalogAttachment`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogAttachmentRequest {
    /// The compute that mounts the catalog.
    pub config: ComputeConfig,
    /// The catalog to mount. Its secrets are dbt's `{{ env_var('…') }}` expressions.
    pub catalog: CatalogConfig,
    /// Version of the engine that will run the statements; the newest that the adapter supports when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_version: Option<String>,
}

impl CatalogAttachmentRequest {
    /// Asks how a compute mounts a catalog.
    pub fn new(config: ComputeConfig, catalog: CatalogConfig) -> Self {
        Self { config, catalog, engine_version: None }
    }

    optional_setters! {
        /// Sets the version of the engine that will run the statements.
        with_engine_version => engine_version: String;
    }
}

/// How a compute mounts a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogAttachment {
    /// SQL statements, in order. `None`: this engine needs none, its access is set up outside of SQL, and it is told
    /// nothing more of the catalog; an empty list: it could, and there is nothing to attach.
    ///
    /// A secret stands in them as `{{ env_var("NAME") }}`, with double quotes, between the quotes of a literal: who runs
    /// the statements puts its value there, each `'` doubled.
    #[serde(default)]
    pub statements: Option<Vec<String>>,
}

impl CatalogAttachment {
    /// This engine needs no statements.
    pub fn none_needed() -> Self {
        Self::default()
    }

    /// Statements to run in order.
    pub fn statements(statements: Vec<String>) -> Self {
        Self { statements: Some(statements) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_needed_and_empty_are_told_apart() {
        let none = serde_json::to_string(&CatalogAttachment::none_needed()).unwrap();
        let empty = serde_json::to_string(&CatalogAttachment::statements(Vec::new())).unwrap();
        assert_eq!((none.as_str(), empty.as_str()), (r#"{"statements":null}"#, r#"{"statements":[]}"#));
    }

    #[test]
    fn a_login_of_a_later_version_reads_as_unknown() {
        let auth: CatalogAuth = serde_json::from_str(r#"{"type":"sigv4","region":"eu"}"#).unwrap();
        assert_eq!(auth, CatalogAuth::Unknown);
    }

    #[test]
    fn vended_credentials_end() {
        let vended = VendedCredentials::new(Vec::new()).with_expires_at_ms(1_000_u64);
        assert!(!vended.is_expired(999) && vended.is_expired(1_000));
        assert!(!VendedCredentials::default().is_expired(u64::MAX));
    }
}
