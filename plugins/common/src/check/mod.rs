//! A live check: its clock and steps, and how it reaches a remote engine.

mod run;

#[cfg(feature = "net")]
pub mod address;
#[cfg(feature = "net")]
pub mod databricks;
#[cfg(feature = "net")]
mod deadline;
#[cfg(feature = "net")]
mod dial;
#[cfg(feature = "net")]
pub mod http;
#[cfg(feature = "net")]
pub mod jwt;
#[cfg(feature = "net")]
pub mod kept;
#[cfg(feature = "net")]
pub mod oauth;
#[cfg(feature = "net")]
pub mod proxy;
#[cfg(feature = "net")]
mod stream;
#[cfg(feature = "net")]
mod tls;

pub use run::{Run, unchecked};

#[cfg(feature = "net")]
pub use deadline::Deadline;
#[cfg(feature = "net")]
pub use dial::{Wire, broken, dial};
#[cfg(feature = "net")]
pub use stream::Stream;
#[cfg(feature = "net")]
pub use tls::{ClientCertificate, Roots, Session, Tls, Verify, configure, distrust_warning, handshake_error, secure};
