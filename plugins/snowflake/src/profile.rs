//! The output of `profiles.yml`.

use floe_plugin_api::{
    PluginResult, ProfileRequest, ProfileResponse, Storage, TIMEOUT_NOT_ENFORCED, TimeoutEnforcement, Warning,
};
use floe_plugin_common::{Flag, profile_output};

use crate::config::{Account, Settings};
use crate::rules;

/// The profile of a compute: what the user set, in the order of [`Settings`], behind what dbt needs.
///
/// # Errors
/// Where settings contradict each other.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let settings = Settings::of(&request.config)?;
    rules::verify(&settings)?;
    let output = profile_output("snowflake", request.config.threads, &settings)?;
    Ok(ProfileResponse::new(output)
        .with_timeout(TimeoutEnforcement::None)
        .with_storage(Storage::Service)
        .with_warnings(warnings(request, &settings)))
}

fn warnings(request: &ProfileRequest, settings: &Settings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(seconds) = request.config.timeout_seconds {
        warnings.push(
            Warning::new(
                TIMEOUT_NOT_ENFORCED,
                format!("dbt-snowflake has no query timeout: `floe run` and `floe dbt` hold `timeout_seconds: {seconds}`, plain dbt does not"),
            )
            .with_help(format!(
                "set it for the user (`ALTER USER … SET STATEMENT_TIMEOUT_IN_SECONDS = {seconds}`), or for the warehouse"
            )),
        );
    }
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!(
                    "dbt does not hold `connect_timeout_seconds: {seconds}`: snowflake-connector-python tries for minutes, \
                     and no key of a profile says otherwise"
                ),
            )
            .with_help("`floe health` holds it; `connect_timeout` of dbt-snowflake is a pause between attempts"),
        );
    }
    if let Some(second) = Account::parse(&settings.account).ok().as_ref().and_then(Account::doubtful_region) {
        warnings.push(
            Warning::new(
                "account",
                format!("`account: {}` is read as an account locator in the region `{second}`", settings.account),
            )
            .with_help("between organization and account belongs a hyphen: `acme-shop`"),
        );
    }
    if !settings.is_https() && !is_loopback(settings.host.as_deref().unwrap_or_default()) {
        warnings.push(
            Warning::new(
                "not_encrypted",
                "`protocol` is http: dbt sends credentials and data as everyone may read them",
            )
            .with_help("leave `protocol` out: Snowflake itself speaks https alone"),
        );
    }
    let on = |flag: &Option<Flag>| flag.as_ref().and_then(Flag::value) == Some(true);
    if on(&settings.client_session_keep_alive) && on(&settings.reuse_connections) {
        warnings.push(
            Warning::new(
                "sessions_stay_open",
                "`client_session_keep_alive` and `reuse_connections` together may leave sessions open after dbt has ended",
            )
            .with_help("keep one of them"),
        );
    }
    warnings
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
