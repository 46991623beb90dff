//! DuckDB's words, turned into what happened and what to do.

use std::path::Path;

use floe_plugin_api::{ErrorKind, PluginError, Warning};

use crate::config::Extension;
use floe_plugin_common::wrong;

/// The engine does not start with the compute's options.
pub(crate) fn options(words: &str) -> PluginError {
    if let Some(name) = words.split("not recognized: ").nth(1) {
        let name = name.trim();
        return wrong(
            "unknown_option",
            format!("`config_options` holds `{name}`, which DuckDB does not know"),
            "check its spelling; settings of an extension belong below `settings`, with the extension in `extensions`",
        );
    }
    if let Some(extension) = needed_extension(words) {
        return wrong(
            "unknown_option",
            format!("`config_options` holds a setting of the extension `{extension}`, which is not loaded so early"),
            format!("move it to `settings`, and list `{extension}` in `extensions`"),
        );
    }
    wrong(
        "invalid_option",
        format!("DuckDB does not start with `config_options`: {}", first_line(words)),
        "change or remove the option that DuckDB names",
    )
}

/// An option's value is refused. DuckDB does not say why, and its words repeat the value.
pub(crate) fn option_value(name: &str) -> PluginError {
    wrong(
        "invalid_option",
        format!("DuckDB refuses the value of `config_options.{name}`"),
        "write a value that the option takes",
    )
}

/// A setting is refused; a warning where an extension that is not there would explain it.
pub(crate) fn setting(name: &str, words: &str, extension_missing: bool) -> Result<Warning, PluginError> {
    if let Some(extension) = needed_extension(words) {
        return Ok(Warning::new(
            "extension_missing",
            format!("`settings.{name}` belongs to the extension `{extension}`, which is not installed here"),
        )
        .with_help(format!("list `{extension}` in `extensions`, so that dbt installs it before it sets this")));
    }
    if words.contains("unrecognized configuration parameter") {
        let message = format!("`settings.{name}` is no setting that DuckDB knows");
        if extension_missing {
            return Ok(Warning::new("unchecked", format!("{message} without the extensions that are missing"))
                .with_help("install the extensions, then check again"));
        }
        let near = quoted_after(words, "Did you mean: ").map(|near| format!("did you mean `{near}`? "));
        let help = "a setting of an extension needs that extension in `extensions`";
        return Err(wrong("unknown_setting", message, format!("{}{help}", near.unwrap_or_default())));
    }
    Err(wrong(
        "invalid_setting",
        format!("DuckDB refuses the value of `settings.{name}`: {}", first_line(words)),
        "write a value that the setting takes",
    ))
}

/// An extension cannot be loaded.
pub(crate) fn extension(extension: &Extension, words: &str, version: &str) -> Warning {
    let name = extension.name();
    if words.contains("signature") {
        return Warning::new(
            "extension_unsigned",
            format!("the extension `{name}` is not signed, so DuckDB refuses it"),
        )
        .with_help("install a signed build of it, or set `config_options.allow_unsigned_extensions: true`");
    }
    if words.contains("built specifically for") || words.contains("built for") {
        return Warning::new(
            "extension_version",
            format!("the extension `{name}` is a build for another version or platform than DuckDB {version}"),
        )
        .with_help(format!("install the build for DuckDB {version}: delete the old file, or replace it"));
    }
    let not_there = words.contains("not found") || words.contains("Failed to download extension");
    if !not_there {
        return Warning::new(
            "extension_broken",
            format!("the extension `{name}` cannot be loaded: {}", first_line(words)),
        )
        .with_help("delete its file and install it anew");
    }
    let file = quoted_after(words, "Extension ").filter(|file| file.contains('/'));
    let unknown = extension.repo().is_none() && words.contains("Candidate extensions");
    let near = quoted_after(words, "Candidate extensions: ").filter(|_| unknown);
    let spelling = near.map(|near| format!("if `{name}` is a slip, did you mean `{near}`? ")).unwrap_or_default();
    let place = file.map_or_else(
        || "set `config_options.extension_directory` to a folder that holds it".to_owned(),
        |file| {
            format!("put its file at `{file}`, or set `config_options.extension_directory` to a folder that holds it")
        },
    );
    Warning::new("extension_missing", format!("the extension `{name}` is not installed for DuckDB {version}"))
        .with_help(format!(
            "{spelling}online, dbt downloads it when it first connects, if the network lets it reach the extension \
             repository; offline, {place}"
        ))
}

/// A file cannot be opened.
pub(crate) fn file(path: &Path, words: &str, version: Option<&str>) -> PluginError {
    let shown = path.display();
    let failed = |reason: &str, message: String, help: &str| {
        PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
    };
    if words.contains("Trying to read a database file with version number") {
        let by = version.map(|version| format!(" by DuckDB {version}")).unwrap_or_default();
        let older = words.contains("older version") || is_older(words);
        let (reason, age) = if older { ("older_format", "older") } else { ("newer_format", "newer") };
        return failed(
            reason,
            format!("`{shown}` was written{by} in a format that is {age} than DuckDB v1.5 reads"),
            if older {
                "open it with the DuckDB that wrote it, `EXPORT DATABASE`, and import that into a new file"
            } else {
                "keep the compute's Python environment at `duckdb<2`, and write the file anew: with the DuckDB that \
                 wrote it, `EXPORT DATABASE`, then import that into a new file"
            },
        );
    }
    if words.contains("Permission denied") {
        return failed(
            "unreadable",
            format!("`{shown}` may not be read by this user"),
            "give the user that runs dbt the right to read and write it",
        );
    }
    if words.contains("encrypt") {
        return failed(
            "encrypted",
            format!("`{shown}` is encrypted, and dbt-duckdb opens `path` without a key"),
            "leave `path` in memory and name the file under `attach`, with `options.encryption_key` and `database` as \
             its alias",
        );
    }
    if words.contains("not a valid DuckDB database file") {
        return not_a_database(path, "it is something else");
    }
    if words.contains("Corrupt") || words.contains("Could not read enough bytes") || words.contains("checksum") {
        return failed(
            "corrupt",
            format!("`{shown}` is damaged: {}", first_line(words)),
            "restore it from a copy, or move it away and let dbt build it anew",
        );
    }
    failed("open", format!("DuckDB cannot open `{shown}`: {}", first_line(words)), "mend what DuckDB names")
}

/// A file holds no DuckDB database, but what follows.
pub(crate) fn not_a_database(path: &Path, but: &str) -> PluginError {
    PluginError::new(ErrorKind::Connection, format!("`{}` is no DuckDB database: {but}", path.display()))
        .with_reason("not_a_database")
        .with_help("point `path` at a DuckDB file, or at one that does not exist yet: dbt makes it")
}

/// The extension that DuckDB would have installed by itself.
fn needed_extension(words: &str) -> Option<&str> {
    let after = words
        .split("required extension '")
        .nth(1)
        .or_else(|| words.split("setting, the ").nth(1).filter(|_| words.contains("extension needs to be loaded")))?;
    after.split(['\'', ' ']).next()
}

/// `version number 51, but we can only read versions between 64 and 68`.
fn is_older(words: &str) -> bool {
    let number = |before: &str| -> Option<u64> {
        let after = words.split(before).nth(1)?;
        after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    matches!((number("version number "), number("versions between ")), (Some(found), Some(least)) if found < least)
}

fn quoted_after<'a>(words: &'a str, before: &str) -> Option<&'a str> {
    words.split(before).nth(1)?.split('"').nth(1)
}

fn first_line(words: &str) -> &str {
    words.lines().next().unwrap_or_default()
}
