//! HTTP/1.1 over a connection that the check has opened, so that every step has its own time and its own errors.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
pub use ureq::http::{HeaderMap, HeaderName, HeaderValue};
use ureq::http::{Request, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
use ureq::{Agent, config::Config};

use super::deadline::Deadline;
use super::dial::{Wire, broken};
use super::kept::Connection;
use super::stream::Stream;
use super::tls::{Tls, configure, shake_hands};

/// The longest answer that is read: the answers of probes are a few KiB.
const LONGEST_BODY: u64 = 8 << 20;

/// How long a connection may have been unused before it is given up: servers and what stands between forget sooner.
const LONGEST_IDLE: Duration = Duration::from_hours(1);

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

/// Opens the connection anew, with a deadline, where the server has closed it after an answer.
pub type Redial = Box<dyn Fn(&Deadline) -> io::Result<Stream> + Send + Sync>;

/// Opens the connection to an address anew, the way that the first one was opened.
pub fn redial(peer: SocketAddr, host: &str, tls: Option<&Tls>) -> Redial {
    let (host, tls) = (host.to_owned(), tls.cloned());
    Box::new(move |deadline| {
        let wire = Wire::connect(peer, deadline.clone())?;
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
    /// Whether a request has had none.
    failed: AtomicBool,
    deadline: Deadline,
}

impl Client {
    /// A client over a connection, whose deadline is the client's; where the server closes it, `redial` gives another one.
    pub fn new(stream: Stream, host: &str, port: u16, redial: Redial) -> Self {
        let scheme = if stream.is_encrypted() { "https" } else { "http" };
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("floe/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            // Between two checks of a watch it is not used. Whether it can be is found out then.
            .max_idle_age(LONGEST_IDLE)
            .build();
        let deadline = stream.wire().deadline().clone();
        let connector = Prepared { first: Mutex::new(Some(stream)), redial, deadline: deadline.clone() };
        Self {
            agent: Agent::with_parts(config, connector, Nowhere),
            base: format!("{scheme}://{host}:{port}"),
            at: format!("`{host}` port {port}"),
            answered: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            deadline,
        }
    }

    /// Gives it the time of another check.
    pub fn rearm(&self, until: Instant) {
        self.deadline.set(until);
    }

    /// Whether a request has had no answer of an HTTP server, whatever its status.
    pub fn is_broken(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
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
        .inspect_err(|_| self.failed.store(true, Ordering::Relaxed))
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

/// Shared with what sends requests in the client's place.
impl Connection for Arc<Client> {
    fn rearm(&mut self, until: Instant) {
        Client::rearm(self, until);
    }

    fn is_broken(&self) -> bool {
        Client::is_broken(self)
    }

    /// HTTP knows no goodbye.
    fn close(self) {}
}

/// The connection that is there already.
struct Prepared {
    first: Mutex<Option<Stream>>,
    redial: Redial,
    deadline: Deadline,
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
        let stream = first.map_or_else(|| (self.redial)(&self.deadline), Ok)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Channel { stream, buffers, open: true, deadline: self.deadline.clone() }))
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
    deadline: Deadline,
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
        self.open && self.stream.wire().is_quiet() && !self.deadline.left().is_zero()
    }

    fn is_tls(&self) -> bool {
        self.stream.is_encrypted()
    }
}
