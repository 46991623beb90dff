//! Credentials that another component got from the catalog.

use std::time::{SystemTime, UNIX_EPOCH};

use floe_plugin_api::{PluginResult, StorageCredential, VendedCredentials};
use floe_plugin_common::check::Run;
use floe_plugin_common::wrong;

use super::super::probe::{Probe, Question, Session, words};
use super::super::unchecked;
use super::tables::Vending;
use super::{explain, limit};
use crate::catalog::{Mount, identifier, literal};

/// Credentials that have ended are of no use to anybody.
///
/// # Errors
/// Where they have.
pub(super) fn are_alive(vended: &VendedCredentials) -> PluginResult<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = u64::try_from(now).unwrap_or(u64::MAX);
    let ended = vended.expires_at_ms.filter(|_| vended.is_expired(now)).map(|end| (now - end) / 1000);
    match ended {
        Some(seconds) => Err(explain::expired(&format!("the vended credentials ended {seconds} s ago"))),
        None => Ok(()),
    }
}

/// Lists the metadata files below each prefix with its credentials.
///
/// # Errors
/// Where the storage refuses them.
pub(super) fn try_out(
    vended: &VendedCredentials,
    mount: &Mount<'_>,
    session: &Session,
    run: &mut Run,
) -> PluginResult<Vending> {
    let mut tried = false;
    for (number, credential) in vended.storage.iter().enumerate() {
        if !credential.prefix.starts_with("s3://") {
            run.degrade(unchecked(&format!(
                "`{}` is no S3 storage: its credentials were not tried",
                credential.prefix
            )));
            continue;
        }
        let secret = secret(number, credential)?;
        limit(session, run);
        run.step("storage", |_| {
            let pattern = format!("{}/metadata/*.json", credential.prefix.trim_end_matches('/'));
            let opened = session.send(&Probe::Secret(&secret)).and_then(|()| session.ask(&Question::Files(&pattern)));
            opened.map(drop).map_err(|error| explain::refused_storage(&credential.prefix, &words(&error), mount))
        })?;
        tried = true;
    }
    Ok(if tried { Vending::Given } else { Vending::Unknown })
}

/// The statement that makes DuckDB's secret of a credential. Keys: "Storage credentials" of the Iceberg REST
/// specification.
fn secret(number: usize, credential: &StorageCredential) -> PluginResult<String> {
    let value = |key: &str| credential.config.get(key).map(floe_plugin_api::Secret::expose);
    let required = |key: &str| {
        value(key).ok_or_else(|| {
            wrong(
                "vended_credentials",
                format!("the vended credentials for `{}` lack `{key}`", credential.prefix),
                "hand over what the catalog answered, whole",
            )
        })
    };
    let mut options = vec![
        "TYPE s3".to_owned(),
        format!("KEY_ID {}", literal(required("s3.access-key-id")?)),
        format!("SECRET {}", literal(required("s3.secret-access-key")?)),
        format!("SCOPE {}", literal(&credential.prefix)),
    ];
    let mut add =
        |name: &str, value: Option<&str>| options.extend(value.map(|value| format!("{name} {}", literal(value))));
    add("SESSION_TOKEN", value("s3.session-token"));
    add("REGION", value("s3.region").or_else(|| value("client.region")));
    if let Some(endpoint) = value("s3.endpoint") {
        let (host, is_plain) = match endpoint.split_once("://") {
            Some((scheme, host)) => (host, scheme.eq_ignore_ascii_case("http")),
            None => (endpoint, false),
        };
        add("ENDPOINT", Some(host.trim_end_matches('/')));
        options.push(format!("USE_SSL {}", !is_plain));
    }
    if value("s3.path-style-access").is_some_and(|style| style.eq_ignore_ascii_case("true")) {
        options.push("URL_STYLE 'path'".to_owned());
    }
    Ok(format!("CREATE OR REPLACE SECRET {} ({})", identifier(&format!("floe_vended_{number}")), options.join(", ")))
}
