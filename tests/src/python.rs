//! Python environments, made by `scripts/lib/python.sh` and kept in the cache.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

/// The folder of an environment with what a requirements file asks for, keyed by its content: made once.
///
/// # Panics
/// Where it cannot be made, with what pip said.
pub fn environment(name: &str, requirements: &Path) -> PathBuf {
    const SCRIPT: &str = "set -euo pipefail; . \"$1/scripts/lib/common.sh\"; . \"$1/scripts/lib/python.sh\"; \
                          python_env \"$2\" \"$3\"";
    // With `-c` the name of the script comes first.
    let output = Command::new("bash")
        .args(["-c", SCRIPT, "bash"])
        .arg(workspace::root())
        .arg(name)
        .arg(requirements)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("bash cannot be started: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the Python environment {name} cannot be made:\n{said}");
    let folder = String::from_utf8(output.stdout).expect("a path in UTF-8");
    PathBuf::from(folder.trim())
}
