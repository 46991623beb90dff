//! The ways that dbt takes to Databricks. They are two:
//!
//! * databricks-sdk logs in by Python's requests: certificate authorities of certifi, or of `REQUESTS_CA_BUNDLE` and
//!   `CURL_CA_BUNDLE`; proxies of the environment, `ALL_PROXY` among them (`databricks/sdk/oauth.py`, `_base_client.py`).
//! * databricks-sql-connector sends statements by urllib3: what this machine trusts, or `SSL_CERT_FILE`, or
//!   `_tls_trusted_ca_file` and nobody else; `_tls_no_verify` trusts everyone; `_tls_verify_hostname` is not looked at there
//!   (`databricks/sql/auth/thrift_http_client.py`, `open`); proxies as Python's urllib finds them, without `ALL_PROXY`
//!   (`databricks/sql/common/http_utils.py`).
//!
//! With a token of its own dbt takes the second way alone, and so does the check. With any other login the check takes the
//! first, and tries the second as far as TLS.

use std::path::{Path, PathBuf};

use floe_plugin_api::{PluginError, PluginResult, Warning};
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::proxy::{self, Proxy};
use floe_plugin_common::check::{ClientCertificate, Roots, Run, Tls, Verify, unchecked};
use serde_json::Value;

use super::Context;
use crate::config::{Login, Settings};
use crate::rules;

/// A way to one server.
pub(super) struct Lane {
    /// The server.
    pub address: Address,
    /// Whom TLS trusts.
    pub tls: Tls,
    /// The proxy, where dbt goes through one.
    pub proxy: Option<Proxy>,
}

/// The ways of dbt.
pub(super) struct Way {
    /// The workspace.
    pub address: Address,
    /// Whom TLS trusts there.
    pub tls: Tls,
    /// The proxy, where dbt goes through one.
    pub proxy: Option<Proxy>,
    /// The way of statements, where it is another one.
    pub statements: Option<Lane>,
    /// The variable from which the certificate authorities of the login come.
    bundle: Option<&'static str>,
    /// Whether dbt logs in at its proxy by Kerberos.
    negotiates: bool,
}

impl Way {
    /// The ways by the settings and the variables of this process, which are dbt's too.
    ///
    /// # Errors
    /// Where a variable names a proxy that is none.
    pub(super) fn of(context: &Context<'_>) -> PluginResult<Self> {
        let settings = context.settings;
        let address = rules::address(settings)?;
        let statements = Lane::of_statements(context, &address)?;
        let negotiates = settings.parameter("_proxy_auth_method").and_then(Value::as_str) == Some("negotiate")
            && statements.proxy.is_some();
        let set = |name: &str| (context.variables)(name).filter(|text| !text.is_empty());
        if context.login == Login::Token {
            let elsewhere = statements.address.host != address.host || statements.address.port != address.port;
            let (tls, proxy) = (statements.tls.clone(), statements.proxy.clone());
            return Ok(Self {
                address,
                tls,
                proxy,
                statements: elsewhere.then_some(statements),
                bundle: None,
                negotiates,
            });
        }
        let named = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(|name| Some((name, set(name)?)));
        let proxy = Proxy::of_environment(address.encrypted, &address.host, address.port, context.variables)?;
        Ok(Self {
            address,
            tls: of_requests(named.as_ref().map(|(_, path)| Path::new(context.project_dir).join(path))),
            proxy,
            statements: Some(statements),
            bundle: named.map(|(name, _)| name),
            negotiates,
        })
    }

    /// Whether statements go to another place than the login.
    pub(super) fn goes_elsewhere(&self) -> bool {
        let place = |address: &Address| (address.host.to_ascii_lowercase(), address.port);
        self.statements.as_ref().is_some_and(|lane| place(&lane.address) != place(&self.address))
    }

    /// Tells what of it is not in the settings.
    pub(super) fn say(&self, run: &mut Run) {
        if let Some(proxy) = &self.proxy {
            run.details.other.insert("proxy".to_owned(), proxy.to_string().into());
        }
        if let Some(bundle) = self.bundle {
            run.details.other.insert("trusts".to_owned(), bundle.into());
        }
    }

