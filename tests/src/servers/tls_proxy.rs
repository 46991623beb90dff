//! A proxy that takes TLS off and hands the rest to a server.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::certificates::{Authority, Certificate};

/// A running proxy, until the test process ends.
#[derive(Debug, Clone, Copy)]
pub struct TlsProxy {
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl TlsProxy {
    /// Starts a proxy with a certificate in front of a port.
    pub fn start(certificate: &Certificate, backend: u16) -> Self {
        Self::serve(certificate, backend, None)
    }

    /// The same, which takes only clients with a certificate of an authority.
    pub fn start_with_client_certificates(certificate: &Certificate, backend: u16, clients: &Authority) -> Self {
        Self::serve(certificate, backend, Some(clients))
    }

    fn serve(certificate: &Certificate, backend: u16, clients: Option<&Authority>) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(configuration(certificate, clients)));
        let listener = StdListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket of the runtime");
        let port = listener.local_addr().expect("its address").port();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a socket of the runtime");
                let local = tokio::task::LocalSet::new();
                local
                    .run_until(async move {
                        while let Ok((client, _)) = listener.accept().await {
                            tokio::task::spawn_local(forward(acceptor.clone(), client, backend));
                        }
                    })
                    .await;
            });
        });
        Self { port }
    }
}

async fn forward(acceptor: TlsAcceptor, client: TcpStream, backend: u16) {
    // A client that breaks off is no fault of this proxy.
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", backend)).await else { return };
    let _ = copy_bidirectional(&mut client, &mut server).await;
    let _ = client.read_u8().await;
}

fn configuration(certificate: &Certificate, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions of TLS");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(&authority.file()));
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
    builder.with_single_cert(certificates(&certificate.certificate), key).expect("a certificate with its key")
}

fn certificates(path: &std::path::Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(path).expect("a PEM file").collect::<Result<_, _>>().expect("certificates")
}
