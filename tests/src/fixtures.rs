//! The fixture plugins, built once a test process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::workspace;

/// The library of a fixture plugin: `fixture("panics")`.
///
/// # Panics
/// Where there is none of that name, or the build fails.
pub fn fixture(name: &str) -> &'static Path {
    all().get(name).unwrap_or_else(|| panic!("no fixture {name}; there are {:?}", all().keys()))
}

/// Every fixture plugin by name.
pub fn all() -> &'static BTreeMap<String, PathBuf> {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let arguments = ["build", "--release", "--locked", "-p", "floe-fixture-misbehaving", "--examples"];
        let mut built = workspace::build(workspace::cargo().args(arguments));
        // Procedural macros are shared libraries too.
        built.retain(|_, library| library.parent().is_some_and(|folder| folder.ends_with("examples")));
        built
    })
}
