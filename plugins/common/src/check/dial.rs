//! Name resolution and TCP, each a step with its own errors.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};

use super::deadline::Deadline;
use super::run::Run;
use super::tls::refused_late;

/// A TCP connection whose reads and writes end at the deadline of the check, with [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    deadline: Deadline,
    peer: SocketAddr,
}

impl Wire {
    /// Connects to an address.
    ///
    /// # Errors
    /// What the operating system says; [`io::ErrorKind::TimedOut`] at the deadline.
    pub fn connect(peer: SocketAddr, deadline: impl Into<Deadline>) -> io::Result<Self> {
        let deadline = deadline.into();
        Self::connect_within(peer, left(&deadline)?, deadline)
    }

    fn connect_within(peer: SocketAddr, patience: Duration, deadline: Deadline) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&peer, patience)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, deadline, peer })
    }

    /// The address at the other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The same connection, through which a proxy lets one speak with another port: messages name that one.
    #[must_use]
    pub(super) fn through_to(mut self, port: u16) -> Self {
        self.peer.set_port(port);
        self
    }

    /// The same connection, whose reads and writes end earlier: what comes after has time of its own.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        self.deadline.set(self.deadline.at().min(deadline));
        self
    }

    /// When its reads and writes end; it can be moved.
    pub fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Whether the other end has neither closed it nor said anything that nobody asked for.
    pub fn is_quiet(&self) -> bool {
        let quiet = |socket: &TcpStream| -> io::Result<bool> {
            socket.set_nonblocking(true)?;
            let peeked = socket.peek(&mut [0]);
            socket.set_nonblocking(false)?;
            Ok(peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock))
        };
        quiet(&self.stream).unwrap_or(false)
    }

    /// The socket, for a driver that brings its own input and output.
    pub fn into_socket(self) -> TcpStream {
        self.stream
    }

    /// A socket whose time has run out says `WouldBlock` on some systems.
    fn timed<T>(result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(&self.deadline)?))?;
        Self::timed(self.stream.read(buffer))
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(&self.deadline)?))?;
        Self::timed(self.stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn left(deadline: &Deadline) -> io::Result<Duration> {
    let left = deadline.left();
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// Resolves a host and connects to it: the steps `resolve` and `connect`.
///
/// # Errors
/// [`ErrorKind::Connection`] with the reason `dns`, `refused` or `unreachable`; [`ErrorKind::Timeout`] with `dns_timeout`
/// or `connect_timeout`.
pub fn dial(run: &mut Run, host: &str, port: u16) -> PluginResult<Wire> {
    let addresses = run.step("resolve", |run| resolve(host, port, run.deadline()))?;
    run.step("connect", |run| connect(host, port, &addresses, run.deadline()))
}

/// The addresses of a host. The operating system's resolver knows no deadline, so it works in a thread of its own.
fn resolve(host: &str, port: u16, deadline: Instant) -> PluginResult<Vec<SocketAddr>> {
    // An IPv6 address stands in brackets in a URL, and so in some settings.
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more where the deadline has passed.
        let _ = sender.send(found);
    });
    let unresolved = |why: &str| {
        PluginError::new(ErrorKind::Connection, format!("the host name `{host}` cannot be resolved{why}"))
            .with_reason("dns")
            .with_help("check `host` of the compute; from inside a cluster or VPN the name may be another one")
    };
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(unresolved("")),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => {
            let text = error.to_string();
            let why = text.rsplit_once("information: ").map_or(text.as_str(), |(_, why)| why);
            Err(unresolved(&format!(": {why}")))
        }
        Err(_) => Err(PluginError::new(
            ErrorKind::Timeout,
            format!("no name server answered for the host name `{host}` in time"),
        )
        .with_reason("dns_timeout")
        .with_help("check the network and name servers of this machine (`/etc/resolv.conf`)")),
    }
}

/// Tries each address; one that does not answer leaves time for the others.
fn connect(host: &str, port: u16, addresses: &[SocketAddr], deadline: Instant) -> PluginResult<Wire> {
    let mut first = None;
    for (position, address) in addresses.iter().enumerate() {
        let behind = u32::try_from(addresses.len() - position).unwrap_or(u32::MAX);
        let patience = deadline.saturating_duration_since(Instant::now()) / behind;
        if patience.is_zero() {
            break;
        }
        match Wire::connect_within(*address, patience, deadline.into()) {
            Ok(wire) => return Ok(wire),
            Err(error) => first = first.or(Some(error)),
        }
    }
    let error = first.unwrap_or_else(|| io::ErrorKind::TimedOut.into());
    let at = format!("`{host}` port {port}");
    Err(match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            PluginError::new(ErrorKind::Connection, format!("{at} refuses the connection: nothing listens there"))
                .with_reason("refused")
                .with_help("check `port` of the compute, and that the engine runs and listens on this address")
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            PluginError::new(ErrorKind::Timeout, format!("{at} does not answer: no connection came about in time"))
                .with_reason("connect_timeout")
                .with_help(
                    "a firewall or a wrong address drops the packets; check `host`, `port` and the network between",
                )
        }
        _ => PluginError::new(ErrorKind::Connection, format!("{at} cannot be reached: {error}"))
            .with_reason("unreachable")
            .with_help("check the network between this machine and the engine"),
    })
}

/// A connection that broke while something was read or written; `doing` is what: `the login`.
pub fn broken(doing: &str, at: &str, error: &io::Error) -> PluginError {
    if let Some(refused) = refused_late(at, error) {
        return refused;
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => PluginError::new(
            ErrorKind::Timeout,
            format!("{at} did not answer in time: {doing} is not done"),
        )
        .with_reason("deadline")
        .with_help(
            "the engine is overloaded, or something else listens there; give the check more time or check `port`",
        ),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => {
            PluginError::new(ErrorKind::Connection, format!("{at} closed the connection during {doing}"))
                .with_reason("closed")
                .with_help("see the engine's log; something else may listen there, or expect another protocol")
        }
        _ => PluginError::new(ErrorKind::Connection, format!("the connection to {at} broke during {doing}: {error}"))
            .with_reason("broken")
            .with_help("see the engine's log, and the network between"),
    }
}
