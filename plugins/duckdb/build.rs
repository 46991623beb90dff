//! Lets the plugin find `libduckdb` where `scripts/build` puts it, and tests where it lies now.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let apple = env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    // dist/plugins/<plugin>, dist/lib/libduckdb: the plugin carries this path alone, none of the machine that built it.
    let origin = if apple { "@loader_path/../lib" } else { "$ORIGIN/../lib" };
    println!("cargo::rustc-link-arg-cdylib=-Wl,-rpath,{origin}");

    let (Some(dir), Some(out)) = (env::var_os("DUCKDB_LIB_DIR"), env::var_os("OUT_DIR")) else { return };
    let name = if apple { "libduckdb.dylib" } else { "libduckdb.so" };
    println!("cargo::rustc-link-arg-tests=-Wl,-rpath,{}", Path::new(&dir).display());
    // cargo shows test programs only those library folders that lie below target/, and unit tests take no link
    // argument of their own: so a link to the library stands in this crate's own folder there.
    let (library, link) = (Path::new(&dir).join(name), PathBuf::from(&out).join(name));
    let _ = fs::remove_file(&link);
    if link_file(&library, &link).is_ok() {
        println!("cargo::rustc-link-search=native={}", PathBuf::from(out).display());
    }
}

#[cfg(unix)]
fn link_file(library: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(library, link)
}

#[cfg(not(unix))]
fn link_file(library: &Path, link: &Path) -> std::io::Result<()> {
    fs::copy(library, link).map(|_| ())
}
