//! A reverse proxy that judges requests before a server that judges none: a Python script over `tests/servers/gate.py`, so that
//! tokens are verified by a library that shares nothing with ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::child::Child;
use crate::workspace;

/// A request that the gate saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET`.
    pub method: String,
    /// `/api/2.0/clusters/get`.
    pub path: String,
    /// What follows `?`, or nothing.
    pub query: String,
    /// Status of its answer.
    pub status: u16,
    /// What the script wrote down of it.
    pub noted: Value,
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.status)
    }
}

/// The gate. It ends when it is dropped.
pub struct Gate {
    port: u16,
    log: PathBuf,
    _child: Child,
}

impl Gate {
    /// Starts a script of `tests/servers` in a Python environment, with its settings. `log` is added to them.
    ///
    /// # Panics
    /// Where it does not come up, with what it wrote.
    pub fn start(script: &str, environment: &Path, settings: &Value) -> Self {
        let folder = tempfile::Builder::new().prefix("floe-gate-").tempdir().expect("a temporary folder");
        let log = folder.path().join("requests.jsonl");
        let mut settings = settings.clone();
        settings["log"] = log.to_str().expect("a path in UTF-8").into();
        let mut command = Command::new(environment.join("bin/python"));
        command.arg(workspace::root().join("tests/servers").join(script)).arg(settings.to_string());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        let child = Child::start_in(folder, &command);
        let port = || {
            let said: Value = serde_json::from_str(child.log().lines().next()?).ok()?;
            u16::try_from(said["port"].as_u64()?).ok()
        };
        child.wait_until_ready(|| port().is_some());
        Self { port: port().expect("it has said so"), log, _child: child }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The requests so far, in the order of their answers.
    ///
    /// # Panics
    /// Where its log cannot be read as it is written.
    pub fn asked(&self) -> Vec<Asked> {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let read = |line: &str| {
            let seen: Value = serde_json::from_str(line).expect("an object a line");
            let text = |key: &str| seen[key].as_str().expect("a text").to_owned();
            let status = seen["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
            Asked {
                method: text("method"),
                path: text("path"),
                query: text("query"),
                status,
                noted: seen["noted"].clone(),
            }
        };
        text.lines().map(read).collect()
    }
}
