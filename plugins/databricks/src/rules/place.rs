//! Where dbt goes: host, path, catalog and schema.

use floe_plugin_api::{PluginError, PluginResult};
use floe_plugin_common::check::address::Address;
use floe_plugin_common::{is_expression, wrong};
use serde_json::Value;

use crate::config::{HttpPath, Settings};

/// A part of Azure, with a login server of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AzureZone {
    /// How its hosts end.
    pub suffix: &'static str,
    /// Its login server.
    pub login: &'static str,
    /// What a token for Azure's own management is for.
    pub management: &'static str,
}

/// The parts of Azure, as databricks-sdk knows them (`environments.py`).
const AZURE_ZONES: [AzureZone; 3] = [
    AzureZone {
        suffix: ".azuredatabricks.net",
        login: "login.microsoftonline.com",
        management: "https://management.core.windows.net/",
    },
    AzureZone {
        suffix: ".databricks.azure.us",
        login: "login.microsoftonline.us",
        management: "https://management.core.usgovcloudapi.net/",
    },
    AzureZone {
        suffix: ".databricks.azure.cn",
        login: "login.chinacloudapi.cn",
        management: "https://management.core.chinacloudapi.cn/",
    },
];

/// The part of Azure that a host is of.
pub(crate) fn azure_zone(host: &str) -> Option<AzureZone> {
    AZURE_ZONES.into_iter().find(|zone| host.ends_with(zone.suffix))
}

/// Checks the places.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    if !is_expression(&settings.host) {
        address(settings)?;
    }
    paths(settings)?;
    names(settings)?;
    connection_uri(settings)
}

/// The address of the workspace.
///
/// dbt-databricks sends statements to `https://<host>:443/<http_path>`, whatever stands in `host`, so that a scheme or a
/// port there makes an address that is none. Only where the driver's `_connection_uri` says where statements go, `host` is
/// free for the other requests.
///
/// # Errors
/// Where it is no host name.
pub(crate) fn address(settings: &Settings) -> PluginResult<Address> {
    let host = settings.host.as_str();
    if settings.parameter("_connection_uri").is_some() && host.contains("://") {
        let address = Address::parse("host", host)?;
        return if address.path.is_empty() { Ok(address) } else { Err(no_name(host, "write it without a path")) };
    }
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let help = if host.contains("://") {
        "write the name alone, without what ends in `://`"
    } else if host.contains('/') {
        "write the name alone; what follows it is `http_path`"
    } else {
        "write the name alone: dbt-databricks speaks to port 443"
    };
    let is_plain = !host.contains(['/', '@', '?', '#', ' ', '\\']) && (is_bracketed || !host.contains(':'));
    if is_plain { Ok(Address::https(host, 443)) } else { Err(no_name(host, help)) }
}

fn no_name(host: &str, help: &str) -> PluginError {
    wrong("host", format!("`host` is {host:?}, which is no host name"), help)
}

fn paths(settings: &Settings) -> PluginResult<()> {
    let mut workspaces: Vec<String> = Vec::new();
    for (name, text) in settings.http_paths().filter(|(_, text)| !is_expression(text)) {
        let key = name.map_or_else(|| "http_path".to_owned(), |name| format!("compute.{name}.http_path"));
        let Some(path) = HttpPath::parse(text) else {
            return Err(wrong(
                "http_path",
                format!("`{key}` is {text:?}, which leads neither to a SQL warehouse nor to a cluster"),
                "write `/sql/1.0/warehouses/<id>` or `/sql/protocolv1/o/<workspace>/<cluster>`, as the connection details \
                 of the warehouse or cluster show it",
            ));
        };
        workspaces.extend(path.workspace);
    }
    workspaces.sort_unstable();
    workspaces.dedup();
    match workspaces.as_slice() {
        [one, other, ..] => Err(wrong(
            "http_path",
            format!("the paths name different workspaces (`?o={one}`, `?o={other}`), which dbt-databricks refuses"),
            "write a compute for each workspace",
        )),
        _ => Ok(()),
    }
}

fn names(settings: &Settings) -> PluginResult<()> {
    if settings.catalog.is_some() && settings.database.is_some() {
        return Err(wrong(
            "catalog",
            "`catalog` and `database` are the same setting, written twice",
            "keep `catalog`, and leave `database` out",
        ));
    }
    if settings.catalog().is_empty() {
        return Err(wrong("catalog", "`catalog` is blank", "write the catalog's name, or leave it out"));
    }
    if settings.session_properties.iter().flatten().any(|(name, _)| name == "databricks.catalog") {
        return Err(wrong(
            "catalog",
            "`session_properties` holds `databricks.catalog`, an old way to write `catalog`",
            "write it as `catalog`",
        ));
    }
    if settings.schema.contains('.') && !is_expression(&settings.schema) {
        return Err(wrong(
            "schema",
            format!("`schema` is {:?}, with a dot, which dbt-databricks refuses", settings.schema),
            "write the catalog as `catalog`, and the schema alone as `schema`",
        ));
    }
    Ok(())
}

fn connection_uri(settings: &Settings) -> PluginResult<()> {
    const KEY: &str = "connection_parameters._connection_uri";
    match settings.parameter("_connection_uri") {
        None => Ok(()),
        Some(Value::String(text)) if is_expression(text) => Ok(()),
        Some(Value::String(text)) => Address::parse(KEY, text).map(drop),
        Some(_) => Err(wrong(
            KEY,
            format!("`{KEY}` is no text"),
            "write the whole address at which statements are taken, or leave it out",
        )),
    }
}
