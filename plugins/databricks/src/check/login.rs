//! The login: a token for the REST interface, as databricks-sdk gets it.

use std::path::Path;

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Secret};
use floe_plugin_common::check::Run;
use floe_plugin_common::check::address::{self, Address};
use floe_plugin_common::check::http::{Client, HeaderMap};
use floe_plugin_common::check::oauth::{Grant, Refusal, TokenKey, TokenRequest, Tokens};
use floe_plugin_common::check::proxy::Proxy;
use floe_plugin_common::wrong;

use super::Context;
use super::api::Api;
use super::discover::{is_here, token_address};
use super::refusal::failed;
use super::way::Way;
use crate::config::Login;
use crate::rules::{AzureZone, azure_zone};

/// The scope that databricks-sdk asks for (`Config.get_scopes`).
const SCOPE: &str = "all-apis";

/// Databricks, as Microsoft Entra ID knows it (`ARM_DATABRICKS_RESOURCE_ID` in databricks-sdk).
const DATABRICKS_ON_AZURE: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

/// What requests carry.
pub(super) struct Credential {
    /// The token.
    pub token: Secret,
    /// The token for Azure's management, which databricks-sdk sends along.
    pub management: Option<Secret>,
    /// What they are kept under.
    keys: Vec<TokenKey>,
    /// Whether one of them was there already.
    kept: bool,
}

impl Credential {
    /// Whether it was there already.
    pub(super) fn is_kept(&self) -> bool {
        self.kept
    }

    /// Forgets it, where it was refused.
    pub(super) fn forget(&self, tokens: &Tokens) {
        self.keys.iter().for_each(|key| tokens.forget(key));
    }

    fn alone(token: Secret) -> Self {
        Self { token, management: None, keys: Vec::new(), kept: false }
    }
}

