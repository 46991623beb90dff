//! What must hold between settings and a JSON Schema cannot say.

use std::collections::BTreeSet;

use floe_plugin_api::PluginResult;
use floe_plugin_common::wrong;
use serde_json::Value;

use crate::config::{Attachment, Scalar, Settings};
use crate::location::{Location, database_name};
use crate::memory::{self, SizeError};

/// Checks the settings.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify(settings: &Settings) -> PluginResult<()> {
    verify_beside(settings, None)
}

/// The same where a catalog is mounted that is no entry of the settings.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(crate) fn verify_beside(settings: &Settings, catalog: Option<&str>) -> PluginResult<()> {
    main_path(settings)?;
    sizes(settings)?;
    names(settings)?;
    attached(settings)?;
    database(settings, catalog)?;
    tokens(settings)
}

fn main_path(settings: &Settings) -> PluginResult<()> {
    let path = settings.path.as_deref().unwrap_or_default();
    match settings.location() {
        Location::NamedMemory => Err(wrong(
            "path",
            format!("`path` is {path:?}: dbt-duckdb cannot address a database in memory that has a name"),
            "write `:memory:`, or leave `path` out",
        )),
        Location::Remote => Err(wrong(
            "path",
            format!("`path` is {path:?}: DuckDB only reads databases at such addresses, and dbt must write"),
            "build into a file or in memory, and name the address under `attach` with `read_only: true`",
        )),
        _ => Ok(()),
    }
}

/// Memory and disk limits, under every name and in both maps.
///
/// # Errors
/// A configuration error for the first that is no size.
pub(crate) fn sizes(settings: &Settings) -> PluginResult<()> {
    const SIZES: [&str; 3] = ["memory_limit", "max_memory", "max_temp_directory_size"];
    for (map, name, value) in every_setting(settings) {
        let is_size = SIZES.iter().any(|size| size.eq_ignore_ascii_case(&name));
        let text = value.to_text();
        if !is_size || text.contains("{{") {
            continue;
        }
        if let Err(why) = memory::bytes(&text) {
            return Err(wrong(
                &name.to_lowercase(),
                size_message(&format!("{map}.{name}"), &text, why),
                size_help(why),
            ));
        }
    }
    Ok(())
}

fn size_message(key: &str, text: &str, why: SizeError) -> String {
    let why = match why {
        SizeError::NoNumber => "it does not begin with a number",
        SizeError::Unit => "its unit is none that DuckDB knows",
        SizeError::Percent => "DuckDB takes no percentage here",
        SizeError::TooLarge => "it is too large",
    };
    format!("`{key}` is {text:?}, which is no size: {why}")
}

fn size_help(why: SizeError) -> &'static str {
    match why {
        SizeError::Percent => "write an amount, such as `4GB`",
        _ => "write a number and one of KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024): `4GB`",
    }
}

/// What dbt-duckdb pastes into SQL without quotes must be a name.
fn names(settings: &Settings) -> PluginResult<()> {
    let extensions = settings.extensions().iter().map(|extension| ("extensions", extension.name()));
    let aliases = settings.attached().iter().filter_map(|entry| Some(("attach[].alias", entry.alias.as_deref()?)));
    let secrets =
        settings.secrets.iter().flatten().filter_map(|secret| Some(("secrets[].name", secret.name.as_deref()?)));
    for (key, name) in extensions.chain(aliases).chain(secrets) {
        if !is_name(name) && !name.contains("{{") {
            return Err(wrong(
                "name",
                format!("`{key}` holds {name:?}, which SQL cannot take as a name"),
                "use letters, digits and `_`, and begin with a letter or `_`",
            ));
        }
    }
    for (map, name, _) in every_setting(settings) {
        if !is_name(&name) {
            return Err(wrong(
                "name",
                format!("`{map}` holds the key {name:?}, which is no name of a setting"),
                "write the setting's name alone; its value goes behind the colon",
            ));
        }
    }
    Ok(())
}

