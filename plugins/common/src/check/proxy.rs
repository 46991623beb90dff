//! HTTP proxies, as Python's requests finds and uses them: dbt adapters that speak HTTP go through it.
//!
//! The variables are `https_proxy` or `http_proxy`, else `all_proxy`; each in small letters before capitals; `no_proxy`
//! names what is reached directly. The rules are those of `get_environ_proxies`, `select_proxy` and
//! `should_bypass_proxies` in requests 2.32, and `proxy_bypass_environment` in Python's urllib.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Secret, Warning};

use super::dial::{Wire, broken, dial};
use super::http::{Redial, basic};
use super::run::{Run, unchecked};
use super::tls::{Tls, configure, shake_hands};

/// The longest head of an answer to `CONNECT`.
const LONGEST_HEAD: usize = 16 << 10;

/// Reads a variable of the environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reaches a server through a proxy, where there is one: the steps of [`Proxy::reach`] or [`dial`]. Beside the connection the
/// address at its other end, for [`redial`].
///
/// # Errors
/// As those.
pub fn reach(run: &mut Run, proxy: Option<&Proxy>, host: &str, port: u16) -> PluginResult<(Wire, SocketAddr)> {
    if let Some(proxy) = proxy {
        return proxy.reach(run, host, port);
    }
    let wire = dial(run, host, port)?;
    let peer = wire.peer();
    Ok((wire, peer))
}

/// Opens the connection of [`reach`] anew, the same way.
pub fn redial(proxy: Option<&Proxy>, peer: SocketAddr, host: &str, port: u16, tls: Option<&Tls>) -> Redial {
    match proxy {
        Some(proxy) => proxy.redial(peer, host, port, tls),
        None => super::http::redial(peer, host, tls),
    }
}

/// Why a check cannot go by a proxy, where that is so: `encrypted` is whether dbt speaks https behind it.
pub fn left_out(proxy: Option<&Proxy>, encrypted: bool) -> Option<Warning> {
    let help = "run `dbt debug`, which takes this way; or name the host in `NO_PROXY`, where no proxy is needed";
    let proxy = proxy?;
    if !proxy.is_plain_http() {
        return Some(unchecked(
            format!(
                "dbt goes through the proxy {proxy} of `{}`, whose protocol a check does not speak",
                proxy.variable()
            ),
            help,
        ));
    }
    // Without encryption a proxy is asked for whole addresses in place of a tunnel.
    (!encrypted).then(|| {
        unchecked(
            format!(
                "dbt speaks http through the proxy {proxy} of `{}`; a check goes through proxies by https alone",
                proxy.variable()
            ),
            help,
        )
    })
}

/// A variable of this process.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A proxy on the way to a server.
#[derive(Clone)]
pub struct Proxy {
    scheme: String,
    host: String,
    port: u16,
    authorization: Option<Secret>,
    variable: &'static str,
    is_setting: bool,
}

/// Shows no credential.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self} of {})", self.variable)
    }
}

/// Its address, without its credential.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

impl Proxy {
    /// The proxy through which a server is reached, by the environment; `None` where it is reached directly.
    ///
    /// # Errors
    /// A configuration error with the reason `proxy` where the variable holds no address.
    pub fn of_environment(https: bool, host: &str, port: u16, variables: Variables<'_>) -> PluginResult<Option<Self>> {
        let own = if https { ("https_proxy", "HTTPS_PROXY") } else { ("http_proxy", "HTTP_PROXY") };
        let found = [own, ("all_proxy", "ALL_PROXY")].into_iter().find_map(|(small, capital)| {
            // Small letters win, even where they are set to nothing.
            let (name, text) =
                variables(small).map(|text| (small, text)).or_else(|| Some((capital, variables(capital)?)))?;
            (!text.trim().is_empty()).then_some((name, text))
        });
        let Some((name, text)) = found else { return Ok(None) };
        let none = variables("no_proxy").filter(|text| !text.is_empty()).or_else(|| variables("NO_PROXY"));
        if none.is_some_and(|none| is_bypassed(&none, host, port)) {
            return Ok(None);
        }
        Self::parse(text.trim(), name).map(Some)
    }

    /// The proxy that a setting of the compute names (`key`), for adapters that have such settings; `None` where `no_proxy`
    /// names the server.
    pub fn of_settings(
        key: &'static str,
        proxy: (&str, u16),
        host: &str,
        port: u16,
        variables: Variables<'_>,
    ) -> Option<Self> {
        let none = variables("no_proxy").filter(|text| !text.is_empty()).or_else(|| variables("NO_PROXY"));
        let bypassed = none.is_some_and(|none| is_bypassed(&none, host, port));
        (!bypassed).then(|| Self {
            scheme: "http".to_owned(),
            host: proxy.0.to_owned(),
            port: proxy.1,
            authorization: None,
            variable: key,
            is_setting: true,
        })
    }

