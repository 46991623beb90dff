//! The methods of the boundary, and which documents each takes and returns.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::catalog::{CatalogAttachment, CatalogAttachmentRequest};
use crate::check::{CheckRequest, ConnectionResult};
use crate::config::{ConfigSchema, ConfigSchemaRequest};
use crate::metadata::{MetadataRequest, PluginMetadata};
use crate::packages::{DbtPackages, DbtPackagesRequest};
use crate::profile::{ProfileRequest, ProfileResponse};
use crate::resources::{ResourceSpec, ResourcesRequest};

/// A method of the boundary. None of them executes a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// What the plugin is.
    Metadata,
    /// The schema of its settings.
    ConfigSchema,
    /// The dbt profile of a compute.
    GenerateDbtProfile,
    /// The Python packages that dbt needs.
    GetRequiredDbtPackages,
    /// The live check.
    ValidateConnection,
    /// The size of the pod.
    GetResourceRequirements,
    /// The SQL that mounts an Iceberg catalog.
    GetCatalogAttachmentSql,
}

impl Method {
    /// Every method, in the order of the ABI.
    pub const ALL: [Self; 7] = [
        Self::Metadata,
        Self::ConfigSchema,
        Self::GenerateDbtProfile,
        Self::GetRequiredDbtPackages,
        Self::ValidateConnection,
        Self::GetResourceRequirements,
        Self::GetCatalogAttachmentSql,
    ];

    /// Its name in the requirements, in the trait and in the ABI.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::ConfigSchema => "config_schema",
            Self::GenerateDbtProfile => "generate_dbt_profile",
            Self::GetRequiredDbtPackages => "get_required_dbt_packages",
            Self::ValidateConnection => "validate_connection",
            Self::GetResourceRequirements => "get_resource_requirements",
            Self::GetCatalogAttachmentSql => "get_catalog_attachment_sql",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request document: knows its method and what comes back.
pub trait Request: Serialize + DeserializeOwned {
    /// The document that answers it.
    type Response: Serialize + DeserializeOwned;
    /// The method that takes it.
    const METHOD: Method;
}

macro_rules! requests {
    ($($request:ty => $method:ident => $response:ty;)*) => {$(
        impl Request for $request {
            type Response = $response;
            const METHOD: Method = Method::$method;
        }
    )*};
}

requests! {
    MetadataRequest => Metadata => PluginMetadata;
    ConfigSchemaRequest => ConfigSchema => ConfigSchema;
    ProfileRequest => GenerateDbtProfile => ProfileResponse;
    DbtPackagesRequest => GetRequiredDbtPackages => DbtPackages;
    CheckRequest => ValidateConnection => ConnectionResult;
    ResourcesRequest => GetResourceRequirements => ResourceSpec;
    CatalogAttachmentRequest => GetCatalogAttachmentSql => CatalogAttachment;
}
