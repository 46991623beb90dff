//! The binaries as a user has them: `bin/floe`, `plugins/`, `lib/`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::workspace;

/// The folder: `FLOE_DIST`, or the checkout's `dist/`, which `scripts/build` brings up to date.
///
/// # Panics
/// Where it holds no `bin/floe`, or the build fails.
pub fn dist() -> &'static Path {
    static DIST: OnceLock<PathBuf> = OnceLock::new();
    DIST.get_or_init(|| {
        let dist = env::var_os("FLOE_DIST").map_or_else(build, PathBuf::from);
        let dist = dist.canonicalize().unwrap_or(dist);
        assert!(dist.join("bin/floe").is_file(), "{} holds no bin/floe", dist.display());
        dist
    })
}

fn build() -> PathBuf {
    let script = workspace::root().join("scripts/build");
    let output = Command::new(&script)
        .env("CARGO_TARGET_DIR", workspace::target_dir())
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", script.display()));
    assert!(output.status.success(), "{} failed:\n{}", script.display(), String::from_utf8_lossy(&output.stderr));
    workspace::root().join("dist")
}

/// The program.
pub fn floe() -> PathBuf {
    dist().join("bin/floe")
}

/// The library of a plugin that is shipped.
pub fn plugin(name: &str) -> PathBuf {
    let file = format!("{}floe_plugin_{name}{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    dist().join("plugins").join(file)
}
