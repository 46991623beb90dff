//! Which settings a method needs, and which it does not know.

use floe_plugin_api::PluginResult;
use floe_plugin_common::{OwnKey, refuse_foreign_keys, require_keys, wrong};

use crate::config::{Method, Mutual, Scheme, Settings};

const LDAP: &[Method] = &[Method::Ldap];
const JWT: &[Method] = &[Method::Jwt];
const CERTIFICATE: &[Method] = &[Method::Certificate];
const KERBEROS: &[Method] = &[Method::Kerberos];
const TICKETS: &[Method] = &[Method::Kerberos, Method::Gssapi];

/// Checks the settings against their method.
///
/// # Errors
/// A configuration error for the first rule that is broken.
pub(super) fn verify(settings: &Settings) -> PluginResult<()> {
    others(settings)?;
    scheme(settings)?;
    needed(settings)?;
    kerberos(settings)
}

/// Settings of another method: dbt-trino would ignore them, and log in as nobody expects.
fn others(settings: &Settings) -> PluginResult<()> {
    let keys: [OwnKey<'_, Method>; 14] = [
        ("password", settings.password.is_some(), LDAP),
        ("impersonation_user", settings.impersonation_user.is_some(), LDAP),
        ("jwt_token", settings.jwt_token.is_some(), JWT),
        ("client_certificate", settings.client_certificate.is_some(), CERTIFICATE),
        ("client_private_key", settings.client_private_key.is_some(), CERTIFICATE),
        ("keytab", settings.keytab.is_some(), KERBEROS),
        ("principal", settings.principal.is_some(), TICKETS),
        ("krb5_config", settings.krb5_config.is_some(), TICKETS),
        ("service_name", settings.service_name.is_some(), TICKETS),
        ("mutual_authentication", settings.mutual_authentication.is_some(), TICKETS),
        ("force_preemptive", settings.force_preemptive.is_some(), TICKETS),
        ("hostname_override", settings.hostname_override.is_some(), TICKETS),
        ("delegate", settings.delegate.is_some(), TICKETS),
        ("sanitize_mutual_error_response", settings.sanitize_mutual_error_response.is_some(), TICKETS),
    ];
    refuse_foreign_keys(settings.method(), Method::as_str, &keys)
}

fn scheme(settings: &Settings) -> PluginResult<()> {
    let asked = settings.http_scheme.as_ref().and_then(crate::config::Choice::known);
    match (settings.method(), asked) {
        (Method::None, _) | (_, None | Some(Scheme::Https)) => Ok(()),
        (method, Some(Scheme::Http)) => Err(wrong(
            "http_scheme",
            format!("method `{}` sends a credential, which dbt-trino does by https alone", method.as_str()),
            "leave `http_scheme` out, and let `port` be the server's https port",
        )),
    }
}

fn needed(settings: &Settings) -> PluginResult<()> {
    let user = ("user", settings.user.is_some());
    let needed: &[(&str, bool)] = match settings.method() {
        Method::None | Method::Gssapi => &[user],
        Method::Ldap => &[user, ("password", settings.password.is_some())],
        Method::Kerberos => &[user, ("keytab", settings.keytab.is_some())],
        Method::Jwt => &[("jwt_token", settings.jwt_token.is_some())],
        Method::Certificate => &[
            ("client_certificate", settings.client_certificate.is_some()),
            ("client_private_key", settings.client_private_key.is_some()),
        ],
        Method::Oauth | Method::OauthConsole => &[],
    };
    require_keys(settings.method().as_str(), needed)
}

fn kerberos(settings: &Settings) -> PluginResult<()> {
    let method = settings.method();
    match (&settings.mutual_authentication, method) {
        (Some(Mutual::Mode(_)), Method::Kerberos) => {
            return Err(wrong(
                "mutual_authentication",
                "`mutual_authentication` is a word, which method `kerberos` would read as true whatever it says",
                "write true or false",
            ));
        }
        (Some(Mutual::Flag(_)), Method::Gssapi) => {
            return Err(wrong(
                "mutual_authentication",
                "`mutual_authentication` is true or false, which method `gssapi` cannot read",
                "write REQUIRED, OPTIONAL or DISABLED",
            ));
        }
        _ => {}
    }
    if method == Method::Gssapi && settings.service_name.is_some() && settings.hostname_override.is_none() {
        return Err(wrong(
            "hostname_override",
            "method `gssapi` takes `service_name` together with `hostname_override` alone",
            "add `hostname_override: <host in the server's Kerberos name>`, or leave `service_name` out",
        ));
    }
    Ok(())
}
