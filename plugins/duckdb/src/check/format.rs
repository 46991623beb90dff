//! The first bytes of a file, read without DuckDB: what it is, when it is no database.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use floe_plugin_api::{PluginError, PluginResult};

use super::explain;

/// Checksum, magic word, format version, flags, and then the version of the DuckDB that wrote it.
const HEADER: usize = 84;
const MAGIC: std::ops::Range<usize> = 8..12;
const WRITER: std::ops::Range<usize> = 52..84;

/// What the header of a DuckDB file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// The DuckDB that made the file: `v1.5.5`; since 1.2.
    pub writer: Option<String>,
}

/// Reads the header.
///
/// # Errors
/// Where the file is no DuckDB database.
pub(crate) fn read(file: &mut File, path: &Path) -> PluginResult<Header> {
    let mut bytes = Vec::with_capacity(HEADER);
    file.take(HEADER as u64).read_to_end(&mut bytes).map_err(|error| explain::file(path, &error.to_string(), None))?;
    if bytes.get(MAGIC) != Some(b"DUCK") {
        return Err(other_kind(path, &bytes));
    }
    let writer = bytes.get(WRITER).map(|bytes| bytes.split(|byte| *byte == 0).next().unwrap_or_default());
    let writer = writer.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let plausible = |text: &&str| text.starts_with('v') && text.chars().all(|c| c.is_ascii_graphic());
    Ok(Header { writer: writer.filter(plausible).map(str::to_owned) })
}

fn other_kind(path: &Path, bytes: &[u8]) -> PluginError {
    let attach = |kind: &str, what: &str| {
        explain::not_a_database(path, what)
            .with_help(format!("name it under `attach` with `type: {kind}`, and let `path` point at a DuckDB file"))
    };
    let source = |what: &str| {
        explain::not_a_database(path, what)
            .with_help("read it as a source or external table, and let `path` point at a DuckDB file")
    };
    match bytes {
        [] => explain::not_a_database(path, "it is empty").with_help("delete it: dbt then makes the database itself"),
        _ if bytes.starts_with(b"SQLite format 3\0") => attach("sqlite", "it is an SQLite database"),
        _ if bytes.starts_with(b"PAR1") => source("it is a Parquet file"),
        _ if bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            explain::not_a_database(path, "it is a text file")
        }
        _ => explain::not_a_database(path, "it is a file of another kind"),
    }
}
