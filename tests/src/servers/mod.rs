//! Servers that tests start: real engines, proxies in front of them, and servers that misbehave.
//!
//! All of them listen on 127.0.0.1 alone, on ports that were free, and end with the test process, however it ends.

pub mod bigquery;
pub mod certificates;
pub mod child;
pub mod databricks;
pub mod faults;
pub mod forward;
pub mod gate;
mod http;
pub mod iceberg;
pub mod postgres;
pub mod relay;
pub mod rotel;
pub mod snowflake;
pub mod spark;
pub mod tls_proxy;
pub mod trino;

use std::net::TcpListener;

/// A port of 127.0.0.1 on which nothing listens.
///
/// # Panics
/// Where none is free.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Ports of 127.0.0.1 on which nothing listens, no two the same.
///
/// # Panics
/// Where there are not so many.
pub fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

/// Whether something listens on a port of 127.0.0.1.
pub fn listens(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}