    /// Why nothing can be checked by this way, where that is so.
    pub(super) fn left_out(&self) -> Option<Warning> {
        if self.negotiates {
            return Some(unchecked(
                "dbt logs in at its proxy by Kerberos (`_proxy_auth_method: negotiate`), which a check does not",
                "run `dbt debug`, which takes this way",
            ));
        }
        let statements = self.statements.iter().map(|lane| (lane.proxy.as_ref(), lane.address.encrypted));
        let mut lanes = std::iter::once((self.proxy.as_ref(), self.address.encrypted)).chain(statements);
        lanes.find_map(|(proxy, encrypted)| proxy::left_out(proxy, encrypted))
    }
}

/// The files by which a connection is made: what they hold may change while their names stay.
pub(super) fn files(settings: &Settings, project_dir: &str) -> Vec<PathBuf> {
    let names = ["_tls_trusted_ca_file", "_tls_client_cert_file", "_tls_client_cert_key_file"];
    let paths = names.into_iter().filter_map(|name| settings.parameter(name)?.as_str());
    paths.map(|path| Path::new(project_dir).join(path)).collect()
}

/// What all plugins say of a way that is shut, with the settings that are there: `port` is none of them.
pub(super) fn in_our_words(error: PluginError) -> PluginError {
    if !error.help.as_deref().is_some_and(|help| help.contains("`port`")) {
        return error;
    }
    let help = match error.reason.as_deref() {
        Some("connect_timeout") => {
            "a firewall or a wrong address drops the packets; check `host`, private links, and the network between"
        }
        Some("deadline") => {
            "something else listens there, or Databricks is slow: check `host`, or give the check more time"
        }
        Some("refused") => "check `host`, and what stands between this machine and Databricks",
        _ => "check `host`: something else listens there",
    };
    error.with_help(help)
}

/// TLS as Python's requests does it.
fn of_requests(bundle: Option<std::path::PathBuf>) -> Tls {
    let trust_help = match bundle {
        None => {
            "set `REQUESTS_CA_BUNDLE` to a PEM file with the certificate of the server's authority, where dbt and floe run: \
             dbt logs in by Python's requests, which does not look at what the machine trusts"
        }
        Some(_) => "add the server's authority to the file in `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE`, or unset that",
    };
    Tls { roots: bundle.map_or(Roots::Mozilla, Roots::File), verify: Verify::Full, client: None, trust_help }
}

impl Lane {
    fn of_statements(context: &Context<'_>, workspace: &Address) -> PluginResult<Self> {
        let settings = context.settings;
        let mut address = match settings.parameter("_connection_uri").and_then(Value::as_str) {
            Some(text) => Address::parse("connection_parameters._connection_uri", text)?,
            None => Address::https(workspace.host.clone(), 443),
        };
        let port = settings.parameter("_port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        if let Some(port) = port.filter(|_| settings.parameter("_connection_uri").is_none()) {
            address.port = port;
        }
        // Python's urllib has no variable for all schemes.
        let own = |name: &str| if name.eq_ignore_ascii_case("all_proxy") { None } else { (context.variables)(name) };
        let proxy = Proxy::of_environment(address.encrypted, &address.host, address.port, &own)?;
        Ok(Self { address, tls: of_driver(settings, context.project_dir), proxy })
    }
}

/// TLS as databricks-sql-connector does it.
fn of_driver(settings: &Settings, project_dir: &str) -> Tls {
    let at = |name: &str| {
        let path = settings.parameter(name).and_then(Value::as_str).filter(|path| !path.is_empty())?;
        Some(Path::new(project_dir).join(path))
    };
    let roots = at("_tls_trusted_ca_file").map_or(Roots::System, Roots::File);
    let verify = if settings.has_flag("_tls_no_verify") { Verify::Nothing } else { Verify::Full };
    let client = at("_tls_client_cert_file").map(|certificate| {
        // A PEM file may hold both.
        let key = at("_tls_client_cert_key_file").unwrap_or_else(|| certificate.clone());
        ClientCertificate { certificate, key }
    });
    Tls {
        roots,
        verify,
        client,
        trust_help: "set `_tls_trusted_ca_file` among `connection_parameters` to a PEM file with the certificate of the \
                     server's authority, or have the machine trust it: `SSL_CERT_FILE`",
    }
}
