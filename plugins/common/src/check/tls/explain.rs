//! What TLS says, in words that a user can act on.

use std::io;

use floe_plugin_api::{ErrorKind, PluginError, Warning};
use rustls::{AlertDescription, CertificateError, Error};

use super::Tls;
use super::verifier::is_about_name;
use crate::check::dial::broken;

/// What is wrong with a certificate: stable word, a sentence about it, what to do.
struct Fault {
    reason: &'static str,
    what: String,
    help: String,
}

const DAY: u64 = 86_400;

fn fault(host: &str, trust_help: &str, error: &CertificateError) -> Fault {
    match error {
        error if is_about_name(error) => {
            let names = match error {
                CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                    let names: Vec<_> = presented.iter().map(|name| format!("`{}`", plain_name(name))).collect();
                    format!("is made out to {}, not to `{host}`", names.join(", "))
                }
                _ => format!("is not made out to `{host}`"),
            };
            Fault {
                reason: "tls_wrong_host",
                what: names,
                help: "write `host` as the certificate names it, or have a certificate issued for this name".to_owned(),
            }
        }
        CertificateError::Expired => expired("has expired".to_owned()),
        CertificateError::ExpiredContext { time, not_after } => {
            let days = time.as_secs().saturating_sub(not_after.as_secs()) / DAY;
            let plural = if days == 1 { "" } else { "s" };
            expired(if days == 0 {
                "has expired today".to_owned()
            } else {
                format!("has expired {days} day{plural} ago")
            })
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Fault {
            reason: "tls_not_yet_valid",
            what: "is not valid yet".to_owned(),
            help: "check the clock of this machine".to_owned(),
        },
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Fault {
            reason: "tls_untrusted",
            what: "is not trusted: no authority that the adapter trusts has issued it".to_owned(),
            help: trust_help.to_owned(),
        },
        // An authority's own certificate in place of one that it issued.
        CertificateError::Other(_) => {
            Fault { reason: "tls_untrusted", what: format!("is not trusted: {error}"), help: trust_help.to_owned() }
        }
        other => Fault {
            reason: "tls",
            what: format!("is refused: {other}"),
            help: "have the server's certificate replaced by one that TLS clients take".to_owned(),
        },
    }
}

fn expired(what: String) -> Fault {
    Fault {
        reason: "tls_expired",
        what,
        help: "have the server's certificate renewed; check the clock of this machine".to_owned(),
    }
}

/// rustls shows names as its own types: `DnsName("db.example")`.
fn plain_name(shown: &str) -> &str {
    let inner = shown.split_once('(').map_or(shown, |(_, rest)| rest);
    inner.trim_end_matches(')').trim_matches('"')
}

/// The warning about a certificate that the adapter accepts although something is wrong with it.
pub fn distrust_warning(at: &str, host: &str, error: &CertificateError) -> Warning {
    let fault = fault(host, "", error);
    Warning::new(
        fault.reason,
        format!("the certificate of {at} {}; the adapter does not look at it, so the connection is encrypted, but not safe from a server in between", fault.what),
    )
    .with_help("use an adapter setting that looks at certificates where there is one, and a network that you trust otherwise")
}

/// A handshake that failed; `at` is `` `host` port 443 ``.
pub fn handshake_error(at: &str, host: &str, tls: &Tls, error: &io::Error) -> PluginError {
    let failed = |reason: &str, message: String, help: &str| {
        PluginError::new(ErrorKind::Connection, message).with_reason(reason).with_help(help)
    };
    let not_spoken = || {
        failed(
            "tls_not_spoken",
            format!("{at} does not speak TLS"),
            "check `port` of the compute, or turn encryption off where the engine has none",
        )
    };
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(certificate)) => {
            let fault = fault(host, tls.trust_help, certificate);
            failed(fault.reason, format!("the certificate of {at} {}", fault.what), &fault.help)
        }
        Some(Error::InvalidMessage(_)) => not_spoken(),
        Some(Error::AlertReceived(alert)) => refused(at, *alert),
        Some(other) => failed("tls", format!("TLS with {at} failed: {other}"), "see the engine's log"),
        None if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => not_spoken(),
        None => broken("the TLS handshake", at, error),
    }
}

fn refused(at: &str, alert: AlertDescription) -> PluginError {
    PluginError::new(ErrorKind::Connection, format!("{at} ends the TLS connection: {}", alert_text(alert)))
        .with_reason("tls_refused")
        .with_help(
            "see the engine's log; it may want a client certificate, another protocol version, or another host name",
        )
}

/// A server that speaks TLS 1.3 refuses a client's certificate after the handshake, with the first answer.
pub(crate) fn refused_late(at: &str, error: &io::Error) -> Option<PluginError> {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => Some(refused(at, *alert)),
        _ => None,
    }
}

fn alert_text(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => "it wants a client certificate".to_owned(),
        AlertDescription::BadCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied
        // An authority of the same name as a trusted one has issued it, with another key.
        | AlertDescription::DecryptError => format!("it refuses the client certificate ({alert:?})"),
        AlertDescription::ProtocolVersion => "it has no TLS version in common with this client (1.2 or 1.3)".to_owned(),
        other => format!("{other:?}"),
    }
}
