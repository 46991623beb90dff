//! The output of `profiles.yml`.

use floe_plugin_api::{PluginResult, ProfileRequest, ProfileResponse, Storage, TimeoutEnforcement, Warning};
use floe_plugin_common::{profile_output, refuse_literals};

use crate::config::{Cert, Method, Scalar, Settings, Trust};
use crate::rules;

/// Seconds within which a coordinator notices that a query has passed `query_max_run_time`: its tracker of queries
/// looks once a second (`QueryTracker` in Trino's sources).
const TRACKER_SECONDS: u32 = 1;

/// The profile of a compute: what the user set, in the order of [`Settings`], behind what dbt needs.
///
/// # Errors
/// Where settings contradict each other, or a secret stands in an open map as plain text.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let settings = with_floe_settings(
        Settings::of(&request.config)?,
        request.config.timeout_seconds,
        request.config.timeout_expression(),
    )?;
    // A check request holds resolved values instead, so this belongs here alone.
    refuse_literals("http_headers", &settings.http_headers)?;
    refuse_literals("session_properties", &settings.session_properties)?;
    let output = profile_output("trino", request.config.threads, &settings)?;
    let timeout = match request.config.timeout_seconds {
        Some(_) => TimeoutEnforcement::Coarse { granularity_seconds: TRACKER_SECONDS },
        None => TimeoutEnforcement::None,
    };
    let warnings = warnings(request, &settings);
    Ok(ProfileResponse::new(output).with_timeout(timeout).with_storage(Storage::Service).with_warnings(warnings))
}

/// The settings as dbt gets them: what the rules accept, with floe's `timeout_seconds` in these words, and a `cert`.
///
/// # Errors
/// Where settings contradict each other.
pub(crate) fn with_floe_settings(
    mut settings: Settings,
    timeout_seconds: Option<u32>,
    words: Option<String>,
) -> PluginResult<Settings> {
    rules::verify(&settings, timeout_seconds)?;
    if settings.method() != Method::None {
        // The other methods have no such key: they are https always.
        settings.http_scheme = None;
    }
    // Without it dbt-trino 1.11 trusts everyone, unless a flag of the dbt project says otherwise.
    settings.cert.get_or_insert(Cert::Known(true));
    if let Some(seconds) = words {
        let properties = settings.session_properties.get_or_insert_default();
        properties.insert(rules::RUN_TIME.to_owned(), Scalar::from(format!("{seconds}s").as_str()));
    }
    Ok(settings)
}

fn warnings(request: &ProfileRequest, settings: &Settings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!(
                    "dbt-trino waits 30 s for every answer of the server: `connect_timeout_seconds: {seconds}` counts \
                     for `floe health` alone"
                ),
            )
            .with_help("set `retries: 1` to have dbt give up after the first attempt"),
        );
    }
    if settings.is_https() && settings.cert.as_ref().and_then(Cert::value) == Some(Trust::Everyone) {
        warnings.push(
            Warning::new(
                "tls_not_verified",
                "`cert` is false: dbt sends credentials and data to whoever answers at the host's address",
            )
            .with_help("name the PEM file with the server's certificate authority: `cert: certs/ca.pem`"),
        );
    }
    warnings
}
