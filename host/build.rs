//! Packs the sources of floe-plugin-api for `floe plugin new`, which writes them beside a new plugin: the crate is not
//! published.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let host = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = host.parent().ok_or("host/ lies in the checkout")?;
    let api = root.join("plugin-api");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut files = vec![("LICENSE".to_owned(), root.join("LICENSE")), ("build.rs".to_owned(), api.join("build.rs"))];
    // Each crate by its folder in the copy: what crosses the boundary is one of its own.
    for (inside, name) in [("", "plugin_api"), ("abi/", "plugin_abi")] {
        let folder = api.join(inside);
        let manifest = out.join(format!("{name}_Cargo.toml"));
        fs::write(&manifest, manifest_of(&folder, root)?)?;
        files.push((format!("{inside}Cargo.toml"), manifest));
        sources(&api, &folder.join("src"), &mut files)?;
    }
    files.sort();

    let mut list = "&[\n".to_owned();
    for (path, file) in &files {
        let file = file.to_str().ok_or("a path in UTF-8")?;
        writeln!(list, "    ({path:?}, include_str!({file:?})),")?;
    }
    list.push_str("]\n");
    fs::write(out.join("plugin_api_files.rs"), list)?;
    // Not what was just written: it is younger than the run that wrote it, which so would never be fresh.
    for path in ["Cargo.toml", "LICENSE", "plugin-api"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    Ok(())
}

/// Every Rust file below a folder, by its path in the crate.
fn sources(api: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(api, &path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            let inside = path.strip_prefix(api)?.to_str().ok_or("a path in UTF-8")?.to_owned();
            files.push((inside, path));
        }
    }
    Ok(())
}

/// The crate's manifest as it is outside of the workspace: what it inherits written out, without what only its own tests
/// and lints need.
fn manifest_of(folder: &Path, root: &Path) -> Result<String> {
    let own: Table = fs::read_to_string(folder.join("Cargo.toml"))?.parse()?;
    let all: Table = fs::read_to_string(root.join("Cargo.toml"))?.parse()?;
    let workspace = table(&all, "workspace")?;
    let mut manifest = Table::new();
    for (section, content) in &own {
        let inherited = match section.as_str() {
            "package" => table(workspace, "package")?,
            "dependencies" => table(workspace, "dependencies")?,
            "dev-dependencies" | "lints" => continue,
            _ => {
                return Err(
                    format!("plugin-api/Cargo.toml has a section [{section}]: say here what becomes of it").into()
                );
            }
        };
        let content = content.as_table().ok_or("a section is a table")?;
        let entries = content.iter().map(|(key, value)| Ok((key.clone(), resolved(key, value, inherited)?)));
        manifest.insert(section.clone(), Value::Table(entries.collect::<Result<Table>>()?));
    }
    Ok(toml::to_string(&manifest)?)
}

fn table<'a>(of: &'a Table, key: &str) -> Result<&'a Table> {
    Ok(of.get(key).and_then(Value::as_table).ok_or_else(|| format!("there is no [{key}]"))?)
}

/// A value, or the one that `workspace = true` stands for.
fn resolved(key: &str, value: &Value, inherited: &Table) -> Result<Value> {
    match value.as_table() {
        Some(own) if own.contains_key("workspace") => {
            if own.len() > 1 {
                return Err(format!("`{key}` adds to what it inherits: say here what becomes of it").into());
            }
            let mut value = inherited.get(key).cloned().ok_or_else(|| format!("the workspace has no `{key}`"))?;
            if let Some(Value::String(path)) = value.get_mut("path") {
                let inside = path.strip_prefix("plugin-api/").ok_or_else(|| format!("`{key}` is not in the copy"))?;
                *path = inside.to_owned();
            }
            Ok(value)
        }
        _ => Ok(value.clone()),
    }
}
