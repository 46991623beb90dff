//! Functions of `scripts/lib`, which fetch what tests need and keep it in the cache.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::workspace;

/// Calls a function of a file of `scripts/lib` and returns the path that it prints.
///
/// # Panics
/// Where it fails, with what it said.
pub fn call(file: &str, function: &str, arguments: &[&OsStr]) -> PathBuf {
    const SCRIPT: &str = "set -euo pipefail; . \"$1/scripts/lib/common.sh\"; . \"$1/scripts/lib/$2\"; shift 2; \"$@\"";
    // With `-c` the name of the script comes first.
    let output = Command::new("bash")
        .args(["-c", SCRIPT, "bash"])
        .arg(workspace::root())
        .args([file, function])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("bash cannot be started: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{function} of scripts/lib/{file} failed:\n{said}");
    let path = String::from_utf8(output.stdout).expect("a path in UTF-8");
    PathBuf::from(path.trim())
}
