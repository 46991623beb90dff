//! The live check.
//!
//! First the engine alone, in memory, with the compute's options, extensions and settings, in the order in which
//! dbt-duckdb applies them; then each database file, opened read-only for a moment; then the manifest's Iceberg catalog,
//! attached read-only. What else would need the network is not checked, and the answer says so.

mod attached;
mod catalog;
mod engine;
mod explain;
mod file;
mod format;
mod holder;
mod opened;
mod probe;
mod spill;

pub use probe::PROBE_STATEMENTS;

use std::path::Path;

use floe_plugin_api::{CheckRequest, ConnectionDetails, ConnectionResult, PluginResult, Warning};

use crate::config::Settings;
use crate::location::{self, Location};
use crate::rules;
use file::State;
use floe_plugin_common::check::Run;
use holder::Holder;

/// Checks the compute of a request.
///
/// # Errors
/// Where the settings do not fit the schema; all that is wrong with the database is an unhealthy result.
pub(crate) fn validate(request: &CheckRequest) -> PluginResult<ConnectionResult> {
    let mut settings = Settings::of(&request.config)?;
    rules::without_nul(&serde_json::Value::Object(request.config.connection.as_map().clone()))?;
    let mut run = Run::new(request);
    if !request.keep_connection {
        opened::forget();
    }
    let found = match &request.catalog {
        None => all(&settings, request, &mut run),
        Some(mounted) => {
            crate::catalog::for_check(&mut settings, mounted).and_then(|()| all(&settings, request, &mut run))
        }
    };
    Ok(run.finish(found))
}

/// Every step; the message of a result that is not unhealthy.
fn all(settings: &Settings, request: &CheckRequest, run: &mut Run) -> PluginResult<String> {
    let project_dir = request.project_dir.as_str();
    let catalog = request.catalog.as_ref().map(|catalog| catalog.name.as_str());
    rules::verify_beside(settings, catalog)?;
    let engine = run.step("engine", |run| engine::start(settings, project_dir, run))?;
    run.details = ConnectionDetails::new()
        .with_server_version(engine.identity.version.clone())
        .with_schema(settings.schema.as_deref().unwrap_or("main"));
    run.details.database = settings.database.clone().or_else(|| main_name(settings));
    if let Some(warning) = spill::warning(settings, project_dir) {
        run.degrade(warning);
    }
    let version = &engine.identity.version;
    let builds_in_catalog =
        request.catalog.as_ref().is_some_and(|mounted| crate::catalog::builds_in_catalog(settings, mounted));
    let mut message = match settings.location() {
        Location::Memory if builds_in_catalog => format!("DuckDB {version} runs"),
        _ => main_database(settings, request, version, run)?,
    };
    for entry in settings.attached() {
        let step = format!("attach:{}", entry.name().unwrap_or_else(|| entry.path.clone()));
        run.step(&step, |run| attached::check(entry, project_dir, request.keep_connection, run))?;
    }
    if let Some(mounted) = &request.catalog {
        message.push_str(&catalog::check(mounted, request, &engine, run)?);
    }
    Ok(message)
}

/// The name of the database at `path`, where DuckDB's own rules give it.
fn main_name(settings: &Settings) -> Option<String> {
    match settings.location() {
        Location::Memory | Location::File(_) | Location::MotherDuck => {
            location::database_name(settings.path.as_deref().unwrap_or_default())
        }
        _ => None,
    }
}

fn main_database(settings: &Settings, request: &CheckRequest, version: &str, run: &mut Run) -> PluginResult<String> {
    match settings.location() {
        Location::Memory | Location::NamedMemory => {
            Ok(format!("DuckDB {version} runs in memory; what dbt builds there is gone when dbt ends"))
        }
        Location::File(path) => {
            let path = location::absolute(&path, &request.project_dir);
            let state = run.step("file", |_| file::look(&path, file::Use::Write))?;
            let shown = path.display();
            match state {
                State::Absent => {
                    Ok(format!("DuckDB {version} runs; dbt will make `{shown}`, which does not exist yet"))
                }
                State::Held(holder) => Ok(held(holder, &path, version, run)),
                State::Shared(holder) => {
                    open(&path, request.keep_connection, run)?;
                    Ok(held(holder, &path, version, run))
                }
                State::Free => match open(&path, request.keep_connection, run)? {
                    None => Ok(format!("DuckDB {version} opens `{shown}`")),
                    // Another process came between looking and opening.
                    Some(holder) => Ok(held(holder, &path, version, run)),
                },
            }
        }
        Location::Template => {
            let path = settings.path.as_deref().unwrap_or_default();
            run.degrade(unchecked(&format!("`path` is {path:?}, a dbt expression that only dbt can read")));
            Ok(format!("DuckDB {version} runs; the database at `path` was not checked"))
        }
        Location::MotherDuck => {
            run.degrade(unchecked("`path` is on MotherDuck: a check does not log in there"));
            Ok(format!("DuckDB {version} runs; MotherDuck was not checked"))
        }
        Location::Remote | Location::DuckLake(_) | Location::Foreign { .. } => {
            let path = settings.path.as_deref().unwrap_or_default();
            run.degrade(unchecked(&format!("`path` is {path:?}: a check opens DuckDB's own files alone")));
            Ok(format!("DuckDB {version} runs; the database at `path` was not checked"))
        }
    }
}

/// Opens a file, unless it is as it was when a check opened it that was to keep its connection.
fn open(path: &Path, keep: bool, run: &mut Run) -> PluginResult<Option<Holder>> {
    if keep && opened::is_known(path) { Ok(None) } else { run.step("open", |_| opened::open(path, keep)) }
}

/// The message where another process has the file open.
fn held(holder: Holder, path: &Path, version: &str, run: &mut Run) -> String {
    let (who, shown) = (holder.describe(), path.display());
    let message = if holder.writes() {
        format!("DuckDB {version} runs; {who} has `{shown}` open")
    } else {
        format!("DuckDB {version} opens `{shown}`, which {who} reads")
    };
    run.note(holder.warning(path));
    run.details.in_use_by = holder.into_in_use_by();
    message
}

/// The warning about what was left out.
fn unchecked(message: &str) -> Warning {
    Warning::new("unchecked", message).with_help("run `dbt debug`, which connects as a run will")
}
