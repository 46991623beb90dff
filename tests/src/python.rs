//! Python environments, made by `scripts/lib/python.sh` and kept in the cache.

use std::path::{Path, PathBuf};

use crate::scripts;

/// The folder of an environment with what a requirements file asks for, keyed by its content: made once.
///
/// # Panics
/// Where it cannot be made, with what pip said.
pub fn environment(name: &str, requirements: &Path) -> PathBuf {
    scripts::call("python.sh", "python_env", &[name.as_ref(), requirements.as_os_str()])
}