/// Whether SQL takes a text as a name without quotes.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn attached(settings: &Settings) -> PluginResult<()> {
    let mut taken = BTreeSet::from(["system".to_owned(), "temp".to_owned()]);
    taken.extend(main_name(settings).map(|name| name.to_lowercase()));
    for entry in settings.attached() {
        doubled(entry)?;
        let Some(name) = entry.name() else { continue };
        if !taken.insert(name.to_lowercase()) {
            return Err(wrong(
                "attach_alias",
                format!("two databases would be called `{name}`: the one attached from {:?} is the second", entry.path),
                "give it another `alias`; `system` and `temp` are DuckDB's own",
            ));
        }
    }
    let mut secrets = BTreeSet::new();
    for name in settings.secrets.iter().flatten().filter_map(|secret| secret.name.as_deref()) {
        if !secrets.insert(name.to_lowercase()) {
            return Err(wrong(
                "secret_name",
                format!("two entries of `secrets` are called `{name}`: the second would replace the first"),
                "give each its own `name`",
            ));
        }
    }
    Ok(())
}

/// dbt-duckdb refuses an option that is given both as a key and below `options`.
fn doubled(entry: &Attachment) -> PluginResult<()> {
    let Some(options) = &entry.options else { return Ok(()) };
    let keys = [
        ("type", entry.kind.is_some()),
        ("secret", entry.secret.is_some()),
        ("read_only", entry.read_only.unwrap_or(false)),
    ];
    match keys.iter().find(|(key, given)| *given && options.other.get(key).is_some()) {
        Some((key, _)) => Err(wrong(
            "attach_option",
            format!("the database attached from {:?} has `{key}` twice: beside `path` and below `options`", entry.path),
            format!("keep `{key}` beside `path` and remove it from `options`"),
        )),
        None => Ok(()),
    }
}

/// The name of the database at `path`.
pub(crate) fn main_name(settings: &Settings) -> Option<String> {
    database_name(settings.path.as_deref().unwrap_or(""))
}

/// dbt-duckdb refuses a `database` that is neither the one at `path` nor an attached one's alias.
fn database(settings: &Settings, catalog: Option<&str>) -> PluginResult<()> {
    let (Some(database), Some(derived)) = (&settings.database, main_name(settings)) else { return Ok(()) };
    let aliases = settings.attached().iter().filter_map(|entry| entry.alias.as_deref());
    let aliases: Vec<&str> = aliases.chain(catalog).collect();
    if *database == derived || aliases.contains(&database.as_str()) || database.contains("{{") {
        return Ok(());
    }
    let allowed: Vec<String> = [derived.as_str()].iter().chain(&aliases).map(|name| format!("`{name}`")).collect();
    Err(wrong(
        "database",
        format!("`database` is `{database}`, but the database at `path` is called `{derived}`"),
        format!("leave `database` out, or write {}", allowed.join(" or ")),
    ))
}

fn tokens(settings: &Settings) -> PluginResult<()> {
    let below = settings.settings.as_ref().and_then(|below| below.motherduck_token.as_ref());
    if settings.motherduck_token.is_some() && below.is_some() {
        return Err(wrong(
            "motherduck_token",
            "`motherduck_token` is given twice: at the top and below `settings`",
            "keep the one at the top",
        ));
    }
    Ok(())
}

/// Everything in `settings` and `config_options`: map, name, value.
fn every_setting(settings: &Settings) -> Vec<(&'static str, String, Scalar)> {
    let below = |map: &'static str, entries: Vec<(String, Scalar)>| entries.into_iter().map(move |(n, v)| (map, n, v));
    below("settings", settings.engine_settings()).chain(below("config_options", settings.start_options())).collect()
}

/// Refuses what no engine takes and its C interface cannot carry.
pub(crate) fn without_nul(value: &Value) -> PluginResult<()> {
    let found = match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => return list.iter().try_for_each(without_nul),
        Value::Object(map) => {
            map.values().try_for_each(without_nul)?;
            map.keys().any(|key| key.contains('\0'))
        }
        _ => false,
    };
    if found {
        return Err(wrong("nul", "a setting holds a character with the code 0", "remove it: DuckDB cannot take it"));
    }
    Ok(())
}
