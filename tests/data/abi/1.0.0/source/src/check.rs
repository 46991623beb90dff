//! The check. It connects to nothing: what it finds is made of what it was asked.

use floe_plugin_api::{
    CheckRequest, CheckStep, ConnectionDetails, ConnectionResult, ErrorKind, InUseBy, PluginError, Warning,
};

use crate::settings::{Outcome, Settings};

pub(crate) fn check(request: &CheckRequest, settings: &Settings) -> ConnectionResult {
    let found = match settings.check {
        Outcome::Healthy => ConnectionResult::healthy("it answers"),
        Outcome::Degraded => ConnectionResult::degraded(
            "it answers in part",
            Warning::new("part", "a part is missing").with_help("add it"),
        ),
        Outcome::Unhealthy => ConnectionResult::unhealthy(
            PluginError::new(ErrorKind::Connection, "it does not answer").with_reason("refused").with_help("start it"),
        ),
    };
    let failed = matches!(settings.check, Outcome::Unhealthy);
    let kept = request.keep_connection && !failed;
    found
        .with_latency_ms(1.5)
        .with_steps(vec![CheckStep::new("resolve", 0.25, true), CheckStep::new("connect", 1.25, !failed)])
        .with_reconnected(kept)
        .with_connection_kept(kept)
        .with_details(details(request, settings))
}

fn details(request: &CheckRequest, settings: &Settings) -> ConnectionDetails {
    let vended = request.vended_credentials.as_ref();
    let storage = vended.and_then(|vended| vended.storage.first());
    ConnectionDetails::new()
        .with_server_version("1.0.0")
        .with_user("kept")
        .with_role("reader")
        .with_database(request.config.name.as_str())
        .with_schema(settings.schema.as_str())
        .with_will_start(false)
        .with_in_use_by(InUseBy::new(1).with_command("init"))
        .with_other("environment", request.environment.as_str())
        .with_other("project_dir", request.project_dir.as_str())
        .with_other("correlation_id", request.correlation_id.as_str())
        .with_other("deadline_ms", request.deadline_ms)
        .with_other("idle_seconds", settings.idle_seconds)
        .with_other("password_length", settings.password.as_ref().map(|password| password.expose().len()))
        .with_other("catalog", request.catalog.as_ref().map(|catalog| catalog.name.as_str()))
        .with_other("vended_for", storage.map(|storage| storage.prefix.as_str()))
        .with_other("vended_until_ms", vended.and_then(|vended| vended.expires_at_ms))
        .with_other("said", std::env::var("ABI_FIXTURE_SAYS").ok())
}
