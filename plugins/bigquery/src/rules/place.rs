//! Project, dataset, location, and the server.

use floe_plugin_api::PluginResult;
use floe_plugin_common::check::address::Address;
use floe_plugin_common::{is_expression, wrong};

use crate::config::Settings;

/// Checks where dbt builds.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    one(
        "project",
        settings.project.is_some(),
        "database",
        settings.database.is_some(),
        "dbt would take the machine's own, another one elsewhere",
    )?;
    one("dataset", settings.dataset.is_some(), "schema", settings.schema.is_some(), "dbt does not start without")?;
    dataset(settings.dataset())?;
    service_account(settings)?;
    match settings.api_endpoint.as_deref().filter(|text| !is_expression(text)) {
        None => Ok(()),
        Some(text) => {
            let address = Address::parse("api_endpoint", text)?;
            if address.path.is_empty() {
                return Ok(());
            }
            Err(wrong(
                "api_endpoint",
                "`api_endpoint` has a path, which Google's client puts before its own",
                "write scheme, host and port alone: `https://bigquery-floe.p.googleapis.com`",
            ))
        }
    }
}

/// One of two names of the same.
fn one(name: &str, written: bool, alias: &str, also: bool, why: &str) -> PluginResult<()> {
    match (written, also) {
        (true, true) => Err(wrong(
            alias,
            format!("`{name}` and `{alias}` are both written, and are names of the same"),
            format!("remove `{alias}`"),
        )),
        (false, false) => {
            Err(wrong("missing_setting", format!("`{name}` is not written: {why}"), format!("write `{name}`")))
        }
        _ => Ok(()),
    }
}

/// Letters, digits and underscores, at most 1024 (<https://cloud.google.com/bigquery/docs/datasets#dataset-naming>).
fn dataset(text: &str) -> PluginResult<()> {
    let fits = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    if is_expression(text) || (text.chars().all(fits) && text.chars().count() <= 1024) {
        return Ok(());
    }
    Err(wrong(
        "dataset",
        format!("`{text}` is no name of a dataset"),
        "use letters, digits and underscores; the project stands in `project`",
    ))
}

fn service_account(settings: &Settings) -> PluginResult<()> {
    let Some(account) = settings.impersonate_service_account.as_deref().filter(|text| !is_expression(text)) else {
        return Ok(());
    };
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "@.-_:".contains(letter);
    if account.contains('@') && account.chars().all(fits) {
        return Ok(());
    }
    Err(wrong(
        "impersonate_service_account",
        format!("`{account}` is no service account"),
        "write its e-mail address: `dbt@project.iam.gserviceaccount.com`",
    ))
}
