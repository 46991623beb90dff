//! The look at the server's certificate.

use std::sync::{Arc, Mutex, PoisonError};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::{Roots, Verify};

/// Looks at as much of a certificate as the adapter does, and keeps what it let pass.
#[derive(Debug)]
pub(super) struct Verifier {
    strict: Arc<WebPkiServerVerifier>,
    verify: Verify,
    named: Vec<CertificateDer<'static>>,
    tolerated: Mutex<Option<CertificateError>>,
}

impl Verifier {
    pub(super) fn new(roots: &Roots, verify: Verify, provider: &Arc<CryptoProvider>) -> PluginResult<Self> {
        let mut trusted = roots.load()?;
        if trusted.store.is_empty() {
            // A machine without any list of its own trusts nobody; rustls wants somebody.
            trusted.store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.iter().take(1).cloned().collect() };
        }
        let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(trusted.store), provider.clone())
            .build()
            .map_err(|error| PluginError::new(ErrorKind::PluginExecution, format!("TLS cannot be set up: {error}")))?;
        Ok(Self { strict, verify, named: trusted.named, tolerated: Mutex::new(None) })
    }

    pub(super) fn tolerated(&self) -> Option<CertificateError> {
        self.tolerated.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn look(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        match self.strict.verify_server_cert(own, between, host, &[], now) {
            Ok(_) => Ok(()),
            // OpenSSL, which the adapters use, takes a certificate that was itself named as trusted.
            Err(error) if is_about_issuer(&error) && self.named.iter().any(|named| named == own) => {
                verify_server_name(&ParsedCertificate::try_from(own)?, host)
            }
            Err(error) => Err(error),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.look(own, between, host, now) {
            Err(Error::InvalidCertificate(wrong)) => match self.verify {
                // The name is looked at last, so everything else is right.
                Verify::Chain if is_about_name(&wrong) => Ok(ServerCertVerified::assertion()),
                Verify::Nothing => {
                    *self.tolerated.lock().unwrap_or_else(PoisonError::into_inner) = Some(wrong);
                    Ok(ServerCertVerified::assertion())
                }
                _ => Err(Error::InvalidCertificate(wrong)),
            },
            Err(error) => Err(error),
            Ok(()) => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

pub(super) fn is_about_name(error: &CertificateError) -> bool {
    matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// Nobody known has issued it, or it is an authority's own: both may be mended by naming it.
fn is_about_issuer(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_)))
}
