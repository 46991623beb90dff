//! Servers of Trino's client protocol.
//!
//! No real Trino can be had here. [`Dask`] is a real engine of another make that speaks the protocol, checks no
//! credentials and knows little; [`Gate`] stands before it and checks them; [`Recorded`] answers what Trino's
//! documentation of the protocol says that Trino answers (<https://trino.io/docs/current/develop/client-protocol.html>),
//! errors included.

mod answers;
mod dask;
mod gate;
mod recorded;

pub use answers::{Reply, failure, page, server_info};
pub use dask::Dask;
pub use gate::{Credential, Gate};
pub use recorded::{Asked, Recorded, Script};
