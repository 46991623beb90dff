//! The live check: is the server there, before dbt needs it?

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use floe_plugin_api::{
    CheckRequest, CheckStep, ConnectionResult, ErrorKind, PluginError, PluginResult, Warning,
};

use crate::settings::Settings;

/// What is left of the deadline for the answer itself.
const FOR_THE_ANSWER: Duration = Duration::from_millis(100);

/// Finds the server's address and connects to it, before the deadline of the request.
pub(crate) fn validate(request: &CheckRequest) -> PluginResult<ConnectionResult> {
    let settings: Settings = request.config.connection_as()?;
    let begun = Instant::now();
    let mut steps = Vec::new();
    let found = reach(&settings, begun + patience(request), &mut steps);
    let result = match found {
        // TODO 6: log in, with a driver of your engine, before the deadline.
        // As the user and into the database of the settings; then answer `healthy`, with the
        // server's version in `with_details`. Send no statement that costs or changes anything.
        Ok(stream) => {
            drop(stream);
            ConnectionResult::degraded(
                format!("{} accepts connections", at(&settings)),
                Warning::new(
                    "login_not_tried",
                    "the login was not tried: only the connection was",
                )
                .with_help("`dbt debug` tries the login"),
            )
        }
        Err(error) => ConnectionResult::unhealthy(error),
    };
    Ok(result
        .with_steps(steps)
        .with_latency_ms(milliseconds(begun)))
}

/// How long the check may take: until the deadline, or for as long as the user allows.
fn patience(request: &CheckRequest) -> Duration {
    let deadline = Duration::from_millis(request.deadline_ms).saturating_sub(FOR_THE_ANSWER);
    let allowed = request
        .config
        .connect_timeout_seconds
        .map(|seconds| Duration::from_secs(seconds.into()));
    allowed.map_or(deadline, |allowed| allowed.min(deadline))
}

fn at(settings: &Settings) -> String {
    format!("`{}` port {}", settings.host, settings.port)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The steps `resolve` and `connect`; the last that is told is the one that failed.
fn reach(
    settings: &Settings,
    deadline: Instant,
    steps: &mut Vec<CheckStep>,
) -> PluginResult<TcpStream> {
    let begun = Instant::now();
    let addresses = resolve(settings, deadline);
    steps.push(CheckStep::new(
        "resolve",
        milliseconds(begun),
        addresses.is_ok(),
    ));
    let addresses = addresses?;
    let begun = Instant::now();
    let stream = connect(settings, &addresses, deadline);
    steps.push(CheckStep::new(
        "connect",
        milliseconds(begun),
        stream.is_ok(),
    ));
    stream
}

/// The system's resolver knows no deadline, so it works in a thread of its own.
fn resolve(settings: &Settings, deadline: Instant) -> PluginResult<Vec<SocketAddr>> {
    let (sender, receiver) = mpsc::channel();
    let (host, port) = (settings.host.clone(), settings.port);
    thread::spawn(move || {
        let found = (host.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more where the deadline has passed.
        let _ = sender.send(found);
    });
    let host = &settings.host;
    match receiver.recv_timeout(left(deadline)) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(PluginError::new(
            ErrorKind::Connection,
            format!("the host name `{host}` cannot be resolved"),
        )
        .with_reason("dns")
        .with_help("check `host` of the compute; inside a cluster or VPN it may be another one")),
        Err(_) => Err(PluginError::new(
            ErrorKind::Timeout,
            format!("no name server answered for `{host}` in time"),
        )
        .with_reason("dns_timeout")
        .with_help("check the network and name servers of this machine")),
    }
}

/// Tries each address; one that does not answer leaves time for the others.
fn connect(
    settings: &Settings,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> PluginResult<TcpStream> {
    let mut error = io::Error::from(io::ErrorKind::TimedOut);
    for (position, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - position).unwrap_or(u32::MAX);
        let patience = left(deadline) / others;
        if patience.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, patience) {
            Ok(stream) => return Ok(stream),
            Err(why) => error = why,
        }
    }
    let at = at(settings);
    Err(match error.kind() {
        io::ErrorKind::ConnectionRefused => PluginError::new(
            ErrorKind::Connection,
            format!("{at} refuses the connection: nothing listens there"),
        )
        .with_reason("refused")
        .with_help("check `port` of the compute, and that the server runs"),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => PluginError::new(
            ErrorKind::Timeout,
            format!("{at} does not answer: no connection came about in time"),
        )
        .with_reason("connect_timeout")
        .with_help("check `host` and `port`, and what stands between: a firewall, a VPN"),
        _ => PluginError::new(
            ErrorKind::Connection,
            format!("{at} cannot be reached: {error}"),
        )
        .with_reason("unreachable")
        .with_help("check the network between this machine and the server"),
    })
}