/// Gets the credential of requests.
///
/// # Errors
/// Where there is none to be had.
pub(super) fn log_in(context: &Context<'_>, api: &mut Api, way: &Way, run: &mut Run) -> PluginResult<Credential> {
    let settings = context.settings;
    let empty = || Secret::new("");
    let id = settings.client_id.clone().unwrap_or_default();
    match context.login {
        Login::Token | Login::Browser => Ok(Credential::alone(settings.token.clone().unwrap_or_else(empty))),
        Login::Secret => {
            let secret = settings.client_secret.clone().unwrap_or_else(empty);
            match azure_zone(&settings.host) {
                // dbt-databricks tells secrets of Databricks from those of Microsoft by their first letters.
                Some(zone) if !secret.expose().starts_with("dose") => {
                    run.details.other.insert("login".to_owned(), "Microsoft Entra ID".into());
                    of_azure(context, api, way, run, zone, &id, &secret)
                }
                _ => {
                    let request =
                        || TokenRequest::new("client_credentials").field("scope", SCOPE).basic(&id, secret.expose());
                    of_databricks(context, api, way, run, &[&id, secret.expose()], &request)
                }
            }
        }
        Login::Azure => {
            let id = settings.azure_client_id.clone().unwrap_or_default();
            let secret = settings.azure_client_secret.clone().unwrap_or_else(empty);
            match azure_zone(&settings.host) {
                Some(zone) => of_azure(context, api, way, run, zone, &id, &secret),
                None => Err(wrong(
                    "azure_host",
                    format!(
                        "a secret of Microsoft Entra ID opens workspaces on Azure alone, and `{}` is none",
                        settings.host
                    ),
                    "write the host as `adb-….azuredatabricks.net`; elsewhere log in by `client_id` and `client_secret`",
                )),
            }
        }
        Login::EnvOidc | Login::FileOidc => {
            let assertion = assertion(context)?;
            let request = || {
                TokenRequest::new("urn:ietf:params:oauth:grant-type:token-exchange")
                    .field("scope", SCOPE)
                    .field("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
                    .field("subject_token", assertion.expose())
                    .field("client_id", &id)
            };
            of_databricks(context, api, way, run, &[&id, assertion.expose()], &request)
        }
    }
}

/// The token of the other identity provider.
fn assertion(context: &Context<'_>) -> PluginResult<Secret> {
    let missing = |message: String, help: &str| {
        PluginError::new(ErrorKind::Configuration, message).with_reason("oidc_token").with_help(help)
    };
    let text = if let Some(path) =
        context.settings.oidc_token_filepath.as_deref().filter(|_| context.login == Login::FileOidc)
    {
        let path = Path::new(context.project_dir).join(path);
        std::fs::read_to_string(&path).map_err(|error| {
            missing(
                format!("no token can be read from {}: {error}", path.display()),
                "have the identity provider write its token there, where dbt and floe run",
            )
        })?
    } else {
        if let Some(name) = (context.variables)("DATABRICKS_OIDC_TOKEN_ENV")
            .filter(|name| !name.is_empty() && name != "DATABRICKS_OIDC_TOKEN")
        {
            return Err(missing(
                format!(
                    "`DATABRICKS_OIDC_TOKEN_ENV` names the variable `{name}`, which floe does not show to its plugins"
                ),
                "put the token into `DATABRICKS_OIDC_TOKEN`, or into a file with `auth_type: file-oidc`",
            ));
        }
        (context.variables)("DATABRICKS_OIDC_TOKEN").unwrap_or_default()
    };
    let text = text.trim();
    if text.is_empty() {
        let place = match context.login {
            Login::FileOidc => "the file of `oidc_token_filepath` is empty",
            _ => "the variable `DATABRICKS_OIDC_TOKEN` is not set",
        };
        return Err(missing(
            format!("there is no token of the other identity provider: {place}"),
            "have the identity provider put its token there, where dbt and floe run",
        ));
    }
    Ok(Secret::new(text))
}

/// A token that Databricks itself grants.
fn of_databricks(
    context: &Context<'_>,
    api: &Api,
    way: &Way,
    run: &mut Run,
    material: &[&str],
    request: &dyn Fn() -> TokenRequest,
) -> PluginResult<Credential> {
    let here = way.address.to_string();
    let key = TokenKey::of(&[&[context.login.name(), here.as_str()], material].concat());
    let (token, kept) = context.tokens.get(&key, || {
        let address = token_address(api, way, run)?;
        ask(context, Some(api), way, run, "token", &address, &request())
    })?;
    say_kept(run, kept);
    Ok(Credential { token, management: None, keys: vec![key], kept })
}

/// The tokens that Microsoft Entra ID grants: one for Databricks, one for Azure's management.
fn of_azure(
    context: &Context<'_>,
    api: &Api,
    way: &Way,
    run: &mut Run,
    zone: AzureZone,
    id: &str,
    secret: &Secret,
) -> PluginResult<Credential> {
    let here = way.address.to_string();
    let (mut keys, mut kept) = (Vec::new(), false);
    let mut tenant = None;
    let mut get = |run: &mut Run, place: &str, resource: &str| {
        let key = TokenKey::of(&[zone.login, &here, id, secret.expose(), resource]);
        let (token, is_kept) = context.tokens.get(&key, || {
            let tenant = match &tenant {
                Some(tenant) => tenant,
                None => tenant.insert(tenant_of(context, api, run)?),
            };
            let mut address = Address::https(zone.login, 443);
            address.path = format!("/{tenant}/oauth2/token");
            let request = TokenRequest::new("client_credentials")
                .field("scope", SCOPE)
                .field("resource", resource)
                .field("client_id", id)
                .field("client_secret", secret.expose());
            ask(context, None, way, run, place, &address, &request)
        })?;
        keys.push(key);
        kept |= is_kept;
        Ok::<_, PluginError>(token)
    };
    let token = get(run, "token", DATABRICKS_ON_AZURE)?;
    let management = get(run, "management", zone.management)?;
    say_kept(run, kept);
    Ok(Credential { token, management: Some(management), keys, kept })
}

/// The tenant: of the variable, or as the workspace tells everyone (`Config.load_azure_tenant_id`).
fn tenant_of(context: &Context<'_>, api: &Api, run: &mut Run) -> PluginResult<String> {
    if let Some(tenant) = (context.variables)("ARM_TENANT_ID").filter(|tenant| !tenant.is_empty()) {
        return tenant_name(&tenant).ok_or_else(|| {
            wrong(
                "tenant",
                "the variable `ARM_TENANT_ID` holds no id of a tenant",
                "write the id of the directory alone",
            )
        });
    }
    run.step("tenant", |_| {
        let answer = api.client().get("/aad/auth", &HeaderMap::new())?;
        let to = answer.header("location").filter(|_| (300..400).contains(&answer.status));
        let path = to.and_then(|to| to.split_once("://")).and_then(|(_, rest)| rest.split('/').nth(1));
        path.and_then(tenant_name).ok_or_else(|| {
            failed(
                "tenant",
                format!("{} does not tell its tenant of Microsoft Entra ID", api.at()),
                "set the variable `ARM_TENANT_ID` where dbt and floe run",
            )
        })
    })
}

/// A tenant as it may stand in a path.
fn tenant_name(text: &str) -> Option<String> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_plain.then(|| text.to_owned())
}

