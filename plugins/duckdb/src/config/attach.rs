//! Attached databases.

use floe_plugin_api::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use std::collections::BTreeMap;

use super::Scalar;
use crate::location::Location;

/// A database that dbt attaches beside the one at `path`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Database file, `md:<database>`, `ducklake:<metadata>`, a connection string (`postgres:dbname=sales`), a URL, or
    /// a warehouse of an Iceberg catalog. A relative path counts from the dbt project's folder.
    #[schemars(length(min = 1), extend("x-floe-path" = true))]
    pub path: String,
    /// Kind of database: `duckdb`, `sqlite`, `postgres`, `mysql`, `ducklake`, `iceberg`, or that of an extension.
    /// Default: `duckdb`, or what the path says.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name under which SQL finds it. Default: the name that DuckDB derives from `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Name of the entry of `secrets` that opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-floe-secret" = false))]
    pub secret: Option<String>,
    /// Attaches it for reading alone, so that several processes may have it open. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// It is a DuckLake, or wants the same care (no `DROP … CASCADE`), although its path does not begin with
    /// `ducklake:`. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_ducklake: Option<bool>,
    /// Further options of `ATTACH`, such as `data_path` of a DuckLake or `endpoint` of an Iceberg catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<AttachOptions>,
}

/// Options of `ATTACH`. Besides those named here any option of DuckDB or of the extension may stand: text, a number,
/// true or false.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttachOptions {
    /// Key of an encrypted DuckDB file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<Secret>,
    /// Bearer token of an Iceberg catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// OAuth 2.0 client secret of an Iceberg catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    #[serde(flatten)]
    #[allow(missing_docs, reason = "a description would be shown for every option")]
    pub other: Others,
}

/// What an open map holds besides the keys that have a type of their own, in the user's order.
pub(crate) type Others = OrderedScalars;

/// Scalars by name, in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderedScalars(Vec<(String, Scalar)>);

impl OrderedScalars {
    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Scalar)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a name, whatever its case: DuckDB knows none.
    pub fn get(&self, name: &str) -> Option<&Scalar> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Serialize for OrderedScalars {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for OrderedScalars {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer)?
            .into_iter()
            .map(|(name, value)| Ok((name, Scalar::deserialize(value).map_err(serde::de::Error::custom)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl JsonSchema for OrderedScalars {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalars".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        BTreeMap::<String, Scalar>::json_schema(generator)
    }
}

impl Attachment {
    /// Where its path points; a `type` that is no file's makes it foreign.
    pub fn location(&self) -> Location {
        let location = Location::of(&self.path);
        match self.kind().as_deref() {
            None | Some("duckdb" | "sqlite") => location,
            Some(kind) if matches!(location, Location::File(_) | Location::Memory) => {
                Location::Foreign { kind: kind.to_owned(), rest: self.path.clone() }
            }
            Some(_) => location,
        }
    }

    /// Its kind in lower case, from `type` or `options.type`.
    pub fn kind(&self) -> Option<String> {
        let option = || self.options.as_ref()?.other.get("type")?.as_str();
        self.kind.as_deref().or_else(option).map(str::to_lowercase)
    }

    /// Whether it is attached for reading alone.
    pub fn is_read_only(&self) -> bool {
        let option = self.options.as_ref().and_then(|options| options.other.get("read_only"));
        self.read_only.unwrap_or(false) || option.is_some_and(|value| value.to_text().eq_ignore_ascii_case("true"))
    }

    /// The name under which SQL finds it.
    pub fn name(&self) -> Option<String> {
        self.alias.clone().or_else(|| crate::location::database_name(&self.path))
    }
}
