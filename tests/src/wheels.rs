//! A folder of small wheels, in place of an index: what is in it, and when, is the test's.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::{Run, workspace};

/// Wheels in a temporary folder.
#[derive(Debug)]
pub struct Wheels(TempDir);

impl Default for Wheels {
    fn default() -> Self {
        Self::new()
    }
}

impl Wheels {
    /// An empty folder.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("floe-wheels-").tempdir().expect("a temporary folder"))
    }

    /// Adds a wheel: a module of the package's name, with its `VERSION`.
    pub fn add(&self, name: &str, version: &str, requirements: &[&str]) {
        let script = workspace::root().join("tests/wheels/make.py");
        let mut command = Command::new("python3");
        let _ = Run::of(command.arg(script).arg(self.path()).args([name, version]).args(requirements)).expect(0);
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
