//! A new plugin crate: builds, passes its tests, loads and works at once (`floe plugin new`).
//!
//! `names` checks what the crate is called, `template` holds its files, `todos` lists what its author has still to write,
//! `plugin_api` is the crate that it depends on, and `place` puts it all in place, whole or not at all.

mod names;
mod place;
mod plugin_api;
mod template;
mod todos;

use camino::Utf8PathBuf;
use serde::Serialize;

pub use names::Names;
pub use plugin_api::COPY;

use crate::diagnostics::Diagnostic;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Name of the plugin.
    pub name: String,
    /// The engine, as people call it; made from the name without.
    pub engine: Option<String>,
    /// The `type` of the engine's dbt adapter; made from the name without.
    pub adapter: Option<String>,
    /// The folder of the new crate; `floe-plugin-NAME` in the current one without.
    pub out: Option<Utf8PathBuf>,
    /// A folder with the sources of floe-plugin-api to depend on; the new crate has a copy of its own without.
    pub plugin_api: Option<Utf8PathBuf>,
}

/// A crate that was written.
#[derive(Debug, Serialize)]
pub struct Written {
    /// What it is called.
    #[serde(flatten)]
    pub names: Names,
    /// Its folder, as the user would write it.
    pub folder: Utf8PathBuf,
    /// Its files, by their path in the folder.
    #[serde(skip)]
    pub files: Vec<String>,
}

/// Writes a new plugin crate.
///
/// # Errors
/// What is wrong with the names, the folder or the sources of floe-plugin-api; nothing is written then.
pub fn new_plugin(ask: &Ask) -> Result<Written, Vec<Diagnostic>> {
    let names = Names::of(ask)?;
    let api = plugin_api::source(ask.plugin_api.as_deref()).map_err(|problem| vec![problem])?;
    let folder = ask.out.clone().unwrap_or_else(|| Utf8PathBuf::from(&names.package));
    let mut files = template::expanded(&names, &api);
    files.extend(api.files());
    place::put(&folder, &files).map_err(|problem| vec![problem])?;
    Ok(Written { names, folder, files: files.into_keys().collect() })
}
