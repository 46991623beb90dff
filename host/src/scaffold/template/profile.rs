//! The profile: one output of dbt's `profiles.yml`.

use floe_plugin_api::serde_json::json;
use floe_plugin_api::{
    ErrorKind, PluginError, PluginResult, ProfileRequest, ProfileResponse, Storage,
    TIMEOUT_NOT_ENFORCED, TimeoutEnforcement, Warning,
};

use crate::settings::Settings;
use crate::{ADAPTER, ENGINE};

/// The profile of a compute, and what its user should know of it.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let settings: Settings = request.config.connection_as()?;
    if settings.port == 0 {
        return Err(PluginError::new(ErrorKind::Configuration, "`port` is 0")
            .with_reason("port")
            .with_help("write a port from 1 to 65535"));
    }
    // TODO 2: write the keys that your dbt adapter reads.
    // It passes over what it does not know; `floe plugin test` asks the adapter itself, where it is
    // installed. What the user is to choose is a setting too (`src/settings.rs`); `src/tests.rs` has the
    // whole profile.
    let output = json!({
        "type": ADAPTER,
        "threads": request.config.threads,
        "host": settings.host,
        "port": settings.port,
        "user": settings.user,
        // An `env_var` expression here: a profile never holds a secret's value.
        "password": settings.password.expose(),
        "database": settings.database,
        "schema": settings.schema,
    });
    let output = output.as_object().cloned().unwrap_or_default();
    Ok(ProfileResponse::new(output)
        .with_timeout(TimeoutEnforcement::None)
        .with_storage(Storage::Service)
        .with_warnings(warnings(request)))
}

fn warnings(request: &ProfileRequest) -> Vec<Warning> {
    let mut warnings = Vec::new();
    // TODO 3: where your adapter has a key for a timeout of queries, write it.
    // Give it `request.config.timeout_expression()`, answer `TimeoutEnforcement::Native` where
    // `timeout_seconds` is set, and take this warning out. Do the same for connecting.
    if let Some(seconds) = request.config.timeout_seconds {
        warnings.push(
            Warning::new(
                TIMEOUT_NOT_ENFORCED,
                format!(
                    "dbt on {ENGINE} has no query timeout: `floe run` and `floe dbt` hold \
                     `timeout_seconds: {seconds}`, plain dbt does not"
                ),
            )
            .with_help("run it with `floe run`, or limit the user's queries in the engine itself"),
        );
    }
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!(
                    "`connect_timeout_seconds: {seconds}` counts for `floe health` alone: dbt on \
                     {ENGINE} has no such limit"
                ),
            )
            .with_help("leave it out where dbt is to wait as long as its driver does"),
        );
    }
    warnings
}
