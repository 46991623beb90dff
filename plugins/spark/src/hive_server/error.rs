//! What can go wrong between this client and a server.

use std::{fmt, io};

use floe_plugin_api::PluginError;
use thrift::TransportErrorKind;

use super::{Peer, Status};

/// `INVALID_HANDLE_STATUS` of `TStatusCode`.
const INVALID_HANDLE: i32 = 4;

/// What HiveServer2 says of a session that it has ended.
const UNKNOWN_SESSION: &str = "Invalid SessionHandle";

/// Why a call has no answer.
#[derive(Debug)]
pub enum Error {
    /// The connection broke, or its time was up.
    Io(io::Error),
    /// Something else listens there, and shows what it is.
    Peer(Peer),
    /// The server refused the login, in its own words.
    Denied(String),
    /// The answer is none by the protocol.
    Protocol(String),
    /// The server answered that the call failed.
    Server(Status),
    /// An HTTP status in place of an answer, with what the server says about it.
    Status(u16, Option<String>),
    /// The HTTP request failed.
    Http(Box<PluginError>),
}

impl Error {
    /// Whether a session is of no more use: the connection failed, or the server does not know the session. A statement that
    /// fails is no such thing.
    pub(super) fn ends_session(&self) -> bool {
        match self {
            Self::Server(status) => status.code == INVALID_HANDLE || status.message.contains(UNKNOWN_SESSION),
            _ => true,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the connection broke: {error}"),
            Self::Peer(peer) => write!(f, "{peer}"),
            Self::Denied(words) => write!(f, "the login is refused: {words}"),
            Self::Protocol(what) => write!(f, "no answer of HiveServer2: {what}"),
            Self::Server(status) => write!(f, "the server answers an error: {}", status.message),
            Self::Status(code, words) => write!(f, "HTTP status {code}: {}", words.as_deref().unwrap_or("no reason")),
            Self::Http(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Protocol(error.to_string()),
            _ => Self::Io(error),
        }
    }
}

impl From<thrift::Error> for Error {
    fn from(error: thrift::Error) -> Self {
        match error {
            thrift::Error::Transport(error) => match error.kind {
                TransportErrorKind::TimedOut => Self::Io(io::ErrorKind::TimedOut.into()),
                TransportErrorKind::EndOfFile => Self::Io(io::ErrorKind::UnexpectedEof.into()),
                TransportErrorKind::NotOpen => Self::Io(io::ErrorKind::ConnectionReset.into()),
                _ => Self::Protocol(error.message),
            },
            thrift::Error::Protocol(error) => Self::Protocol(error.message),
            thrift::Error::Application(error) => Self::Protocol(error.message),
            thrift::Error::User(error) => Self::Protocol(error.to_string()),
        }
    }
}
