//! The output of `profiles.yml`.

use floe_plugin_api::{
    CatalogConfig, ErrorKind, PluginError, PluginResult, ProfileRequest, ProfileResponse, Storage, TimeoutEnforcement,
    Warning,
};
use serde_json::{Map, Value};

use floe_plugin_common::wrong;

use crate::config::Settings;
use crate::location::Location;
use crate::{catalog, literals, rules, timeout};

/// The profile of a compute: what the user set, in the order of [`Settings`], behind what dbt needs.
///
/// # Errors
/// Where settings contradict each other.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let mut settings = Settings::of(&request.config)?;
    // A check request holds resolved values instead, so this belongs here alone.
    literals::none_is_secret(&settings)?;
    if let Some(catalog) = &request.catalog {
        catalog::mount(&mut settings, catalog)?;
        one_model_at_a_time(request, &settings, catalog)?;
    }
    let helper = timeout::hold(&mut settings, request)?;
    let written = serde_json::to_value(&settings).map_err(|error| {
        PluginError::new(ErrorKind::PluginExecution, format!("the settings cannot be written: {error}"))
    })?;
    rules::without_nul(&written)?;
    rules::verify(&settings)?;
    let mut output = Map::new();
    output.insert("type".to_owned(), Value::from("duckdb"));
    output.insert("threads".to_owned(), Value::from(request.config.threads));
    let path = settings.path.as_deref().filter(|path| !path.is_empty()).unwrap_or(":memory:");
    output.insert("path".to_owned(), Value::from(path));
    output.insert("schema".to_owned(), Value::from(settings.schema.as_deref().unwrap_or("main")));
    if let Value::Object(written) = written {
        for (name, value) in written {
            output.entry(name).or_insert(value);
        }
    }
    Ok(ProfileResponse::new(output)
        .with_timeout(if helper.is_some() { TimeoutEnforcement::Native } else { TimeoutEnforcement::None })
        .with_helper_files(helper.into_iter().collect::<Vec<_>>())
        .with_storage(storage(&settings))
        .with_warnings(warnings(request, &settings)))
}

/// The extension keeps one list of a catalog's tables for all connections of a process, and a table that is renamed while
/// another connection lists them is told as a failure although it was renamed (iceberg for DuckDB 1.5.5, one run in six
/// with 4 threads). DuckDB takes all cores for one statement, so little is lost.
fn one_model_at_a_time(request: &ProfileRequest, settings: &Settings, catalog: &CatalogConfig) -> PluginResult<()> {
    let threads = request.config.threads;
    if threads == 1 || !catalog::builds_in_catalog(settings, catalog) {
        return Ok(());
    }
    Err(wrong(
        "catalog_threads",
        format!("`threads` is {threads}, and dbt must build in the catalog `{}` one model at a time", catalog.name),
        "set `threads: 1` in the compute's config: DuckDB uses all cores for that one model",
    ))
}

/// Where the models end up: at `path`, or in the attached database that `database` names.
pub(crate) fn storage(settings: &Settings) -> Storage {
    let attached = settings.attached().iter().find(|entry| entry.alias.is_some() && entry.alias == settings.database);
    let (location, path) = match attached {
        Some(entry) => (entry.location(), entry.path.as_str()),
        None => (settings.location(), settings.path.as_deref().unwrap_or_default()),
    };
    match location {
        Location::Memory | Location::NamedMemory => Storage::Memory,
        // A dbt expression is most likely a file, and the safe thing to take it for: one writer at a time.
        Location::File(path) => Storage::File { path },
        Location::Template => Storage::File { path: path.to_owned() },
        Location::DuckLake(rest) if matches!(Location::of(&rest), Location::File(_)) => Storage::File { path: rest },
        Location::Foreign { kind, rest } if kind == "sqlite" => Storage::File { path: rest },
        Location::MotherDuck | Location::Remote | Location::DuckLake(_) | Location::Foreign { .. } => Storage::Service,
    }
}

fn warnings(request: &ProfileRequest, settings: &Settings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!("DuckDB opens files without a timeout: `connect_timeout_seconds: {seconds}` has no effect"),
            )
            .with_help("to wait for a file that another process has open, set `retries.connect_attempts`"),
        );
    }
    let below = settings.settings.as_ref().is_some_and(|below| below.extension_directory.is_some());
    let above = settings.config_options.as_ref().is_some_and(|above| above.extension_directory.is_some());
    if below && !above && !settings.extensions().is_empty() {
        warnings.push(
            Warning::new(
                "extension_directory",
                "`settings.extension_directory` comes too late for `extensions`: dbt-duckdb installs them first",
            )
            .with_help("set `config_options.extension_directory` instead"),
        );
    }
    warnings
}
