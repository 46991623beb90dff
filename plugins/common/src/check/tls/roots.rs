//! The certificate authorities that the adapter's own library trusts.

use std::path::{Path, PathBuf};

use floe_plugin_api::PluginResult;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::errors::wrong;

/// Whom to trust.
#[derive(Debug, Clone)]
pub enum Roots {
    /// Mozilla's list, as Python's certifi ships it.
    Mozilla,
    /// What this machine trusts, or the file in `SSL_CERT_FILE` and the folder in `SSL_CERT_DIR`, as Python's `ssl`.
    System,
    /// A PEM file, or a folder of them, and nobody else.
    File(PathBuf),
    /// What this machine trusts, and Mozilla's list: for a library that brings a list of its own along.
    SystemAndMozilla,
}

/// The roots, and the certificates that were named one by one: those count although no authority has issued them.
pub(super) struct Trusted {
    pub(super) store: RootCertStore,
    pub(super) named: Vec<CertificateDer<'static>>,
}

impl Roots {
    pub(super) fn load(&self) -> PluginResult<Trusted> {
        let mut store = RootCertStore::empty();
        let mut named = Vec::new();
        if matches!(self, Self::Mozilla | Self::SystemAndMozilla) {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if matches!(self, Self::System | Self::SystemAndMozilla) {
            // What cannot be read there is not trusted; a server that needs it says so below.
            named = rustls_native_certs::load_native_certs().certs;
        }
        if let Self::File(path) = self {
            named = from_path(path)?;
        }
        store.add_parsable_certificates(named.iter().cloned());
        Ok(Trusted { store, named })
    }
}

fn from_path(path: &Path) -> PluginResult<Vec<CertificateDer<'static>>> {
    let unusable = |why: String| {
        wrong(
            "ca_file",
            format!("no certificates can be read from {}: {why}", path.display()),
            "give the path of a PEM file with the authority's certificate; relative paths count from the dbt project's folder",
        )
    };
    let certificates = if path.is_dir() {
        rustls_native_certs::load_certs_from_paths(None, Some(path)).certs
    } else {
        CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable(error.to_string()))?
    };
    if certificates.is_empty() {
        return Err(unusable("it holds none".to_owned()));
    }
    Ok(certificates)
}
