//! Variables that make databricks-sdk log in otherwise than the profile says. It reads them for every setting that dbt does
//! not give it (`Config._load_from_env`), and fails where they make two ways to log in (`Config._validate`).

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Warning};
use floe_plugin_common::check::Run;

use super::Context;
use crate::config::Login;

/// What stands for another way to log in than a token. Secrets are not looked at: none of them comes alone.
const OTHERS: [&str; 11] = [
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_USERNAME",
    "DATABRICKS_OIDC_TOKEN_ENV",
    "DATABRICKS_OIDC_TOKEN_FILEPATH",
    "DATABRICKS_OIDC_TOKEN_FILE",
    "DATABRICKS_METADATA_SERVICE_URL",
    "DATABRICKS_GOOGLE_SERVICE_ACCOUNT",
    "DATABRICKS_AZURE_RESOURCE_ID",
    "ARM_CLIENT_ID",
    "ARM_TENANT_ID",
    "ARM_USE_MSI",
];

/// Looks at them.
///
/// # Errors
/// A configuration error with the reason `variables` where dbt would not log in.
pub(super) fn look(context: &Context<'_>, run: &mut Run) -> PluginResult<()> {
    let set = |name: &str| (context.variables)(name).filter(|text| !text.is_empty());
    if let Some(profile) = set("DATABRICKS_CONFIG_PROFILE") {
        run.note(
            Warning::new(
                "variables",
                format!("the variable `DATABRICKS_CONFIG_PROFILE` has dbt read the profile `{profile}` of ~/.databrickscfg as well"),
            )
            .with_help("unset it where dbt runs: a credential in that profile may keep dbt from logging in"),
        );
    }
    // dbt names the way to log in, save for a token.
    if context.login != Login::Token {
        return Ok(());
    }
    let failed = |message: String, name: &str| {
        Err(PluginError::new(ErrorKind::Configuration, message)
            .with_reason("variables")
            .with_help(format!("unset `{name}` where dbt and floe run")))
    };
    match set("DATABRICKS_AUTH_TYPE") {
        Some(other) if other != "pat" => {
            return failed(
                format!("the variable `DATABRICKS_AUTH_TYPE` is `{other}`: dbt would not log in by `token`"),
                "DATABRICKS_AUTH_TYPE",
            );
        }
        Some(_) => return Ok(()),
        None => {}
    }
    match OTHERS.into_iter().find(|name| set(name).is_some()) {
        None => Ok(()),
        Some(name) => failed(
            format!("the variable `{name}` says another way to log in than `token`: dbt refuses to choose"),
            name,
        ),
    }
}
