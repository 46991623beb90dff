//! The output of `profiles.yml`.

use floe_plugin_api::{
    PluginResult, ProfileRequest, ProfileResponse, Storage, TIMEOUT_NOT_ENFORCED, TimeoutEnforcement, Warning,
};
use floe_plugin_common::{profile_output, refuse_literals};

use crate::config::{HttpPath, Scalar, Settings, Target};
use crate::rules;

/// The profile of a compute: what the user set, in the order of [`Settings`], behind what dbt needs.
///
/// # Errors
/// Where settings contradict each other, or a secret stands in an open map as plain text.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let settings = Settings::of(&request.config)?;
    let seconds = request.config.timeout_seconds;
    rules::verify(&settings, seconds)?;
    // A check request holds resolved values instead, so this belongs here alone.
    refuse_literals("session_properties", &settings.session_properties)?;
    refuse_literals("connection_parameters", &settings.connection_parameters)?;
    let all_hold_it = settings.http_paths().all(|(_, path)| is_warehouse(path));
    let timeout = match seconds {
        Some(_) if all_hold_it => TimeoutEnforcement::Native,
        _ => TimeoutEnforcement::None,
    };
    let warnings = warnings(request, &settings);
    let settings = with_floe_settings(settings, request.config.timeout_expression());
    let output = profile_output("databricks", request.config.threads, &settings)?;
    Ok(ProfileResponse::new(output).with_timeout(timeout).with_storage(Storage::Service).with_warnings(warnings))
}

/// The settings as dbt gets them: with floe's `timeout_seconds`.
fn with_floe_settings(mut settings: Settings, timeout_seconds: Option<String>) -> Settings {
    let takes_it = settings.http_paths().any(|(_, path)| is_warehouse(path));
    if let Some(seconds) = timeout_seconds.filter(|_| takes_it) {
        let properties = settings.session_properties.get_or_insert_default();
        properties.insert(rules::STATEMENT_TIMEOUT.to_owned(), Scalar::from(seconds.as_str()));
    }
    settings
}

/// Whether a path leads to a SQL warehouse: only there does Databricks know `STATEMENT_TIMEOUT`.
fn is_warehouse(path: &str) -> bool {
    HttpPath::parse(path).is_some_and(|path| matches!(path.target, Target::Warehouse(_)))
}

fn warnings(request: &ProfileRequest, settings: &Settings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(seconds) = request.config.timeout_seconds {
        warnings.extend(not_held(settings, seconds));
    }
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!(
                    "dbt-databricks has no limit for opening a session, which may start a warehouse: \
                     `connect_timeout_seconds: {seconds}` counts for `floe health` alone"
                ),
            )
            .with_help("its `connect_timeout` is the pause between two tries, and no limit"),
        );
    }
    if settings.has_flag("_tls_no_verify") {
        warnings.push(
            Warning::new(
                "tls_not_verified",
                "`_tls_no_verify` is set: dbt sends credentials and data to whoever answers at the host's address",
            )
            .with_help("name the PEM file with the server's certificate authority: `_tls_trusted_ca_file`"),
        );
    }
    warnings
}

/// Who does not hold the limit of a statement.
fn not_held(settings: &Settings, seconds: u32) -> Option<Warning> {
    let names: Vec<String> = settings
        .http_paths()
        .filter(|(_, path)| !is_warehouse(path))
        .map(|(name, _)| name.map_or_else(|| "`http_path`".to_owned(), |name| format!("`compute.{name}`")))
        .collect();
    if names.is_empty() {
        return None;
    }
    Some(
        Warning::new(
            TIMEOUT_NOT_ENFORCED,
            format!(
                "SQL warehouses alone hold a limit of statements, and no warehouse can be seen behind {}: `floe run` and \
                 `floe dbt` hold `timeout_seconds: {seconds}` there, plain dbt does not",
                names.join(", ")
            ),
        )
        .with_help("use a SQL warehouse; on a cluster a job's own timeout ends what takes too long"),
    )
}