    fn parse(text: &str, variable: &'static str) -> PluginResult<Self> {
        let wrong = |why: &str| {
            crate::wrong(
                "proxy",
                // The text may hold a password.
                format!("the variable `{variable}` holds no address of a proxy: {why}"),
                "write it as `http://proxy.example:3128`, with `user:password@` before the host where the proxy wants them",
            )
        };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (credential, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        let scheme = scheme.to_ascii_lowercase();
        let default = if scheme == "https" { 443 } else { 80 };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| wrong("its port is no number"))?)
            }
            _ => (place, default),
        };
        if host.is_empty() {
            return Err(wrong("it names no host"));
        }
        let authorization = credential.map(|credential| {
            let (user, password) = credential.split_once(':').unwrap_or((credential, ""));
            Secret::new(basic(&unquoted(user), &unquoted(password)))
        });
        Ok(Self { scheme, host: host.to_owned(), port, authorization, variable, is_setting: false })
    }

    /// Whether it opens tunnels without encryption of its own: the only kind that [`Proxy::reach`] can use.
    pub fn is_plain_http(&self) -> bool {
        self.scheme == "http"
    }

    /// The variable that named it, or the key of the setting.
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// What named it, in messages.
    fn named(&self) -> String {
        let kind = if self.is_setting { "setting" } else { "variable" };
        format!("the {kind} `{}`", self.variable)
    }

    /// Opens a tunnel to a server: the steps `resolve` and `connect`, which are about the proxy, and `proxy`.
    ///
    /// # Errors
    /// As [`dial`], about the proxy; [`ErrorKind::Connection`] with the reason `proxy_credential`, `proxy_refused` or
    /// `proxy_protocol`; [`ErrorKind::Timeout`] with `deadline`.
    pub fn reach(&self, run: &mut Run, host: &str, port: u16) -> PluginResult<(Wire, SocketAddr)> {
        let wire = dial(run, &self.host, self.port).map_err(|mut error| {
            error.message = format!("the proxy of `{}` is out of reach: {}", self.variable, error.message);
            error.with_help(format!("check {}, or name `{host}` in `NO_PROXY`", self.named()))
        })?;
        let peer = wire.peer();
        let wire =
            run.step("proxy", |_| self.tunnel(wire, host, port).map_err(|fault| self.explain(fault, host, port)))?;
        Ok((wire, peer))
    }

    /// Opens a connection anew, through a tunnel of its own.
    pub fn redial(&self, peer: SocketAddr, host: &str, port: u16, tls: Option<&Tls>) -> Redial {
        let (proxy, host, tls) = (self.clone(), host.to_owned(), tls.cloned());
        Box::new(move |deadline| {
            let wire = proxy.tunnel(Wire::connect(peer, deadline.clone())?, &host, port).map_err(io::Error::from)?;
            match &tls {
                None => Ok(wire.into()),
                Some(tls) => shake_hands(wire, &host, &configure(tls).map_err(io::Error::other)?),
            }
        })
    }

    /// `CONNECT` (RFC 9110, section 9.3.6).
    fn tunnel(&self, mut wire: Wire, host: &str, port: u16) -> Result<Wire, Fault> {
        let mut head = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("Proxy-Authorization: {}\r\n", authorization.expose()));
        }
        head.push_str("\r\n");
        wire.write_all(head.as_bytes())?;
        wire.flush()?;
        let mut answer = Vec::new();
        // Byte by byte: what follows the head belongs to the server.
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if answer.len() > LONGEST_HEAD || (answer.len() == 5 && answer != b"HTTP/") {
                return Err(Fault::Rubbish);
            }
            match wire.read(&mut byte)? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                _ => answer.push(byte[0]),
            }
        }
        let text = String::from_utf8_lossy(&answer);
        match text.split_whitespace().nth(1).and_then(|status| status.parse::<u16>().ok()) {
            Some(200..=299) => Ok(wire.through_to(port)),
            Some(status) => Err(Fault::Status(status)),
            None => Err(Fault::Rubbish),
        }
    }

    fn explain(&self, fault: Fault, host: &str, port: u16) -> PluginError {
        let failed = |reason: &str, message: String, help: String| {
            PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
        };
        match fault {
            Fault::Io(error) => broken("the tunnel", &format!("the proxy {self}"), &error),
            Fault::Status(407) => failed(
                "proxy_credential",
                format!("the proxy {self} wants a user and password, or refuses the ones that it got"),
                if self.is_setting {
                    format!(
                        "the setting cannot hold them: leave it out, and set the variable `HTTPS_PROXY` to \
                         `http://user:password@{}:{}`",
                        self.host, self.port
                    )
                } else {
                    format!("write them into `{}`: `http://user:password@{}:{}`", self.variable, self.host, self.port)
                },
            ),
            Fault::Status(status) => failed(
                "proxy_refused",
                format!("the proxy {self} opens no way to `{host}` port {port}: it answers with status {status}"),
                format!("have the proxy let it through, or name `{host}` in `NO_PROXY` where no proxy is needed"),
            ),
            Fault::Rubbish => failed(
                "proxy_protocol",
                format!("{self} does not answer as an HTTP proxy"),
                format!("check {}: something else listens there", self.named()),
            ),
        }
    }
}

