//! The way to the coordinator, as Python's requests takes it: whom TLS trusts, and through which proxy.

use std::path::{Path, PathBuf};

use floe_plugin_api::{PluginResult, Warning};
use floe_plugin_common::check::proxy::{self, Proxy, Variables};
use floe_plugin_common::check::{ClientCertificate, Roots, Run, Tls, Verify, unchecked};

use crate::config::{Cert, Method, Settings, Trust};

/// The way to the coordinator.
pub(super) struct Way {
    /// TLS, where dbt speaks https.
    pub tls: Option<Tls>,
    /// The proxy, where dbt goes through one.
    pub proxy: Option<Proxy>,
    /// The variable from which the certificate authorities come, in place of `cert`.
    bundle: Option<&'static str>,
    /// `SOCKS_PROXY`, which trino-python-client reads itself.
    socks: bool,
}

impl Way {
    /// The way by the settings and the variables of this process, which are dbt's too.
    ///
    /// # Errors
    /// Where a variable names a proxy that is none.
    pub(super) fn of(settings: &Settings, project_dir: &str, variables: Variables<'_>) -> PluginResult<Self> {
        // Kerberos has requests look at no variables.
        let looks = !settings.method().is_kerberos();
        let set = |name: &str| variables(name).filter(|text| !text.is_empty());
        let mut bundle = None;
        let tls = settings.is_https().then(|| {
            let (roots, verify) = match settings.cert.as_ref().and_then(Cert::value) {
                Some(Trust::File(path)) => (Roots::File(Path::new(project_dir).join(path)), Verify::Full),
                Some(Trust::Everyone) => (Roots::Mozilla, Verify::Nothing),
                _ => (Roots::Mozilla, Verify::Full),
            };
            // requests lets these win over what the session says, even over "trust everyone".
            let named = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(|name| Some((name, set(name)?)));
            let (roots, verify) = match named.filter(|_| looks) {
                Some((name, path)) => {
                    bundle = Some(name);
                    (Roots::File(Path::new(project_dir).join(path)), Verify::Full)
                }
                None => (roots, verify),
            };
            let trust_help = match bundle {
                None => "set `cert` to the path of a PEM file with the certificate of the server's authority",
                Some("CURL_CA_BUNDLE") => {
                    "add the server's authority to the file in `CURL_CA_BUNDLE`, or unset that and set `cert`"
                }
                Some(_) => {
                    "add the server's authority to the file in `REQUESTS_CA_BUNDLE`, or unset that and set `cert`"
                }
            };
            Tls { roots, verify, client: client_certificate(settings, project_dir), trust_help }
        });
        let socks = set("SOCKS_PROXY").is_some();
        let port = settings.port.value().and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
        let proxy = if looks && !socks {
            Proxy::of_environment(settings.is_https(), &settings.host, port, variables)?
        } else {
            None
        };
        Ok(Self { tls, proxy, bundle, socks })
    }

    /// Tells what of it is not in the settings.
    pub(super) fn say(&self, settings: &Settings, run: &mut Run) {
        if let Some(proxy) = &self.proxy {
            run.details.other.insert("proxy".to_owned(), proxy.to_string().into());
        }
        let overrides = !matches!(settings.cert.as_ref().and_then(Cert::value), Some(Trust::Certifi));
        if let Some(bundle) = self.bundle {
            run.details.other.insert("trusts".to_owned(), bundle.into());
            if overrides {
                run.note(
                    Warning::new(
                        "ca_bundle",
                        format!("the variable `{bundle}` decides whom dbt trusts, and not `cert`"),
                    )
                    .with_help(format!("unset `{bundle}` where dbt runs, or leave `cert` out")),
                );
            }
        }
    }

    /// Why nothing can be checked by this way, where that is so.
    pub(super) fn left_out(&self) -> Option<Warning> {
        let help = "run `dbt debug`, which takes this way; or name the host in `NO_PROXY`, where no proxy is needed";
        if self.socks {
            return Some(unchecked("dbt goes through the SOCKS proxy of `SOCKS_PROXY`, which a check does not", help));
        }
        proxy::left_out(self.proxy.as_ref(), self.tls.is_some())
    }
}

/// The files by which a connection is made: what they hold may change while their names stay.
pub(super) fn files(settings: &Settings, project_dir: &str) -> Vec<PathBuf> {
    let client = client_certificate(settings, project_dir).map(|client| [client.certificate, client.key]);
    let trusted = match settings.cert.as_ref().and_then(Cert::value) {
        Some(Trust::File(path)) => Some(Path::new(project_dir).join(path)),
        _ => None,
    };
    client.into_iter().flatten().chain(trusted).collect()
}

fn client_certificate(settings: &Settings, project_dir: &str) -> Option<ClientCertificate> {
    let at = |path: &Option<String>| -> Option<PathBuf> { Some(Path::new(project_dir).join(path.as_deref()?)) };
    (settings.method() == Method::Certificate)
        .then(|| {
            Some(ClientCertificate {
                certificate: at(&settings.client_certificate)?,
                key: at(&settings.client_private_key)?,
            })
        })
        .flatten()
}
