//! floe-plugin-api, on which the new crate depends. It is not published: this binary carries its sources (`build.rs`).

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::scaffold::NO_PLUGIN_API;

/// Its name.
const PACKAGE: &str = "floe-plugin-api";

/// The folder of the copy, in the new crate.
pub const COPY: &str = "floe-plugin-api";

/// The files of the copy, by their path in it.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/plugin_api_files.rs"));

/// Where the new crate finds it.
#[derive(Debug)]
pub(super) enum Api {
    /// In a folder of its own.
    Copied,
    /// In this folder.
    At(Utf8PathBuf),
}

/// A copy, or the sources in a folder.
pub(super) fn source(folder: Option<&Utf8Path>) -> Result<Api, Diagnostic> {
    let Some(folder) = folder else { return Ok(Api::Copied) };
    let manifest = folder.join("Cargo.toml");
    let refused = |why: String| {
        Diagnostic::error(
            &NO_PLUGIN_API,
            format!("`{folder}` holds no {PACKAGE}: {why}"),
            "name the folder `plugin-api` of a checkout of floe, or leave --plugin-api out: the crate gets a copy of its own",
        )
    };
    let text = std::fs::read_to_string(&manifest).map_err(|error| refused(format!("{manifest}: {error}")))?;
    let table: Table = text.parse().map_err(|_| refused(format!("{manifest} is no TOML")))?;
    match table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str) {
        Some(PACKAGE) => {}
        Some(other) => return Err(refused(format!("its crate is `{other}`"))),
        None => return Err(refused(format!("{manifest} is of no crate"))),
    }
    let absolute = camino::absolute_utf8(folder).map_err(|error| refused(error.to_string()))?;
    Ok(Api::At(absolute))
}

impl Api {
    pub(super) fn is_copied(&self) -> bool {
        matches!(self, Self::Copied)
    }

    /// The line of the new crate's Cargo.toml.
    pub(super) fn dependency(&self) -> String {
        let path = match self {
            Self::Copied => COPY,
            Self::At(folder) => folder.as_str(),
        };
        format!("{PACKAGE} = {{ path = {} }}", Value::String(path.to_owned()))
    }

    /// What the new crate holds of it.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let files: &[(&str, &str)] = if self.is_copied() { FILES } else { &[] };
        files.iter().map(|(path, text)| (format!("{COPY}/{path}"), (*text).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_a_crate_by_itself() {
        let files: Vec<_> = Api::Copied.files().collect();
        let text = |path: &str| &files.iter().find(|(at, _)| at == path).unwrap().1;
        let manifest: Table = text("floe-plugin-api/Cargo.toml").parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(PACKAGE));
        assert_eq!(manifest["package"]["version"].as_str(), Some(floe_plugin_api::PLUGIN_API_CRATE_VERSION));
        assert!(!manifest.to_string().contains("workspace"), "{manifest}");
        assert_eq!(manifest.keys().collect::<Vec<_>>(), ["dependencies", "package"]);
        assert_eq!(manifest["dependencies"]["floe-plugin-abi"]["path"].as_str(), Some("abi"));
        let abi: Table = text("floe-plugin-api/abi/Cargo.toml").parse().unwrap();
        assert_eq!(abi["package"]["version"].as_str(), Some(floe_plugin_api::FLOE_API_VERSION));
        assert!(!abi.to_string().contains("workspace"), "{abi}");
        assert!(text("floe-plugin-api/src/lib.rs").contains("pub use plugin::ComputePlugin;"));
        assert!(text("floe-plugin-api/LICENSE").contains("Apache License"));
    }

    #[test]
    fn a_path_is_written_as_toml_writes_it() {
        let line = Api::At("/a \"b\"/plugin-api".into()).dependency();
        let table: Table = line.parse().unwrap();
        assert_eq!(table[PACKAGE]["path"].as_str(), Some("/a \"b\"/plugin-api"));
    }
}
