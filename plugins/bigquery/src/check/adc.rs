//! Application default credentials, in the order in which google-auth looks for them (`google/auth/_default.py`): the file of
//! `GOOGLE_APPLICATION_CREDENTIALS`, the file that `gcloud auth application-default login` writes, the metadata server.

use std::path::{Path, PathBuf};

use floe_plugin_api::Secret;
use floe_plugin_common::check::address::Address;
use serde_json::Value;

use super::key_file::{faulty, json, service_account};
use super::source::{Federation, Origin, RefreshToken, Source, Subject};
use super::{Context, Stop, not_here};

/// The metadata server, by the name that it has inside Google Cloud.
const METADATA: &str = "metadata.google.internal";

/// Where refresh tokens of people are exchanged; their files do not name it.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// The reason of what is wrong with such a file.
const REASON: &str = "default_credentials";

/// Finds them.
pub(super) fn find(context: &Context<'_>) -> Result<Source, Stop> {
    let set = |name: &str| (context.variables)(name).filter(|text| !text.is_empty());
    if let Some(path) = set("GOOGLE_APPLICATION_CREDENTIALS") {
        return of_file(&Path::new(context.project_dir).join(path));
    }
    let gcloud = set("CLOUDSDK_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&set("HOME")?).join(".config/gcloud")))
        .map(|folder| folder.join("application_default_credentials.json"));
    if let Some(path) = gcloud.filter(|path| path.is_file()) {
        return of_file(&path);
    }
    let host = set("GCE_METADATA_HOST").unwrap_or_else(|| METADATA.to_owned());
    Ok(Origin::Metadata(Address::parse("GCE_METADATA_HOST", &format!("http://{host}"))?).into())
}

fn of_file(path: &Path) -> Result<Source, Stop> {
    let value = json(path, REASON)?;
    of_value(&value, &path.display().to_string())
}

/// The credentials of a file, by their `type`.
fn of_value(value: &Value, at: &str) -> Result<Source, Stop> {
    let quota_project = value["quota_project_id"].as_str().map(str::to_owned);
    let source: Source = match value["type"].as_str().unwrap_or_default() {
        "authorized_user" => Origin::Refresh(refresh_token(value, at)?).into(),
        "service_account" => Origin::ServiceAccount(service_account(value, at)?).into(),
        "external_account" => external(value, at)?,
        "impersonated_service_account" => {
            let mut source = of_value(&value["source_credentials"], at)?;
            source.impersonated.push(address(value, "service_account_impersonation_url", at)?);
            source
        }
        other @ ("external_account_authorized_user" | "gdch_service_account") => {
            return Err(not_here(&format!("{at} holds credentials of the type `{other}`, which a check does not use")));
        }
        other => {
            return Err(faulty(
                REASON,
                format!("{at} holds credentials of a type that google-auth does not know: `{other}`"),
                "make the file anew: `gcloud auth application-default login`",
            )
            .into());
        }
    };
    Ok(source.with_quota_project(quota_project))
}

fn text(value: &Value, key: &str, at: &str) -> Result<String, Stop> {
    value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| {
        faulty(
            REASON,
            format!("{at} lacks `{key}`"),
            "make the file anew: `gcloud auth application-default login`, or `gcloud iam workload-identity-pools create-cred-config`",
        )
        .into()
    })
}

fn address(value: &Value, key: &str, at: &str) -> Result<Address, Stop> {
    Ok(Address::parse(key, &text(value, key, at)?)?)
}

fn refresh_token(value: &Value, at: &str) -> Result<RefreshToken, Stop> {
    Ok(RefreshToken {
        client_id: text(value, "client_id", at)?,
        client_secret: Secret::new(text(value, "client_secret", at)?),
        token: Secret::new(text(value, "refresh_token", at)?),
        token_uri: Address::parse("token_uri", value["token_uri"].as_str().unwrap_or(TOKEN_URI))?,
    })
}

fn external(value: &Value, at: &str) -> Result<Source, Stop> {
    let from = &value["credential_source"];
    let field = (from["format"]["type"] == "json")
        .then(|| from["format"]["subject_token_field_name"].as_str().unwrap_or_default().to_owned());
    let subject = if let Some(path) = from["file"].as_str() {
        Subject::File { path: path.to_owned(), field }
    } else if let (Some(url), None) = (from["url"].as_str(), from["environment_id"].as_str()) {
        let headers = from["headers"].as_object().into_iter().flatten();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), Secret::new(value.as_str()?)))).collect();
        let (url, query) = url.split_once('?').map_or((url, ""), |(url, query)| (url, query));
        Subject::Url { address: Address::parse("credential_source.url", url)?, query: query.to_owned(), headers, field }
    } else {
        return Err(not_here(&format!(
            "{at} has the other provider's token got by a program, by AWS or by a certificate, which a check does not do"
        )));
    };
    let mut source = Source::from(Origin::Federated(Federation {
        subject,
        subject_token_type: text(value, "subject_token_type", at)?,
        audience: text(value, "audience", at)?,
        exchange: address(value, "token_url", at)?,
    }));
    if value["service_account_impersonation_url"].is_string() {
        source.impersonated.push(address(value, "service_account_impersonation_url", at)?);
    }
    Ok(source)
}
