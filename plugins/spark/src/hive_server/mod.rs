//! A small HiveServer2 client: what a check of a Spark Thrift Server asks, and no more.
//!
//! HiveServer2 speaks `TCLIService`, a Thrift service (binary protocol). The subset here is written by hand after Hive's
//! `TCLIService.thrift`; fields that it does not know are skipped. A message travels over SASL (`NONE`, `LDAP`,
//! `CUSTOM`: [`Sasl`]), as it is (`NOSASL`: [`Buffered`]) or in an HTTP request ([`Http`]).
//!
//! What a server sends is bounded: texts (1 MiB), lists and depth by the protocol's configuration, an answer as a whole
//! (4 MiB), a message of the login (64 KiB). Time is bounded by the stream below, whose reads end at the deadline of the
//! check.

mod buffered;
mod channel;
mod error;
mod http;
mod message;
mod peer;
mod sasl;
mod session;
mod types;

pub use buffered::Buffered;
pub use channel::{Channel, Io};
pub use error::Error;
pub use http::Http;
pub use peer::Peer;
pub use sasl::Sasl;
pub use session::Session;
pub use types::{Handle, Operation, Status};
