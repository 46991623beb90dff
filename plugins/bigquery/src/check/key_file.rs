//! Files of credentials.

use std::path::Path;

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use serde_json::Value;

use crate::config::ServiceAccountKey;

/// Reads the key file of a service account.
///
/// # Errors
/// A configuration error with the reason `keyfile` where there is none, or it is none. Nothing of its content is shown.
pub(super) fn read(project_dir: &str, path: &str) -> PluginResult<ServiceAccountKey> {
    let path = Path::new(project_dir).join(path);
    let value = json(&path, "keyfile")?;
    service_account(&value, &path.display().to_string())
}

/// The key of a service account, out of a file's JSON.
///
/// # Errors
/// As [`read`].
pub(super) fn service_account(value: &Value, at: &str) -> PluginResult<ServiceAccountKey> {
    let kind = value["type"].as_str().unwrap_or("of an unknown type");
    let text = |key: &str| value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let needed = |key: &str| {
        text(key).ok_or_else(|| {
            faulty(
                "keyfile",
                format!("{at} is no key file of a service account: it is `{kind}`, without `{key}`"),
                "use the JSON file that Google made with the key; credentials of a person are for `method: oauth`",
            )
        })
    };
    Ok(ServiceAccountKey {
        kind: Some(kind.to_owned()),
        project_id: text("project_id"),
        private_key_id: text("private_key_id"),
        private_key: needed("private_key")?.into(),
        client_email: needed("client_email")?,
        client_id: None,
        auth_uri: None,
        token_uri: needed("token_uri")?,
        auth_provider_x509_cert_url: None,
        client_x509_cert_url: None,
        universe_domain: text("universe_domain"),
    })
}

/// A file's JSON.
///
/// # Errors
/// A configuration error with a reason where it cannot be read.
pub(super) fn json(path: &Path, reason: &str) -> PluginResult<Value> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        faulty(
            reason,
            format!("{} cannot be read: {error}", path.display()),
            "check the path, and that whoever runs dbt and floe may read the file",
        )
    })?;
    // serde's text might quote the file.
    serde_json::from_str(&text).map_err(|error| {
        faulty(
            reason,
            format!("{} is no JSON (line {}, column {})", path.display(), error.line(), error.column()),
            "use the file as Google made it",
        )
    })
}

/// A configuration error of a file.
pub(super) fn faulty(reason: &str, message: String, help: &str) -> PluginError {
    PluginError::new(ErrorKind::Configuration, message).with_reason(reason).with_help(help)
}
