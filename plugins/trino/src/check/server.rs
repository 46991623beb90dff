//! The coordinator behind the way to it.

use std::thread;
use std::time::{Duration, Instant};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use floe_plugin_common::check::http::{Answer, Client, HeaderMap, Redial, redial};
use floe_plugin_common::check::kept::Connection;
use floe_plugin_common::check::{Roots, Run, Stream, Tls, Verify, proxy, secure};

use super::way::Way;
use crate::config::Settings;

/// What is kept of the time for the cancelling of a statement that did not end.
const FOR_CANCELLING: Duration = Duration::from_millis(300);

/// The pause before a request is sent again: Trino's documentation says 50 to 100 ms.
const PAUSE: Duration = Duration::from_millis(75);

/// Attempts by default, as trino-python-client's (`DEFAULT_MAX_ATTEMPTS`).
const ATTEMPTS: u64 = 3;

/// The coordinator.
pub(crate) struct Server {
    client: Client,
    at: String,
    /// `https://trino.example:8443`, in small letters.
    origin: String,
    attempts: u64,
    /// When statements end.
    deadline: Instant,
    /// When the check ends.
    end: Instant,
    /// Opens another connection.
    again: Box<dyn Fn() -> Redial + Send>,
    host: String,
    port: u16,
    encrypted: bool,
}

impl Server {
    /// Reaches it: the steps `resolve`, `connect`, `proxy` where there is one, and `tls` where dbt speaks https.
    ///
    /// # Errors
    /// As the steps say.
    pub(super) fn reach(run: &mut Run, settings: &Settings, way: &Way) -> PluginResult<Self> {
        let host = settings.host.clone();
        let port = settings.port.value().and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
        let (wire, peer) = proxy::reach(run, way.proxy.as_ref(), &host, port)?;
        let end = run.deadline();
        let deadline = before(end);
        let stream: Stream = match &way.tls {
            Some(tls) => secure(run, wire.until(deadline), &host, tls)?,
            None => wire.until(deadline).into(),
        };
        let again: Box<dyn Fn() -> Redial + Send> = {
            let (proxy, tls, host) = (way.proxy.clone(), way.tls.clone(), host.clone());
            Box::new(move || proxy::redial(proxy.as_ref(), peer, &host, port, tls.as_ref()))
        };
        let client = Client::new(stream, &host, port, again());
        let scheme = if way.tls.is_some() { "https" } else { "http" };
        Ok(Self {
            client,
            at: format!("`{host}` port {port}"),
            origin: format!("{scheme}://{host}:{port}").to_ascii_lowercase(),
            attempts: settings.retries.as_ref().and_then(floe_plugin_common::Whole::value).unwrap_or(ATTEMPTS),
            deadline,
            end,
            again,
            host,
            port,
            encrypted: way.tls.is_some(),
        })
    }

    /// Where it is: `` `trino.example` port 8443 ``.
    pub(super) fn at(&self) -> &str {
        &self.at
    }

    /// Whether the way to it is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether the time for statements is over.
    pub(super) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// The path of an address of this server; the address's origin where it is another one's.
    pub(super) fn path_of<'a>(&self, address: &'a str) -> Result<&'a str, String> {
        let (scheme, rest) = address.split_once("://").ok_or_else(|| address.to_owned())?;
        let cut = rest.find('/').unwrap_or(rest.len());
        let (place, path) = rest.split_at(cut);
        let default = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
        let has_port = place.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let place = if has_port { place.to_owned() } else { format!("{place}:{default}") };
        let origin = format!("{scheme}://{place}").to_ascii_lowercase();
        if origin == self.origin { Ok(if path.is_empty() { "/" } else { path }) } else { Err(origin) }
    }

    /// Sends a request; again where the answer says so: after a pause for 502, 503, 504 and for an empty 200, after
    /// `Retry-After` for 429, as often as dbt does.
    ///
    /// # Errors
    /// As the connection says.
    pub(super) fn send(&self, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> PluginResult<Answer> {
        let mut attempt = 1;
        loop {
            let answer = self.client.send(method, path, headers, body).map_err(|error| self.plainly(error))?;
            let pause = match answer.status {
                429 => answer.header("retry-after").and_then(|text| text.trim().parse().ok()).map_or(PAUSE, seconds),
                502..=504 => PAUSE,
                200 if answer.body.iter().all(u8::is_ascii_whitespace) => PAUSE,
                _ => return Ok(answer),
            };
            if attempt >= self.attempts || Instant::now() + pause >= self.deadline {
                return Ok(answer);
            }
            thread::sleep(pause);
            attempt += 1;
        }
    }

    /// Ends a statement, over a connection of its own, in the time that was kept for that.
    pub(super) fn cancel(&self, path: &str, headers: &HeaderMap) {
        let connect = (self.again)();
        if let Ok(stream) = connect(&self.end.into()) {
            let client = Client::new(stream, &self.host, self.port, connect);
            // Trino itself ends a statement that no client asks about any more.
            let _ = client.send("DELETE", path, headers, &[]);
        }
    }

    /// Plain http that is not understood: whether the server wants https is found out by trying.
    fn plainly(&self, error: PluginError) -> PluginError {
        let may_be = matches!(error.reason.as_deref(), Some("protocol" | "closed" | "broken"));
        if self.encrypted || !may_be || !self.speaks_tls() { error } else { self.wants_https() }
    }

    /// Whether it speaks TLS.
    fn speaks_tls(&self) -> bool {
        let anyone = Tls { roots: Roots::Mozilla, verify: Verify::Nothing, client: None, trust_help: "" };
        let Ok(stream) = (self.again)()(&self.deadline.into()) else { return false };
        let peer = stream.wire().peer();
        redial(peer, &self.host, Some(&anyone))(&self.deadline.into()).is_ok()
    }

    /// What is said of a server that wants https and was asked by http.
    pub(super) fn wants_https(&self) -> PluginError {
        PluginError::new(ErrorKind::Connection, format!("{} wants https, and was asked by http", self.at))
            .with_reason("https_needed")
            .with_help("set `http_scheme: https`, or let `port` be the server's http port")
    }
}

impl Connection for Server {
    fn rearm(&mut self, until: Instant) {
        (self.deadline, self.end) = (before(until), until);
        self.client.rearm(self.deadline);
    }

    fn is_broken(&self) -> bool {
        self.client.is_broken()
    }

    /// HTTP knows no goodbye.
    fn close(self) {}
}

/// When statements end, where the check has a time.
fn before(end: Instant) -> Instant {
    let left = end.saturating_duration_since(Instant::now());
    end.checked_sub(FOR_CANCELLING.min(left / 4)).unwrap_or(end)
}

/// A server's seconds. Those of a day are beyond every deadline, and more would not fit on the clock.
fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(86_400))
}
