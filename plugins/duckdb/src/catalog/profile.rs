//! A catalog in a dbt-duckdb profile: entries of `extensions`, `secrets` and `attach`.

use floe_plugin_api::{CatalogConfig, PluginResult};
use floe_plugin_common::wrong;
use serde_json::{Map, Value, json};

use super::options::{CatalogOption, OptionValue};
use super::version::Version;
use super::{EXTENSIONS, Mount};
use crate::config::{Attachment, DuckDbSecret, Extension, Settings};
use crate::rules::main_name;

/// Adds what mounts a catalog to a compute's settings.
///
/// `is_ducklake` keeps dbt-duckdb from `DROP … CASCADE`, which DuckDB refuses on Iceberg tables.
///
/// # Errors
/// A configuration error for what DuckDB cannot mount beside the compute's own databases.
pub(crate) fn mount(settings: &mut Settings, catalog: &CatalogConfig) -> PluginResult<()> {
    let mount = Mount::of(catalog)?;
    is_free(settings, catalog)?;
    extensions(settings);
    if let Some(secret) = secret(&mount)? {
        settings.secrets.get_or_insert_default().push(secret);
    }
    settings.attach.get_or_insert_default().push(attachment(&mount)?);
    if builds_in_catalog(settings, catalog) {
        // dbt-duckdb makes a table and renames it in one transaction, which the extension refuses.
        settings.disable_transactions.get_or_insert(true);
    }
    Ok(())
}

/// Adds the extensions alone, for a check that attaches the catalog itself.
///
/// # Errors
/// As [`mount`].
pub(crate) fn for_check(settings: &mut Settings, catalog: &CatalogConfig) -> PluginResult<()> {
    Mount::of(catalog)?;
    is_free(settings, catalog)?;
    extensions(settings);
    Ok(())
}

fn is_free(settings: &Settings, catalog: &CatalogConfig) -> PluginResult<()> {
    let taken = settings.attached().iter().filter_map(Attachment::name);
    if taken.chain(main_name(settings)).any(|name| name.eq_ignore_ascii_case(&catalog.name)) {
        return Err(wrong(
            "catalog_name",
            format!("the manifest's catalog and a database of this compute are both called `{}`", catalog.name),
            "give the catalog another `name` in the manifest, or the database another `alias`",
        ));
    }
    Ok(())
}

/// Adds the extensions that a catalog needs.
fn extensions(settings: &mut Settings) {
    let extensions = settings.extensions.get_or_insert_default();
    for name in EXTENSIONS {
        if !extensions.iter().any(|extension| extension.name().eq_ignore_ascii_case(name)) {
            extensions.push(Extension::Named(name.to_owned()));
        }
    }
}

/// Whether dbt builds its models in the catalog.
pub(crate) fn builds_in_catalog(settings: &Settings, catalog: &CatalogConfig) -> bool {
    settings.database.as_deref().is_some_and(|database| database.eq_ignore_ascii_case(&catalog.name))
}

fn secret(mount: &Mount<'_>) -> PluginResult<Option<DuckDbSecret>> {
    let login = mount.login();
    if login.is_empty() {
        return Ok(None);
    }
    let mut entry = Map::new();
    entry.insert("type".to_owned(), "iceberg".into());
    entry.insert("name".to_owned(), mount.secret_name().into());
    entry.extend(login.iter().map(|setting| (setting.name.to_owned(), setting.value.expose().into())));
    read(Value::Object(entry)).map(Some)
}

fn attachment(mount: &Mount<'_>) -> PluginResult<Attachment> {
    let version = Version::of(None)?;
    let mut options = Map::new();
    options.insert(version.address_option().to_lowercase(), mount.catalog.uri.clone().into());
    options.insert("access_delegation_mode".to_owned(), mount.delegation().into());
    let mut entry = json!({
        "path": mount.catalog.warehouse,
        "type": "iceberg",
        "alias": mount.catalog.name,
        "is_ducklake": true,
    });
    if mount.login().is_empty() {
        options.insert("authorization_type".to_owned(), "none".into());
    } else {
        entry["secret"] = mount.secret_name().into();
    }
    for option in mount.options.iter().copied().chain(mount.unstaged(version)) {
        if option.name == "read_only" {
            entry["read_only"] = written(option);
        } else {
            options.insert(option.name.to_owned(), written(option));
        }
    }
    entry["options"] = Value::Object(options);
    read(entry)
}

/// dbt-duckdb 1.11 leaves an option out that is `false`; DuckDB reads 0 as false.
fn written(option: CatalogOption<'_>) -> Value {
    match option.value {
        OptionValue::Text(text) => text.into(),
        OptionValue::Flag(true) => true.into(),
        OptionValue::Flag(false) if option.name == "read_only" => false.into(),
        OptionValue::Flag(false) => 0.into(),
    }
}

/// The settings' own types read what the manifest could have said.
fn read<T: serde::de::DeserializeOwned>(entry: Value) -> PluginResult<T> {
    serde_json::from_value(entry).map_err(|error| {
        wrong(
            "catalog",
            format!("the catalog fits no entry of a dbt-duckdb profile: {error}"),
            "report it: a defect of the plugin",
        )
    })
}
