//! The folder to which DuckDB spills. It is made when a query first needs it, and a query that cannot make it fails.

use std::fs;

use floe_plugin_api::Warning;
use rustix::fs::Access;

use super::file::{allows, folder_of};
use crate::config::Settings;
use crate::location;

/// What would keep DuckDB from spilling. DuckDB makes the folder itself, but not the folders above it.
pub(super) fn warning(settings: &Settings, project_dir: &str) -> Option<Warning> {
    let path = settings.settings.as_ref()?.temp_directory.as_deref()?;
    if path.is_empty() || path.contains("{{") {
        return None;
    }
    let path = location::absolute(path, project_dir);
    let shown = path.display();
    let (message, help) = match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_dir() => (
            format!("DuckDB cannot spill to `{shown}`: it is no folder"),
            "name a folder, or one that does not exist yet",
        ),
        Ok(_) if allows(&path, Access::WRITE_OK | Access::EXEC_OK) => return None,
        Ok(_) => (
            format!("DuckDB cannot spill to `{shown}`: this user may not write there"),
            "give the user that runs dbt the right to write in the folder",
        ),
        Err(_) if folder_of(&path).is_dir() && allows(folder_of(&path), Access::WRITE_OK | Access::EXEC_OK) => {
            return None;
        }
        Err(_) => (
            format!("DuckDB cannot spill to `{shown}`: it does not exist, and DuckDB cannot make it there"),
            "make the folder, or name one whose parent folder exists and may be written",
        ),
    };
    Some(
        Warning::new("temp_directory", message)
            .with_help(format!("{help}; a model that needs to spill fails until then")),
    )
}
