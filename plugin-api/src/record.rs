//! The static record: what a plugin says of itself before anything of it is executed.
//!
//! It is a constant of its own section in the library (`.floe_plugin` in ELF, `__DATA,__floe_plugin` in Mach-O): eight
//! bytes of magic, the length of the JSON as four bytes (little endian), and the JSON. No padding, no pointers, so that
//! it can be read from the file.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// First bytes of the record.
pub const MAGIC: [u8; 8] = *b"FLOEPLG1";

/// Name of the section in ELF files.
pub const ELF_SECTION: &str = ".floe_plugin";

/// Segment and section in Mach-O files.
pub const MACHO_SECTION: (&str, &str) = ("__DATA", "__floe_plugin");

/// The JSON of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StaticRecord {
    /// Name of the plugin, as manifests write it.
    pub name: String,
    /// Version (semver) of the plugin.
    pub version: String,
    /// Version (semver) of the boundary that it was built for.
    pub floe_api_version: String,
    /// Version of the crate `floe-plugin-api` that it was built with.
    pub plugin_api_version: String,
    /// The compiler that built it.
    #[serde(default)]
    pub rustc: String,
    /// Target triple that it was built for.
    #[serde(default)]
    pub target: String,
    /// Environment variables that it wants to see, besides those that every plugin sees.
    #[serde(default)]
    pub env: Vec<String>,
}

/// Why the bytes of the section are no record.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The magic bytes are not there.
    #[error("it does not begin with the magic bytes of a floe plugin")]
    Magic,
    /// The section is shorter than the record says.
    #[error("it ends before the record does")]
    Truncated,
    /// The JSON cannot be read.
    #[error("its JSON cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

impl StaticRecord {
    /// Reads the bytes of the section. Bytes behind the record are the linker's and do not count.
    ///
    /// # Errors
    /// [`RecordError`] saying what is wrong with the bytes.
    pub fn parse(section: &[u8]) -> Result<Self, RecordError> {
        let rest = section.strip_prefix(&MAGIC).ok_or(RecordError::Magic)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(RecordError::Truncated)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| RecordError::Truncated)?;
        let json = rest.get(..length).ok_or(RecordError::Truncated)?;
        Ok(serde_json::from_slice(json)?)
    }
}

/// What `export_plugin!` knows when it is expanded.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    pub name: &'static str,
    pub version: &'static str,
    pub env: &'static [&'static str],
}

/// The record as it lies in the file.
#[doc(hidden)]
#[derive(Debug)]
#[repr(C)]
pub struct RecordBytes<const N: usize> {
    magic: [u8; 8],
    length: [u8; 4],
    json: [u8; N],
}

impl<const N: usize> RecordBytes<N> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(identity: &Identity) -> Self {
        let (json, length) = encode::<N>(identity);
        assert!(length == N, "the record's length is that of its JSON");
        #[allow(clippy::cast_possible_truncation, reason = "checked: a name, a version, a few variables")]
        let length_bytes = (length as u32).to_le_bytes();
        Self { magic: MAGIC, length: length_bytes, json }
    }
}

/// Length of the record's JSON. Fails to compile where a part would break it.
#[doc(hidden)]
#[must_use]
pub const fn json_len(identity: &Identity) -> usize {
    assert!(is_plugin_name(identity.name), "a plugin's name matches [a-z][a-z0-9_-]{{0,62}}");
    assert!(is_plain(identity.version) && !identity.version.is_empty(), "a plugin's version is semver: 1.2.3");
    let mut at = 0;
    while at < identity.env.len() {
        assert!(is_variable(identity.env[at]), "an environment variable's name matches [A-Za-z_][A-Za-z0-9_]*");
        at += 1;
    }
    encode::<0>(identity).1
}

/// Writes the JSON as far as N bytes hold it and says how long it is.
const fn encode<const N: usize>(identity: &Identity) -> ([u8; N], usize) {
    let fields = [
        ("{\"name\":\"", identity.name),
        ("\",\"version\":\"", identity.version),
        ("\",\"floe_api_version\":\"", crate::FLOE_API_VERSION),
        ("\",\"plugin_api_version\":\"", crate::version::PLUGIN_API_CRATE_VERSION),
        ("\",\"rustc\":\"", crate::version::RUSTC_VERSION),
        ("\",\"target\":\"", crate::version::TARGET),
    ];
    let (mut bytes, mut at) = ([0; N], 0);
    let mut field = 0;
    while field < fields.len() {
        (bytes, at) = push(bytes, at, fields[field].0);
        (bytes, at) = push(bytes, at, fields[field].1);
        field += 1;
    }
    (bytes, at) = push(bytes, at, "\",\"env\":[");
    let mut variable = 0;
    while variable < identity.env.len() {
        (bytes, at) = push(bytes, at, if variable == 0 { "\"" } else { ",\"" });
        (bytes, at) = push(bytes, at, identity.env[variable]);
        (bytes, at) = push(bytes, at, "\"");
        variable += 1;
    }
    push(bytes, at, "]}")
}

const fn push<const N: usize>(mut bytes: [u8; N], mut at: usize, text: &str) -> ([u8; N], usize) {
    let text = text.as_bytes();
    let mut next = 0;
    while next < text.len() {
        if at < N {
            bytes[at] = text[next];
        }
        at += 1;
        next += 1;
    }
    (bytes, at)
}

const fn is_plugin_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 63 || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut at = 0;
    while at < bytes.len() {
        if !matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
            return false;
        }
        at += 1;
    }
    true
}

const fn is_variable(name: &str) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes[0].is_ascii_digit() {
        return false;
    }
    let mut at = 0;
    while at < bytes.len() {
        if !(bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
            return false;
        }
        at += 1;
    }
    true
}

/// Printable ASCII that JSON takes as it is.
const fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !(bytes[at].is_ascii_graphic() && bytes[at] != b'"' && bytes[at] != b'\\') {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity { name: "nimbus", version: "2.1.0-rc.1", env: &["HOME", "NIMBUS_TOKEN"] };
    const RECORD: RecordBytes<{ json_len(&IDENTITY) }> = RecordBytes::new(&IDENTITY);

    fn section() -> Vec<u8> {
        [&RECORD.magic[..], &RECORD.length, &RECORD.json, b"\0\0\0"].concat()
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        let record = StaticRecord::parse(&section()).unwrap();
        assert_eq!((record.name.as_str(), record.version.as_str()), ("nimbus", "2.1.0-rc.1"));
        assert_eq!(record.floe_api_version, crate::FLOE_API_VERSION);
        assert_eq!(record.env, ["HOME", "NIMBUS_TOKEN"]);
        assert!(record.rustc.starts_with("rustc ") && record.target.contains('-'), "{record:?}");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let whole = section();
        assert!(matches!(StaticRecord::parse(b"ELF"), Err(RecordError::Magic)));
        assert!(matches!(StaticRecord::parse(&whole[..10]), Err(RecordError::Truncated)));
        assert!(matches!(StaticRecord::parse(&whole[..40]), Err(RecordError::Truncated)));
        let mut rubbish = whole;
        rubbish[12] = b'[';
        assert!(matches!(StaticRecord::parse(&rubbish), Err(RecordError::Json(_))));
    }
}
