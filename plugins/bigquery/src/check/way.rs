//! The way to Google, as Python's requests takes it for google-auth and google-cloud-bigquery: certificate authorities of
//! certifi, or of `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`; proxies of the environment. dbt-bigquery has no setting for
//! either (`google/auth/transport/requests.py`: a plain session).

use std::path::Path;

use floe_plugin_common::check::address::{self, Address};
use floe_plugin_common::check::http::Client;
use floe_plugin_common::check::proxy::{self, Proxy, Variables};
use floe_plugin_common::check::{Roots, Run, Tls, Verify};

use super::{Context, Stop};

/// The way to any server.
pub(super) struct Way<'a> {
    tls: Tls,
    /// The variable from which the certificate authorities come.
    bundle: Option<&'static str>,
    variables: Variables<'a>,
}

impl<'a> Way<'a> {
    /// The way by the variables of this process, which are dbt's too.
    pub(super) fn of(context: &Context<'a>) -> Self {
        let set = |name: &str| (context.variables)(name).filter(|text| !text.is_empty());
        let named = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(|name| Some((name, set(name)?)));
        let (bundle, roots) = match named {
            Some((name, path)) => (Some(name), Roots::File(Path::new(context.project_dir).join(path))),
            None => (None, Roots::Mozilla),
        };
        let trust_help = match bundle {
            None => {
                "set `REQUESTS_CA_BUNDLE`, where dbt and floe run, to a PEM file with the certificate of the server's authority"
            }
            Some("CURL_CA_BUNDLE") => "add the server's authority to the file in `CURL_CA_BUNDLE`",
            Some(_) => "add the server's authority to the file in `REQUESTS_CA_BUNDLE`",
        };
        let tls = Tls { roots, verify: Verify::Full, client: None, trust_help };
        Self { tls, bundle, variables: context.variables }
    }

    /// Tells what of it is not in the settings.
    pub(super) fn say(&self, run: &mut Run) {
        if let Some(bundle) = self.bundle {
            run.details.other.insert("trusts".to_owned(), bundle.into());
        }
    }

    /// Reaches a server: the steps of [`address::open`].
    pub(super) fn open(&self, run: &mut Run, address: &Address) -> Result<Client, Stop> {
        let Address { encrypted, host, port, .. } = address;
        let proxy = Proxy::of_environment(*encrypted, host, *port, self.variables)?;
        if let Some(proxy) = &proxy {
            run.details.other.insert("proxy".to_owned(), proxy.to_string().into());
        }
        if let Some(left_out) = proxy::left_out(proxy.as_ref(), *encrypted) {
            return Err(Stop::Unchecked(left_out));
        }
        Ok(address::open(run, address, &self.tls, proxy.as_ref())?)
    }
}
