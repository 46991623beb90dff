//! HTTP/1.1 over a connection that the check has opened, so that every step has its own time and its own errors.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
pub use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
use ureq::{Agent, config::Config};

use super::dial::{Wire, broken};
use super::stream::Stream;
use super::tls::{Tls, configure, shake_hands};

/// The longest answer that is read: the answers of probes are a few KiB.
const LONGEST_BODY: u64 = 8 << 20;

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, unpacked from its transfer encoding.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Opens the connection anew where the server has closed it after an answer.
pub type Redial = Box<dyn Fn() -> io::Result<Stream> + Send + Sync>;

/// Opens the connection to an address anew, the way that the first one was opened.
pub fn redial(peer: SocketAddr, deadline: Instant, host: &str, tls: Option<&Tls>) -> Redial {
    let (host, tls) = (host.to_owned(), tls.cloned());
    Box::new(move || {
        let wire = Wire::connect(peer, deadline)?;
        match &tls {
            None => Ok(wire.into()),
            Some(tls) => shake_hands(wire, &host, &configure(tls).map_err(io::Error::other)?),
        }
    })
}

/// The value of an `Authorization` header by HTTP Basic (RFC 7617).
pub fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// A client of one server. It follows no redirects, keeps no cookies and asks no proxy: what it is given is its way.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    base: String,
    at: String,
    /// Whether it has had an answer, so that a connection may be used again.
    answered: AtomicBool,
}

impl Client {
    /// A client over a connection; where the server closes it, `redial` gives another one.
    pub fn new(stream: Stream, host: &str, port: u16, deadline: Instant, redial: Redial) -> Self {
        let scheme = if stream.is_encrypted() { "https" } else { "http" };
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("floe/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .build();
        let connector = Prepared { first: Mutex::new(Some(stream)), redial, deadline };
        Self {
            agent: Agent::with_parts(config, connector, Nowhere),
            base: format!("{scheme}://{host}:{port}"),
            at: format!("`{host}` port {port}"),
            answered: AtomicBool::new(false),
        }
    }

    /// Asks for a path (`/v1/info`).
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn get(&self, path: &str, headers: &HeaderMap) -> PluginResult<Answer> {
        self.send("GET", path, headers, &[])
    }

    /// Sends a body to a path.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn post(&self, path: &str, headers: &HeaderMap, body: &[u8]) -> PluginResult<Answer> {
        self.send("POST", path, headers, body)
    }

    /// Sends a request; every status is an answer. A `GET` is sent anew where the server has closed a connection that was
    /// used before: it may do so at any moment between two requests (RFC 9110, section 9.2.2; RFC 9112, section 9.3.1).
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] or [`ErrorKind::Connection`] with the reason `deadline`, `closed`, `protocol` or one of TLS.
    pub fn send(&self, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> PluginResult<Answer> {
        let again = method == "GET" && self.answered.load(Ordering::Relaxed);
        match self.send_once(method, path, headers, body) {
            Err(error) if again && error.reason.as_deref() == Some("closed") => {
                self.send_once(method, path, headers, body)
            }
            sent => sent,
        }
    }

    fn send_once(&self, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> PluginResult<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(all) = request.headers_mut() {
            all.extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let request = request.body(body).map_err(|_| self.not_http("the request cannot be written"))?;
        let answer = self.agent.run(request).map_err(|error| self.explain(error))?;
        let (parts, body) = answer.into_parts();
        let mut bytes = Vec::new();
        body.into_reader()
            .take(LONGEST_BODY + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.explain(ureq::Error::from(error)))?;
        if bytes.len() as u64 > LONGEST_BODY {
            return Err(self.not_http("its answer is longer than any answer to this request"));
        }
        self.answered.store(true, Ordering::Relaxed);
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes })
    }

    fn explain(&self, error: ureq::Error) -> PluginError {
        match error {
            ureq::Error::Io(error) => broken("the request", &self.at, &error),
            ureq::Error::Timeout(_) => broken("the request", &self.at, &io::ErrorKind::TimedOut.into()),
            other => self.not_http(&other.to_string()),
        }
    }

    fn not_http(&self, why: &str) -> PluginError {
        PluginError::new(ErrorKind::Connection, format!("{} does not answer as an HTTP server: {why}", self.at))
            .with_reason("protocol")
            .with_help("check `port` of the compute: something else listens there")
    }
}

/// The connection that is there already.
struct Prepared {
    first: Mutex<Option<Stream>>,
    redial: Redial,
    deadline: Instant,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

impl Connector for Prepared {
    type Out = Channel;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Channel>, ureq::Error> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stream = first.map_or_else(|| (self.redial)(), Ok)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Channel { stream, buffers, open: true, deadline: self.deadline }))
    }
}

/// Names are resolved before: the address here is asked of nobody.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(SocketAddr::from(([127, 0, 0, 1], 0)));
        Ok(addresses)
    }
}

/// A stream as ureq's transport.
#[derive(Debug)]
struct Channel {
    stream: Stream,
    buffers: LazyBuffers,
    open: bool,
    deadline: Instant,
}

impl Transport for Channel {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.write_all(&self.buffers.output()[..amount])?;
        self.stream.flush()?;
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let input = self.buffers.input_append_buf();
        let amount = match self.stream.read(input) {
            // A server that ends TLS without saying goodbye ends it all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            other => other?,
        };
        self.buffers.input_appended(amount);
        self.open = amount > 0;
        Ok(self.open)
    }

    fn is_open(&mut self) -> bool {
        // One that the server has closed meanwhile, or has said more on, is not used again.
        self.open && self.stream.wire().is_quiet() && Instant::now() < self.deadline
    }

    fn is_tls(&self) -> bool {
        self.stream.is_encrypted()
    }
}
