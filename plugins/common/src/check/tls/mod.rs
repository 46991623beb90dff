//! TLS as the adapter's own library does it: whom it trusts, what it looks at, and what went wrong in words.

mod explain;
mod roots;
mod verifier;

use std::path::PathBuf;
use std::sync::Arc;

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, StreamOwned};

use super::dial::Wire;
use super::run::Run;
use super::stream::Stream;
use crate::errors::wrong;
pub(crate) use explain::refused_late;
pub use explain::{distrust_warning, handshake_error};
pub use roots::Roots;
use verifier::Verifier;

/// What of the server's certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Its issuer, its dates, and that it is made out to the host.
    Full,
    /// Its issuer and its dates.
    Chain,
    /// Nothing, as the adapter does: whatever is wrong becomes a warning.
    Nothing,
}

/// The client's own certificate, for servers that log in by it.
#[derive(Debug, Clone)]
pub struct ClientCertificate {
    /// PEM file of the certificate and those that issued it.
    pub certificate: PathBuf,
    /// PEM file of its private key.
    pub key: PathBuf,
}

/// How to set up TLS.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Whom to trust.
    pub roots: Roots,
    /// What to look at.
    pub verify: Verify,
    /// The client's own certificate.
    pub client: Option<ClientCertificate>,
    /// What a user does to trust another authority: `set `cert` to the path of its certificate (PEM)`.
    pub trust_help: &'static str,
}

/// TLS that is set up, and what it has tolerated so far.
#[derive(Debug, Clone)]
pub struct Session {
    /// The configuration, for a driver that shakes hands itself.
    pub config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

impl Session {
    /// What is wrong with the server's certificate and was accepted.
    pub fn tolerated(&self) -> Option<CertificateError> {
        self.verifier.tolerated()
    }
}

/// Sets up TLS.
///
/// # Errors
/// [`ErrorKind::Configuration`] where a file of certificates or keys cannot be used.
pub fn configure(tls: &Tls) -> PluginResult<Session> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Verifier::new(&tls.roots, tls.verify, &provider)?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| defect(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier.clone());
    let config = match &tls.client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let (chain, key) = client.load()?;
            builder.with_client_auth_cert(chain, key).map_err(|_| {
                wrong(
                    "client_certificate",
                    format!(
                        "the key in {} is not that of the certificate, or of a kind that is not supported",
                        client.key.display()
                    ),
                    "give the private key (PEM: PKCS#8, PKCS#1 or SEC1) that belongs to the certificate",
                )
            })?
        }
    };
    Ok(Session { config: Arc::new(config), verifier })
}

impl ClientCertificate {
    fn load(&self) -> PluginResult<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let unusable = |what: &str, path: &PathBuf, why: &dyn std::fmt::Display| {
            wrong(
                "client_certificate",
                format!("no {what} can be read from {}: {why}", path.display()),
                format!(
                    "give the path of a PEM file with the {what}; relative paths count from the dbt project's folder"
                ),
            )
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable("certificate", &self.certificate, &error))?;
        if chain.is_empty() {
            return Err(unusable("certificate", &self.certificate, &"it holds none"));
        }
        // The error may not repeat what the file holds.
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|_| unusable("private key", &self.key, &"it is not there, is encrypted, or holds none"))?;
        Ok((chain, key))
    }
}

/// Encrypts a connection: the step `tls`. What the adapter tolerates is noted as a warning.
///
/// # Errors
/// [`ErrorKind::Connection`] with the reason `tls_untrusted`, `tls_wrong_host`, `tls_expired`, `tls_not_yet_valid`,
/// `tls_not_spoken`, `tls_refused` or `tls`; [`ErrorKind::Timeout`] with `deadline`.
pub fn secure(run: &mut Run, wire: Wire, host: &str, tls: &Tls) -> PluginResult<Stream> {
    let at = format!("`{host}` port {}", wire.peer().port());
    let (stream, tolerated) = run.step("tls", |_| {
        let session = configure(tls)?;
        let stream = shake_hands(wire, host, &session).map_err(|error| handshake_error(&at, host, tls, &error))?;
        Ok((stream, session.tolerated()))
    })?;
    if let Some(tolerated) = tolerated {
        run.note(distrust_warning(&at, host, &tolerated));
    }
    Ok(stream)
}

/// The handshake alone, over a connection to `host`.
///
/// # Errors
/// As the socket and rustls say; see [`handshake_error`].
pub(crate) fn shake_hands(mut wire: Wire, host: &str, session: &Session) -> std::io::Result<Stream> {
    let name = server_name(host)?;
    let mut connection = ClientConnection::new(session.config.clone(), name).map_err(std::io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut wire)?;
    }
    Ok(Stream::Tls(Box::new(StreamOwned::new(connection, wire))))
}

fn server_name(host: &str) -> std::io::Result<ServerName<'static>> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_owned())
        .map_err(|_| std::io::Error::other("the host is no name that a certificate can bear"))
}

fn defect(error: &rustls::Error) -> PluginError {
    PluginError::new(ErrorKind::PluginExecution, format!("TLS cannot be set up: {error}")).with_reason("tls")
}
