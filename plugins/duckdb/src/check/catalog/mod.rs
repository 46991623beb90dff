//! The manifest's Iceberg catalog: log in, attach it read-only, look at one table.
//!
//! The extension asks for the token with the secret, for the configuration of the warehouse with `ATTACH`, and for the
//! namespaces with the first listing. It takes a listing that was refused for an empty one, so the log of its HTTP
//! requests says what came back.

mod explain;
mod tables;
mod token;
mod vended;

use std::time::Duration;

use floe_plugin_api::{CatalogAuth, CatalogConfig, CheckRequest, PluginResult, Warning};
use floe_plugin_common::check::Run;
use serde_json::json;

use super::engine::Engine;
use super::probe::{Probe, Question, Session, words};
use super::unchecked;
use crate::catalog::{CatalogOption, EXTENSIONS, Mount, OptionValue, Version};
use explain::At;

/// Checks the catalog; what the message of the result says of it.
///
/// # Errors
/// Where dbt could not work with it.
pub(super) fn check(
    catalog: &CatalogConfig,
    request: &CheckRequest,
    engine: &Engine,
    run: &mut Run,
) -> PluginResult<String> {
    if let Some(extension) = engine.missing.iter().find(|name| EXTENSIONS.contains(&name.as_str())) {
        run.degrade(extension_missing(catalog, extension, &engine.identity.version));
        return Ok(format!("; the catalog `{}` was not checked", catalog.name));
    }
    if [&catalog.uri, &catalog.warehouse].iter().any(|text| text.contains("{{")) {
        run.degrade(unchecked(&format!("the address of the catalog `{}` is one that only dbt can read", catalog.name)));
        return Ok(format!("; the catalog `{}` was not checked", catalog.name));
    }
    let mut catalog = catalog.clone();
    if let Some(vended) = &request.vended_credentials {
        vended::are_alive(vended)?;
        // They take the place of what the catalog would vend.
        catalog.access_delegation = Some(floe_plugin_api::AccessDelegation::None);
    }
    let mount = Mount::of(&catalog)?;
    let session = &engine.session;
    run.within("catalog", |run| {
        log_in(&mount, session, run)?;
        attach(&mount, session, run)?;
        let namespaces = list(&mount, session, run)?;
        let schema = run.details.schema.clone().unwrap_or_default();
        let vending = match &request.vended_credentials {
            Some(vended) => vended::try_out(vended, &mount, session, run)?,
            None => tables::look(&mount, &schema, &namespaces, session, run)?,
        };
        let found = json!({
            "name": catalog.name,
            "warehouse": catalog.warehouse,
            "namespaces": namespaces.len(),
            "vending": vending.as_str(),
        });
        run.details.other.insert("catalog".to_owned(), found);
        let counted =
            if namespaces.len() == 1 { "1 namespace".to_owned() } else { format!("{} namespaces", namespaces.len()) };
        Ok(format!("; the catalog `{}` answers with {counted}{}", catalog.name, vending.in_words()))
    })
}

/// The exact files are named by the warning about each extension.
fn extension_missing(catalog: &CatalogConfig, extension: &str, version: &str) -> Warning {
    let number = version.trim_start_matches('v');
    let packages: Vec<String> = EXTENSIONS.iter().map(|name| format!("duckdb-extension-{name}=={number}")).collect();
    let files: Vec<String> =
        EXTENSIONS.iter().map(|name| format!("{version}/<platform>/{name}.duckdb_extension")).collect();
    Warning::new(
        "extension_missing",
        format!("the catalog `{}` was not checked: the extension `{extension}` is not installed here", catalog.name),
    )
    .with_help(format!(
        "DuckDB {version} needs {} for it. Offline, put them below `config_options.extension_directory` as {} \
         (platform: what `PRAGMA platform` answers, such as linux_amd64); the Python packages {} hold them",
        EXTENSIONS.join(", "),
        files.join(", "),
        packages.join(", "),
    ))
}

fn log_in(mount: &Mount<'_>, session: &Session, run: &mut Run) -> PluginResult<()> {
    limit(session, run);
    let _ = session.send(&Probe::LogHttp);
    if let CatalogAuth::Bearer { token } = &mount.catalog.auth {
        token::is_alive(token, &mount.catalog.name)?;
    }
    let Some(statement) = mount.create_secret() else { return Ok(()) };
    run.step("login", |_| {
        session.send(&Probe::Secret(&statement)).map_err(|error| explain::failed(At::Login, &words(&error), mount))
    })
}

fn attach(mount: &Mount<'_>, session: &Session, run: &mut Run) -> PluginResult<()> {
    limit(session, run);
    let read_only = CatalogOption { name: "read_only", value: OptionValue::Flag(true), is_new: false };
    let statement = mount.attach(Version::of(None)?, &[read_only])?;
    run.step("attach", |_| {
        session.send(&Probe::Attach(&statement)).map_err(|error| explain::failed(At::Attach, &words(&error), mount))
    })
}

fn list(mount: &Mount<'_>, session: &Session, run: &mut Run) -> PluginResult<Vec<String>> {
    limit(session, run);
    run.step("list", |_| {
        let question = Question::Namespaces { catalog: &mount.catalog.name };
        let found = session.ask(&question).map_err(|error| explain::failed(At::List, &words(&error), mount))?;
        let statuses = session.ask(&Question::ListingStatus).unwrap_or_default();
        let status = statuses.last().map(|[status, _]| status.as_str());
        match status {
            Some(status) if !status.starts_with("OK") => Err(explain::listing(status, mount)),
            _ => Ok(found.into_iter().map(|[name, _]| name).collect()),
        }
    })
}

/// One request may take half of what is left, in the whole seconds that DuckDB counts in, and is sent once.
fn limit(session: &Session, run: &Run) {
    let seconds = (run.left() / 2).max(Duration::from_secs(1)).as_secs().to_string();
    // An extension that knows neither waits for as long as the host does.
    let _ = session.send(&Probe::Set("http_timeout", &seconds));
    let _ = session.send(&Probe::Set("http_retries", "0"));
}
