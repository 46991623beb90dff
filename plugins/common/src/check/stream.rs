//! A connection, encrypted or not.

use std::io::{self, Read, Write};

use rustls::{ClientConnection, StreamOwned};

use super::dial::Wire;

/// A connection, encrypted or not.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(Wire),
    /// Encrypted.
    Tls(Box<StreamOwned<ClientConnection, Wire>>),
}

impl Stream {
    /// Whether it is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The connection below.
    pub fn wire(&self) -> &Wire {
        match self {
            Self::Plain(wire) => wire,
            Self::Tls(tls) => &tls.sock,
        }
    }
}

impl From<Wire> for Stream {
    fn from(wire: Wire) -> Self {
        Self::Plain(wire)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(buffer),
            Self::Tls(tls) => tls.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