/// Asks a server for a token; over the workspace's own connection where it is the workspace that grants it.
fn ask(
    context: &Context<'_>,
    api: Option<&Api>,
    way: &Way,
    run: &mut Run,
    place: &str,
    address: &Address,
    request: &TokenRequest,
) -> PluginResult<Grant> {
    let ask = |client: &Client| request.ask(client, &address.path)?.map_err(|no| refused(context, address, &no));
    if let Some(api) = api.filter(|_| is_here(address, way)) {
        return run.step(place, |_| ask(api.client()));
    }
    let client = run.within(place, |run| {
        let Address { encrypted, host, port, .. } = address;
        let proxy = Proxy::of_environment(*encrypted, host, *port, context.variables)?;
        address::open(run, address, &way.tls, proxy.as_ref())
    })?;
    run.step(place, |_| ask(&client))
}

fn say_kept(run: &mut Run, kept: bool) {
    if kept {
        run.details.other.insert("token".to_owned(), "kept in memory".into());
    }
}

/// Why a token server grants nothing.
fn refused(context: &Context<'_>, address: &Address, refusal: &Refusal) -> PluginError {
    let Refusal { status, error, description } = refusal;
    let words = match (error.is_empty(), description.is_empty()) {
        (true, true) => format!(": HTTP status {status}"),
        (false, true) => format!(": {error}"),
        (true, false) => format!(": {description}"),
        (false, false) => format!(": {error}: {}", description.trim_end_matches('.')),
    };
    let (at, login) = (address.at(), context.login);
    if matches!(status, 429) || *status >= 500 {
        let reason = if *status == 429 { "too_many_requests" } else { "unavailable" };
        return failed(reason, format!("{at} grants no token for now{words}"), "check again later");
    }
    if login.is_federated() {
        return failed(
            "credential",
            format!("{at} does not take the token of the other identity provider{words}"),
            "check that the service principal `client_id` has a federation policy with the issuer, subject and audience of that \
             token, and that the token's time is not over",
        );
    }
    let help = match login {
        Login::Azure => {
            "check `azure_client_id` and `azure_client_secret`: the secret's time may be over; a new one is made at the \
             application in Microsoft Entra ID"
        }
        _ => {
            "check `client_id` and `client_secret`: the secret may have been deleted, or its time be over; a new one is made at \
             the service principal"
        }
    };
    failed("credential", format!("{at} does not take {}{words}", login.keys()), help)
}
