//! The output of `profiles.yml`.

use floe_plugin_api::{PluginResult, ProfileRequest, ProfileResponse, Storage, TimeoutEnforcement, Warning};
use floe_plugin_common::{profile_output, refuse_literals};

use crate::config::{Method, Settings};
use crate::rules;

/// Seconds after which dbt itself gives up waiting, where BigQuery has not ended the statement in time
/// (`_query_and_results` in dbt-bigquery 1.12.1).
const GRACE_SECONDS: u32 = 30;

/// The profile of a compute: what the user set, in the order of [`Settings`], behind what dbt needs.
///
/// # Errors
/// Where settings contradict each other.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let mut settings = Settings::of(&request.config)?;
    rules::verify(&settings)?;
    refuse_literals("dataproc_batch", &settings.dataproc_batch)?;
    settings.job_execution_timeout_seconds = request.config.timeout_expression();
    let output = profile_output("bigquery", request.config.threads, &settings)?;
    let timeout = match request.config.timeout_seconds {
        Some(_) => TimeoutEnforcement::Coarse { granularity_seconds: GRACE_SECONDS },
        None => TimeoutEnforcement::None,
    };
    let warnings = warnings(request, &settings);
    Ok(ProfileResponse::new(output).with_timeout(timeout).with_storage(Storage::Service).with_warnings(warnings))
}

fn warnings(request: &ProfileRequest, settings: &Settings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!(
                    "dbt-bigquery has no limit for connecting: `connect_timeout_seconds: {seconds}` counts for `floe health` \
                     alone"
                ),
            )
            .with_help("`job_creation_timeout_seconds` bounds the request that starts a statement"),
        );
    }
    if settings.method() == Method::OauthSecrets && settings.refresh_token.is_none() {
        warnings.push(
            Warning::new("short_lived_token", "`token` alone ends within an hour, and dbt with it").with_help(
                "add `refresh_token`, `client_id`, `client_secret` and `token_uri`, or log in by a service account",
            ),
        );
    }
    warnings
}
