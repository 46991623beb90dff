//! The output of `profiles.yml`.

use floe_plugin_api::{
    PluginResult, ProfileRequest, ProfileResponse, Storage, TIMEOUT_NOT_ENFORCED, TimeoutEnforcement, Warning,
};
use floe_plugin_common::profile_output;
use serde_json::Value;

use crate::config::{Method, Settings};
use crate::rules;

/// The profile of a compute.
///
/// # Errors
/// Where settings contradict each other.
pub(crate) fn generate(request: &ProfileRequest) -> PluginResult<ProfileResponse> {
    let settings = Settings::of(&request.config)?;
    let method = rules::verify(&settings)?;
    rules::without_nul(&settings)?;
    rules::no_literal_secret(&settings)?;

    let mut output = profile_output("spark", request.config.threads, &settings)?;
    if method == Method::Session {
        // dbt-spark wants one there, and does nothing with it.
        output.insert("host".to_owned(), Value::from("localhost"));
    }
    let polled = matches!(method, Method::Thrift | Method::Http);
    if let (true, Some(seconds)) = (polled, request.config.timeout_expression()) {
        output.insert("query_timeout".to_owned(), Value::from(seconds));
    }
    let timeout = if polled {
        let granularity_seconds = u32::try_from(settings.poll_seconds()).unwrap_or(u32::MAX);
        TimeoutEnforcement::Coarse { granularity_seconds }
    } else {
        TimeoutEnforcement::None
    };
    Ok(ProfileResponse::new(output)
        .with_timeout(timeout)
        .with_storage(Storage::Service)
        .with_warnings(warnings(request, &settings, method)))
}

fn warnings(request: &ProfileRequest, settings: &Settings, method: Method) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let (Some(seconds), Method::Odbc | Method::Session) = (request.config.timeout_seconds, method) {
        warnings.push(
            Warning::new(
                TIMEOUT_NOT_ENFORCED,
                format!(
                    "dbt-spark has no query timeout with `method: {}`: `floe run` and `floe dbt` hold `timeout_seconds: {seconds}`, plain dbt does not",
                    method.as_str()
                ),
            )
            .with_help("give the process that runs dbt a limit of its own"),
        );
    }
    if let Some(seconds) = request.config.connect_timeout_seconds {
        warnings.push(
            Warning::new(
                "connect_timeout_not_enforced",
                format!("dbt-spark connects without a timeout: `connect_timeout_seconds: {seconds}` limits `floe health` alone"),
            )
            .with_help("the key `connect_timeout` is another thing: the pause between two attempts"),
        );
    }
    let parameters = settings.server_side_parameters.iter().flatten().map(|(name, _)| name.as_str());
    let unread: Vec<_> = parameters.filter(|name| !name.starts_with("set:")).map(|name| format!("`{name}`")).collect();
    if method == Method::Thrift && !unread.is_empty() {
        warnings.push(
            Warning::new(
                "parameter_ignored",
                format!(
                    "a Spark Thrift Server reads no session setting without `set:` before its name: {}",
                    unread.join(", ")
                ),
            )
            .with_help(
                "write `set:spark.sql.shuffle.partitions: 8`, unless the server is another one that reads plain names",
            ),
        );
    }
    if settings.schema.contains('.') && !settings.schema.contains("{{") {
        warnings.push(
            Warning::new(
                "schema_in_catalog",
                "dbt-spark does not find its own tables again in a schema of another catalog: a second run of a seed fails, \
                 incremental models and snapshots begin anew in each run",
            )
            .with_help(
                "let the server have that catalog as its session catalog and write the schema alone; tables of others are \
                 read under a catalog's name by `reads` in the manifest",
            ),
        );
    }
    if settings.use_ssl.as_ref().and_then(floe_plugin_common::Flag::value) == Some(true) {
        warnings.push(
            Warning::new(
                "certificate_unchecked",
                "with `use_ssl` dbt-spark encrypts the connection and looks at no certificate: a server in between could \
                 read all of it",
            )
            .with_help("let dbt reach the server through a network that you trust, or a tunnel that checks who is there"),
        );
    }
    warnings
}
