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

/// The fixture plugin `private`, and the library that it needs in `../lib`.
///
/// # Panics
/// Where the build fails.
pub fn private() -> (&'static Path, &'static Path) {
    static BUILT: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    let (plugin, library) = BUILT.get_or_init(|| {
        let arguments = ["build", "--release", "--locked", "-p", "floe-fixture-private"];
        let built = workspace::build(workspace::cargo().args(arguments));
        let plugin = built.get("floe_fixture_private").expect("the plugin was built").clone();
        // What it was linked with is in the folder that its build script wrote to: the newest one.
        let scripts = plugin.with_file_name("build");
        let outputs = scripts.read_dir().expect("build scripts have run").flatten();
        let outputs = outputs.filter(|entry| entry.file_name().to_string_lossy().starts_with("floe-fixture-private-"));
        let libraries = outputs.map(|entry| entry.path().join("out/libfloe_private.so")).filter(|path| path.exists());
        let newest = libraries.max_by_key(|path| path.metadata().and_then(|meta| meta.modified()).ok());
        (plugin, newest.expect("the library was built"))
    });
    (plugin, library)
}
