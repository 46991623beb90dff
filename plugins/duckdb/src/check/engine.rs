//! The engine alone: options, extensions and settings on a database in memory.

use std::path::PathBuf;

use duckdb::Config;
use floe_plugin_api::{ErrorKind, PluginError, PluginResult};

use super::explain;
use super::probe::{Identity, Probe, Session, words};
use crate::config::{Scalar, Settings};
use crate::location;
use floe_plugin_common::check::Run;

/// Settings that would write a file, mute the check, or concern another process than this one.
const LEFT_OUT: [&str; 24] = [
    "access_mode",
    "autoinstall_known_extensions",
    "autoload_known_extensions",
    "custom_profiling_settings",
    "custom_user_agent",
    "disabled_log_types",
    "duckdb_api",
    "enable_external_access",
    "enable_http_logging",
    "enable_logging",
    "enable_profiling",
    "enable_progress_bar",
    "enable_progress_bar_print",
    "enabled_log_types",
    "http_logging_output",
    "lock_configuration",
    "log_query_path",
    "logging_level",
    "logging_mode",
    "logging_storage",
    "motherduck_token",
    "profile_output",
    "profiling_mode",
    "profiling_output",
];

/// Paths among the settings: relative ones count from the dbt project's folder, not from the worker's.
const PATHS: [&str; 5] =
    ["temp_directory", "extension_directory", "secret_directory", "home_directory", "ca_cert_file"];

/// A running engine.
pub(crate) struct Engine {
    /// Its session.
    pub session: Session,
    /// What it says of itself.
    pub identity: Identity,
    /// Extensions of the settings that cannot be loaded here.
    pub missing: Vec<String>,
}

/// Starts the engine as dbt-duckdb would: options, then extensions, then settings.
pub(crate) fn start(settings: &Settings, project_dir: &str, run: &mut Run) -> PluginResult<Engine> {
    let session =
        Session::in_memory(options(settings, project_dir)?).map_err(|error| explain::options(&words(&error)))?;
    let identity = session.identity().map_err(|error| {
        PluginError::new(ErrorKind::Query, format!("DuckDB does not answer: {}", words(&error)))
            .with_reason("query")
            .with_help("the plugin and the libduckdb beside it do not fit together: install both anew")
    })?;

    let mut missing = Vec::new();
    for extension in settings.extensions() {
        if let Err(error) = session.send(&Probe::Load(extension.name())) {
            run.degrade(explain::extension(extension, &words(&error), &identity.version));
            missing.push(extension.name().to_owned());
        }
    }
    for (name, value) in settings.engine_settings().iter().filter(|(name, _)| applies(name)) {
        if value.to_text().contains("{{") {
            continue;
        }
        if let Err(error) = session.send(&Probe::Set(name, &rooted(name, value, project_dir))) {
            match explain::setting(name, &words(&error), !missing.is_empty()) {
                Ok(warning) => run.degrade(warning),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(Engine { session, identity, missing })
}

/// The options with which the engine starts; it may load what is installed and never installs.
fn options(settings: &Settings, project_dir: &str) -> PluginResult<Config> {
    let mut config = quiet().map_err(|error| explain::options(&words(&error)))?;
    for (name, value) in settings.start_options().iter().filter(|(name, _)| applies(name)) {
        if !value.to_text().contains("{{") {
            let value = rooted(name, value, project_dir);
            config = config.with(name, value).map_err(|_| explain::option_value(name))?;
        }
    }
    Ok(config)
}

/// An engine that installs nothing and takes one thread: a check has nothing to do in parallel.
pub(crate) fn quiet() -> Result<Config, duckdb::Error> {
    Config::default()
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "true")?
        .with("threads", "1")
}

fn applies(name: &str) -> bool {
    !LEFT_OUT.iter().any(|left_out| left_out.eq_ignore_ascii_case(name))
}

fn rooted(name: &str, value: &Scalar, project_dir: &str) -> String {
    let text = value.to_text();
    if text.is_empty() || !PATHS.iter().any(|path| path.eq_ignore_ascii_case(name)) {
        return text.into_owned();
    }
    let path: PathBuf = location::absolute(&text, project_dir);
    path.to_string_lossy().into_owned()
}
