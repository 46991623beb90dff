//! dask-sql: a real engine of another make, which speaks the protocol.

use std::path::PathBuf;
use std::process::Command;

use crate::servers::child::Child;
use crate::servers::{free_port, listens};
use crate::{python, workspace};

/// The server. It checks no credentials, and has neither `/v1/info` nor `information_schema`. Its one catalog is
/// `dask_sql`, with the schema `root`. It ends when it is dropped.
pub struct Dask {
    port: u16,
    _child: Child,
}

impl Dask {
    /// Starts it on a free port of loopback, and waits until it answers.
    ///
    /// # Panics
    /// Where it does not come up, with what it wrote.
    pub fn start() -> Self {
        let root = workspace::root();
        let port = free_port();
        let mut command = Command::new(environment().join("bin/python"));
        command.arg(root.join("tests/servers/trino/serve.py")).arg(port.to_string());
        let child = Child::start(&command);
        child.wait_until_ready(|| listens(port));
        Self { port, _child: child }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn environment() -> PathBuf {
    python::environment("trino-server", &workspace::root().join("scripts/requirements/trino-server.txt"))
}
