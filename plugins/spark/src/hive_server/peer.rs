//! What listens there in place of what was expected, by its first bytes.

use std::fmt;

/// A server that speaks something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// An HTTP server: a Spark Thrift Server in `http` mode, or a web server.
    Http,
    /// A server that wants TLS.
    Tls,
    /// HiveServer2 with SASL, spoken to without.
    Sasl,
    /// Anything else; what it said, where that can be read.
    Other(String),
}

impl Peer {
    /// By the first bytes of an answer; `None` where they may be those of a Thrift message.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        match first {
            [b'H', b'T', b'T', b'P', ..] => Some(Self::Http),
            // An alert record of TLS 1.x.
            [0x15, 3, ..] => Some(Self::Tls),
            // SASL: BAD or ERROR, and a length below 64 KiB.
            [3 | 4, 0, 0, ..] => Some(Self::Sasl),
            [0x80, 1, ..] => None,
            _ => Some(Self::Other(readable(first))),
        }
    }
}

/// Bytes as a text that may be shown.
pub(super) fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.trim().chars().map(|c| if c.is_control() || c == '\u{fffd}' { '.' } else { c }).take(60).collect()
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => f.write_str("it answers in HTTP"),
            Self::Tls => f.write_str("it answers in TLS"),
            Self::Sasl => f.write_str("it answers in SASL"),
            Self::Other(said) if said.is_empty() => f.write_str("it answers something else"),
            Self::Other(said) => write!(f, "it answers `{said}`"),
        }
    }
}
