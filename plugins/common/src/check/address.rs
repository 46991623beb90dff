//! The address of an HTTP server, as settings write it, and the way to it.

use std::fmt;

use floe_plugin_api::PluginResult;
use ureq::http::Uri;

use super::http::Client;
use super::proxy::{self, Proxy};
use super::run::Run;
use super::tls::{Tls, secure};
use crate::errors::wrong;

/// The address of an HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether it is spoken to by https.
    pub encrypted: bool,
    /// Host name or address; IPv6 in brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What follows host and port: `/oauth/token`, or nothing.
    pub path: String,
}

impl Address {
    /// An https server.
    pub fn https(host: impl Into<String>, port: u16) -> Self {
        Self { encrypted: true, host: host.into(), port, path: String::new() }
    }

    /// Reads a URL that a setting holds: `https://login.example/oauth/token`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](floe_plugin_api::ErrorKind::Configuration) with the setting's key as reason where it is no
    /// `http` or `https` URL, or holds a login, a query or a fragment.
    pub fn parse(key: &str, text: &str) -> PluginResult<Self> {
        let refused = |why: &str| {
            wrong(
                key,
                // The text may hold a password.
                format!("`{key}` is no address that can be used: {why}"),
                format!(
                    "write `{key}` as `https://host.example/path`, with `:port` behind the host where it is not 443"
                ),
            )
        };
        if text.contains('#') {
            return Err(refused("it has a part after `#`"));
        }
        let uri: Uri = text.trim().parse().map_err(|_| refused("it is no URL"))?;
        let encrypted = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(refused("it begins neither with `https://` nor with `http://`")),
            None => return Err(refused("it does not begin with `https://`")),
        };
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(refused("it holds a login, which no request would carry"));
        }
        if uri.query().is_some() {
            return Err(refused("it has a query (`?`)"));
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| refused("it names no host"))?.to_owned();
        let port = match uri.port() {
            Some(port) => port.as_u16(),
            // A port that is there and is no port: `http` takes `:99999` for none.
            None if uri.authority().is_some_and(|all| all.as_str() != host) => {
                return Err(refused("its port is no number from 1 to 65535"));
            }
            None if encrypted => 443,
            None => 80,
        };
        let path = match uri.path() {
            "/" => String::new(),
            path => path.to_owned(),
        };
        Ok(Self { encrypted, host, port, path })
    }

    /// Where it is, in messages: `` `login.example` port 443 ``.
    pub fn at(&self) -> String {
        format!("`{}` port {}", self.host, self.port)
    }
}

/// The URL; the port where it is not the scheme's own.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.encrypted { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != usual {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

/// Reaches an HTTP server: the steps `resolve`, `connect`, `proxy` where there is one, and `tls` where it speaks https.
/// A proxy that [`proxy::left_out`] names cannot be used here.
///
/// # Errors
/// As the steps say.
pub fn open(run: &mut Run, address: &Address, tls: &Tls, proxy: Option<&Proxy>) -> PluginResult<Client> {
    let Address { encrypted, host, port, .. } = address;
    let tls = encrypted.then_some(tls);
    let (wire, peer) = proxy::reach(run, proxy, host, *port)?;
    let stream = match tls {
        Some(tls) => secure(run, wire, host, tls)?,
        None => wire.into(),
    };
    let again = proxy::redial(proxy, peer, host, *port, tls);
    Ok(Client::new(stream, host, *port, again))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_settings_write_them() {
        for (text, shown) in [
            ("https://login.example/oauth/token", "https://login.example/oauth/token"),
            ("https://login.example:443", "https://login.example"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://[::1]:8443/a", "https://[::1]:8443/a"),
        ] {
            assert_eq!(Address::parse("api_endpoint", text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_shown() {
        let told = [
            "login.example",
            "ftp://login.example",
            "https://",
            "https://user:hunter2@login.example",
            "https://login.example:99999/",
            "https://login.example/?key=hunter2",
            "https://login.example/#top",
            "https://log in.example",
        ]
        .map(|text| Address::parse("token_endpoint", text).unwrap_err().message);
        assert!(!told.concat().contains("hunter2"));
        insta::assert_snapshot!(told.join("\n"));
    }
}