/// Why there is no tunnel.
enum Fault {
    Io(io::Error),
    Status(u16),
    Rubbish,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(error) => error,
            Fault::Status(status) => io::Error::other(format!("the proxy answers with status {status}")),
            Fault::Rubbish => io::Error::other("the proxy does not answer as one"),
        }
    }
}

/// Whether `no_proxy` names a server.
fn is_bypassed(none: &str, host: &str, port: u16) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_ascii_lowercase();
    if none.trim() == "*" {
        return true;
    }
    let address: Option<Ipv4Addr> = host.parse().ok();
    let with_port = format!("{host}:{port}");
    none.split(',').map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        if let Some(inside) = address.and_then(|address| in_network(address, &entry)) {
            return inside;
        }
        let name = entry.trim_start_matches('.');
        let below = format!(".{name}");
        [&host, &with_port].iter().any(|place| *place == name || (address.is_none() && place.ends_with(&below)))
    })
}

/// Whether an address is in a network `10.0.0.0/8`; `None` where the entry is no network.
fn in_network(address: Ipv4Addr, entry: &str) -> Option<bool> {
    let (network, bits) = entry.split_once('/')?;
    let (network, bits) =
        (network.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok().filter(|bits| (1..=32).contains(bits))?);
    let mask = u32::MAX << (32 - bits);
    Some(address.to_bits() & mask == network.to_bits() & mask)
}

/// `%40` as `@`.
fn unquoted(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], https: bool, host: &str) -> Option<String> {
        let read = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, text)| (*text).to_owned());
        Proxy::of_environment(https, host, 8443, &read).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_variable_of_the_scheme_then_the_one_for_all() {
        let all = [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "p.example:2"), ("ALL_PROXY", "socks5://a:3")];
        assert_eq!(found(&all, true, "trino.example").as_deref(), Some("http://s:1"));
        assert_eq!(found(&all, false, "trino.example").as_deref(), Some("http://p.example:2"));
        assert_eq!(found(&all[2..], false, "trino.example").as_deref(), Some("socks5://a:3"));
        assert_eq!(found(&[("https_proxy", ""), ("HTTPS_PROXY", "http://s:1")], true, "trino.example"), None);
        assert_eq!(found(&[], true, "trino.example"), None);
    }

    #[test]
    fn no_proxy_as_requests_reads_it() {
        let direct =
            |none: &str, host: &str| found(&[("https_proxy", "http://p:1"), ("NO_PROXY", none)], true, host).is_none();
        assert!(direct("*", "trino.example") && direct("localhost, .example", "trino.example"));
        assert!(direct("trino.example", "TRINO.example") && direct("trino.example:8443", "trino.example"));
        assert!(direct("10.0.0.0/8", "10.1.2.3") && direct("127.0.0.1", "127.0.0.1"));
        assert!(!direct("ample", "trino.example") && !direct("trino.example:80", "trino.example"));
        assert!(!direct("10.0.0.0/16", "10.1.2.3") && !direct("", "trino.example"));
    }

    #[test]
    fn a_credential_is_sent_and_never_shown() {
        let proxy = Proxy::parse("http://floe:p%40ss%25@proxy.example:3128/", "HTTPS_PROXY").unwrap();
        assert_eq!(proxy.authorization.as_ref().unwrap().expose(), basic("floe", "p@ss%"));
        assert_eq!(
            format!("{proxy} {proxy:?}"),
            "http://proxy.example:3128 Proxy(http://proxy.example:3128 of HTTPS_PROXY)"
        );
    }

    #[test]
    fn what_is_no_address_is_told_without_its_text() {
        for text in ["http://", "http://u:hunter2@p:port", "http://u:hunter2@"] {
            let error = Proxy::parse(text, "HTTPS_PROXY").unwrap_err();
            assert_eq!(error.reason.as_deref(), Some("proxy"));
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        assert!(!Proxy::parse("socks5h://p:1", "ALL_PROXY").unwrap().is_plain_http());
    }
}
