//! How OTLP travels: one blocking HTTP client a signal, called by the SDK's own threads.

use std::fmt;
use std::fs;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::settings::Signal;

/// `OTEL_EXPORTER_OTLP_TIMEOUT` where it is not set.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read: it holds a few counts.
const LONGEST_ANSWER: u64 = 1 << 20;

/// The client of a signal.
pub(super) struct Client(Agent);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Client {
    /// Blocks: the SDK waits for it in a thread that does nothing else.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let mut answer = self.0.run(Request::from_parts(parts, &body[..]))?;
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec()?;
        Ok(answer.map(|_| Bytes::from(body)))
    }
}

/// Makes the client of a signal: its timeout, whom it trusts, and what it shows of itself.
///
/// # Errors
/// In words, where a file of certificates cannot be used.
pub(super) fn client(signal: Signal, variable: &dyn Fn(&str) -> Option<String>) -> Result<Client, String> {
    let timeout = signal.own("TIMEOUT", variable).and_then(|text| text.trim().parse().ok());
    let roots = match signal.own("CERTIFICATE", variable) {
        Some(path) => certificates(&path)?,
        None => NATIVE.clone(),
    };
    let own = match (signal.own("CLIENT_CERTIFICATE", variable), signal.own("CLIENT_KEY", variable)) {
        (Some(certificate), Some(key)) => {
            Some(ClientCert::new_with_certs(&certificates(&certificate)?, private_key(&key)?))
        }
        _ => None,
    };
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .client_cert(own)
        .build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(timeout.map_or(TIMEOUT, Duration::from_millis)))
        .tls_config(tls)
        .build();
    Ok(Client(config.new_agent()))
}

/// The authorities of this machine: there are a hundred and more, and the signals share them.
static NATIVE: LazyLock<Vec<Certificate<'static>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
});

fn certificates(path: &str) -> Result<Vec<Certificate<'static>>, String> {
    let found: Vec<_> = items(path)?
        .into_iter()
        .filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None })
        .collect();
    if found.is_empty() { Err(format!("there is no certificate (PEM) in `{path}`")) } else { Ok(found) }
}

fn private_key(path: &str) -> Result<PrivateKey<'static>, String> {
    let mut keys =
        items(path)?.into_iter().filter_map(|item| if let PemItem::PrivateKey(key) = item { Some(key) } else { None });
    keys.next().ok_or_else(|| format!("there is no private key (PEM) in `{path}`"))
}

fn items(path: &str) -> Result<Vec<PemItem<'static>>, String> {
    let text = fs::read(path).map_err(|error| format!("`{path}` cannot be read: {error}"))?;
    parse_pem(&text).collect::<Result<_, _>>().map_err(|error| format!("`{path}` is no PEM file: {error}"))
}
