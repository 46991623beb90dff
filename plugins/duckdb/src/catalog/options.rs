//! `options` of the catalog: options of DuckDB's `ATTACH … (TYPE iceberg)`.

use floe_plugin_api::PluginResult;
use floe_plugin_common::wrong;
use serde_json::Value;

/// The kind of an option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
}

/// Names, kinds, and whether the option came with DuckDB 1.5.4. The secret's, the address's and the delegation's have
/// keys of their own in the manifest.
const KNOWN: [(&str, Kind, bool); 11] = [
    ("default_region", Kind::Text, false),
    ("default_schema", Kind::Text, false),
    ("max_table_staleness", Kind::Text, false),
    ("read_only", Kind::Flag, false),
    ("support_nested_namespaces", Kind::Flag, false),
    ("encode_entire_prefix", Kind::Flag, true),
    ("purge_requested", Kind::Flag, false),
    ("stage_create_tables", Kind::Flag, true),
    ("disable_multi_table_commit", Kind::Flag, true),
    ("skip_create_table_metadata_updates", Kind::Flag, true),
    ("remove_files_on_delete", Kind::Flag, true),
];

/// Value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionValue<'a> {
    /// Text.
    Text(&'a str),
    /// True or false.
    Flag(bool),
}

/// One option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CatalogOption<'a> {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Its value.
    pub value: OptionValue<'a>,
    /// Whether DuckDB knows it from 1.5.4 on only.
    pub is_new: bool,
}

impl<'a> CatalogOption<'a> {
    /// Creates the option that keeps `CREATE TABLE AS` alive beyond the life of vended credentials.
    pub(crate) const fn unstaged() -> Self {
        Self { name: "stage_create_tables", value: OptionValue::Flag(false), is_new: true }
    }

    /// Reads an entry of `options`.
    ///
    /// # Errors
    /// A configuration error for a name or a value that DuckDB does not take.
    pub(crate) fn of(key: &str, value: &'a Value) -> PluginResult<Self> {
        let Some((name, kind, is_new)) = KNOWN.iter().find(|(name, ..)| *name == key) else {
            let known: Vec<String> = KNOWN.iter().map(|(name, ..)| format!("`{name}`")).collect();
            return Err(wrong(
                "catalog_option",
                format!("`options` of the catalog holds `{key}`, which DuckDB does not know"),
                format!("allowed: {}", known.join(", ")),
            ));
        };
        let value = match (kind, value) {
            (Kind::Flag, Value::Bool(flag)) => OptionValue::Flag(*flag),
            (Kind::Text, Value::String(text)) => OptionValue::Text(unquoted(name, text)?),
            _ => {
                let (what, example) = match kind {
                    Kind::Flag => ("true or false", "true"),
                    Kind::Text => ("text", "NAME"),
                };
                return Err(wrong(
                    "catalog_option",
                    format!("`options.{name}` of the catalog is not {what}"),
                    format!("write `{name}: {example}`"),
                ));
            }
        };
        Ok(Self { name, value, is_new: *is_new })
    }
}

/// dbt-duckdb 1.11 takes text between quotes for SQL and pastes it in as it is.
fn unquoted<'a>(name: &str, text: &'a str) -> PluginResult<&'a str> {
    if text.trim().starts_with(['\'', '"']) {
        return Err(wrong(
            "catalog_option",
            format!("`options.{name}` of the catalog begins with a quote"),
            "write the text without quotes; floe adds them",
        ));
    }
    Ok(text)
}
