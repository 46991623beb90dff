//! The output of `profiles.yml`.

use floe_plugin_api::{
    PluginResult, ProfileRequest, ProfileResponse, Storage, TIMEOUT_NOT_ENFORCED, TimeoutEnforcement, Warning,
};
use floe_plugin_common::profile_output;

use crate::config::Settings;
use crate::rules;

/// The profile of a compute.
///
/// # Errors
/// Where settings contradict each other.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let settings = Settings::of(&request.config)?;
    rules::verify(&settings)?;
    let output = profile_output("redshift", request.config.threads, &settings)?;
    Ok(ProfileResponse::new(output)
        .with_timeout(TimeoutEnforcement::None)
        .with_storage(Storage::Service)
        .with_warnings(warnings(request)))
}

fn warnings(request: &ProfileRequest) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(seconds) = request.config.timeout_seconds {
        warnings.push(
            Warning::new(
                TIMEOUT_NOT_ENFORCED,
                format!("dbt-redshift has no query timeout: `floe run` and `floe dbt` hold `timeout_seconds: {seconds}`, plain dbt does not"),
            )
            .with_help(
                "set `statement_timeout` for the user (`ALTER USER … SET statement_timeout TO …`), or a rule of workload \
                 management",
            ),
        );
    }
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!(
                    "dbt does not hold `connect_timeout_seconds: {seconds}`: redshift_connector's own limit would end \
                     long queries as well"
                ),
            )
            .with_help("`floe health` holds it; for dbt set `connect_timeout` only where no statement takes longer"),
        );
    }
    warnings
}
