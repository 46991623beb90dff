//! Where tokens are granted. databricks-sdk asks the workspace for `/.well-known/databricks-config`, and the server that it
//! names for the document of OAuth (`Config._resolve_host_metadata`, `get_endpoints_from_url`); before 0.90 it asked the
//! workspace for that document. Nobody logs in for that.

use floe_plugin_api::PluginResult;
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::http::HeaderMap;
use floe_plugin_common::check::{Run, address};
use serde_json::Value;

use super::api::Api;
use super::refusal::failed;
use super::way::Way;

/// Below the root of OAuth.
const DOCUMENT: &str = "/.well-known/oauth-authorization-server";

/// The address at which tokens are granted.
///
/// # Errors
/// Where the workspace names none that a secret may be sent to.
pub(super) fn token_address(api: &Api, way: &Way, run: &mut Run) -> PluginResult<Address> {
    run.step("discover", |run| {
        let told = document(api, "/.well-known/databricks-config")?;
        let account = told["account_id"].as_str().unwrap_or_default();
        let root = match told["oidc_endpoint"].as_str() {
            Some(root) => trusted(&root.replace("{account_id}", account), way)?,
            None => Address { path: "/oidc".to_owned(), ..way.address.clone() },
        };
        let path = format!("{}{DOCUMENT}", root.path.trim_end_matches('/'));
        let told = if is_here(&root, way) {
            document(api, &path)?
        } else {
            let client = run.within("oauth", |run| address::open(run, &root, &way.tls, way.proxy.as_ref()))?;
            serde_json::from_slice(&client.get(&path, &HeaderMap::new())?.body).unwrap_or_default()
        };
        match told["token_endpoint"].as_str() {
            Some(text) => trusted(text, way),
            // Databricks' documentation names this path.
            None => Ok(Address { path: "/oidc/v1/token".to_owned(), ..way.address.clone() }),
        }
    })
}

/// A document that everyone may read; nothing where there is none.
fn document(api: &Api, path: &str) -> PluginResult<Value> {
    let answer = api.client().get(path, &HeaderMap::new())?;
    let body = (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok()).flatten();
    Ok(body.unwrap_or_default())
}

/// Whether an address is the workspace's own.
pub(super) fn is_here(address: &Address, way: &Way) -> bool {
    let here = &way.address;
    address.encrypted == here.encrypted && address.port == here.port && address.host.eq_ignore_ascii_case(&here.host)
}

/// An address that the workspace names: a secret goes there, so it is encrypted where the workspace is.
fn trusted(text: &str, way: &Way) -> PluginResult<Address> {
    let refused = |why: &str| {
        failed(
            "token_address",
            format!("{} names an address for tokens that cannot be used: {why}", way.address.at()),
            "check `host`: something else than Databricks may answer there",
        )
    };
    let address = Address::parse("token_endpoint", text).map_err(|error| refused(&error.message))?;
    if way.address.encrypted && !address.encrypted { Err(refused("it is not encrypted")) } else { Ok(address) }
}
