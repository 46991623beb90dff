//! The checkout, its build folder, and cargo in it.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the checkout")
}

/// The folder that cargo builds into.
pub fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo in the checkout, for a build inside a test: with the environment of this one, save what cargo itself put there.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in env::vars_os() {
        let own = name.to_str().is_some_and(|name| {
            (name.starts_with("CARGO_") && name != "CARGO_TARGET_DIR" && name != "CARGO_HOME")
                || matches!(name, "CARGO" | "RUSTUP_TOOLCHAIN" | "RUST_RECURSION_COUNT" | "LD_LIBRARY_PATH" | "OUT_DIR")
        });
        if own {
            command.env_remove(name);
        }
    }
    command.current_dir(root()).env("CARGO_TARGET_DIR", target_dir());
    command
}

/// Runs a build and returns the shared libraries that it made, by the name of their target.
///
/// # Panics
/// Where the build fails, with what it said.
pub fn build(command: &mut Command) -> BTreeMap<String, PathBuf> {
    let output = command
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter_map(|m| library(&m)).collect()
}

fn library(message: &Value) -> Option<(String, PathBuf)> {
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let files = message["filenames"].as_array()?.iter().filter_map(Value::as_str).map(PathBuf::from);
    let library = files.into_iter().find(|file| file.extension().is_some_and(|end| end == "so" || end == "dylib"))?;
    Some((message["target"]["name"].as_str()?.to_owned(), library))
}
