//! The way to Snowflake, as snowflake-connector-python 4.8 takes it: whom TLS trusts, and through which proxy.
//!
//! The connector brings Python's requests along. Its `merge_environment_settings` takes the certificate authorities of
//! `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`, else those of Python's certifi; no key of a dbt profile says otherwise, and
//! `insecure_mode` is about revocation alone. (`SSL_CERT_FILE`, which `ssl_wrap_socket.py` names, is not reached: requests
//! always says which file.) Of proxies, what `https_proxy` or `http_proxy` say wins over `proxy_host` and `proxy_port`, which
//! win over `all_proxy`; `no_proxy` counts for all of them. dbt asks for OAuth tokens by requests alone, which does not know
//! `proxy_host`.

use std::path::Path;

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::Whole;
use floe_plugin_common::check::address::Address;
use floe_plugin_common::check::http::Client;
use floe_plugin_common::check::proxy::{self, Proxy, Variables};
use floe_plugin_common::check::{Roots, Run, Tls, Verify, address};

use crate::config::{Account, Settings};

const PORT: u16 = 443;

/// The way to a server.
pub(super) struct Way {
    /// The server.
    pub address: Address,
    proxy: Option<Proxy>,
    tls: Tls,
    /// The variable from which the certificate authorities come.
    bundle: Option<&'static str>,
    /// Whether a variable names another proxy than the settings.
    overridden: bool,
}

impl Way {
    /// The way to the account.
    ///
    /// # Errors
    /// Where a variable names a proxy that is none.
    pub(super) fn to_account(
        settings: &Settings,
        account: &Account,
        project_dir: &str,
        variables: Variables<'_>,
    ) -> PluginResult<Self> {
        let encrypted = settings.is_https();
        let host = settings.host.clone().unwrap_or_else(|| account.host());
        let port = number(settings.port.as_ref()).unwrap_or(PORT);
        let mut overridden = false;
        let proxy = match (settings.proxy_host.as_deref(), number(settings.proxy_port.as_ref())) {
            (Some(proxy_host), Some(proxy_port)) => {
                let without_all =
                    |name: &str| if name.eq_ignore_ascii_case("all_proxy") { None } else { variables(name) };
                let of_variable = Proxy::of_environment(encrypted, &host, port, &without_all)?;
                overridden = of_variable.is_some();
                of_variable
                    .or_else(|| Proxy::of_settings("proxy_host", (proxy_host, proxy_port), &host, port, variables))
            }
            _ => Proxy::of_environment(encrypted, &host, port, variables)?,
        };
        let address = Address { encrypted, host, port, path: String::new() };
        Ok(Self::new(address, proxy, overridden, project_dir, variables))
    }

    /// The way to the server that gives OAuth tokens: by the account, whatever `host` says.
    ///
    /// # Errors
    /// Where a variable names a proxy that is none.
    pub(super) fn to_tokens(account: &Account, project_dir: &str, variables: Variables<'_>) -> PluginResult<Self> {
        let mut address = Address::https(account.token_host(), PORT);
        "/oauth/token-request".clone_into(&mut address.path);
        let proxy = Proxy::of_environment(true, &address.host, PORT, variables)?;
        Ok(Self::new(address, proxy, false, project_dir, variables))
    }

    fn new(
        address: Address,
        proxy: Option<Proxy>,
        overridden: bool,
        project_dir: &str,
        variables: Variables<'_>,
    ) -> Self {
        let named = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
            .into_iter()
            .find_map(|name| Some((name, variables(name).filter(|path| !path.is_empty())?)));
        let (roots, bundle) = match named {
            Some((name, path)) => (Roots::File(Path::new(project_dir).join(path)), Some(name)),
            None => (Roots::Mozilla, None),
        };
        let trust_help = match bundle {
            None => {
                "set the variable `REQUESTS_CA_BUNDLE` to a PEM file with the certificate of the server's authority, where dbt \
                 and floe run; a proxy that reads along has one of its own"
            }
            Some("CURL_CA_BUNDLE") => "add the server's authority to the file in `CURL_CA_BUNDLE`",
            Some(_) => "add the server's authority to the file in `REQUESTS_CA_BUNDLE`",
        };
        let tls = Tls { roots, verify: Verify::Full, client: None, trust_help };
        Self { address, proxy, tls, bundle, overridden }
    }

    /// Tells what of it is not in the settings.
    pub(super) fn say(&self, run: &mut Run) {
        run.details.other.insert("host".to_owned(), self.address.host.clone().into());
        if let Some(proxy) = &self.proxy {
            run.details.other.insert("proxy".to_owned(), proxy.to_string().into());
            if self.overridden {
                run.note(
                    Warning::new(
                        "proxy_overridden",
                        format!(
                            "the variable `{}` decides through which proxy dbt goes, and not `proxy_host`",
                            proxy.variable()
                        ),
                    )
                    .with_help("unset the variable where dbt runs, or leave `proxy_host` and `proxy_port` out"),
                );
            }
        }
        if let Some(bundle) = self.bundle.filter(|_| self.address.encrypted) {
            run.details.other.insert("trusts".to_owned(), bundle.into());
        }
    }

    /// Why nothing can be checked by this way, where that is so.
    pub(super) fn left_out(&self) -> Option<Warning> {
        proxy::left_out(self.proxy.as_ref(), self.address.encrypted)
    }

    /// Goes it: the steps `resolve`, `connect`, `proxy` where there is one, and `tls`.
    ///
    /// # Errors
    /// As the steps say.
    pub(super) fn open(&self, run: &mut Run) -> PluginResult<Client> {
        address::open(run, &self.address, &self.tls, self.proxy.as_ref())
    }
}

fn number(whole: Option<&Whole>) -> Option<u16> {
    whole.and_then(Whole::value).and_then(|value| u16::try_from(value).ok())
}
