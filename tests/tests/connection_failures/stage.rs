//! What all engines are shown: places where nothing answers as it should, and certificates.

use std::any::Any;

use floe_tests::servers::certificates::{Authority, Certificate, Kind};
use floe_tests::servers::faults::{BlackHole, Manner, SSH_BANNER, server};
use floe_tests::servers::free_port;
use floe_tests::servers::tls_proxy::TlsProxy;

/// The kinds of failure, in the order of a column.
pub(crate) const FAILURES: [&str; 13] = [
    "name not known",
    "connection refused",
    "black hole",
    "no answer",
    "certificate untrusted",
    "certificate of another host",
    "certificate expired",
    "TLS asked of a plain port",
    "wrong credential",
    "token expired",
    "no such database",
    "no permission",
    "another protocol",
];

/// In place of settings, where a check of the engine knows no such failure.
pub(crate) const NONE: &str = "-";

/// A credential that is wrong everywhere: the variable `WRONG_PASSWORD`.
pub(crate) const WRONG: &str = "n0t-the-pa55word";

/// One engine's column of the table.
pub(crate) struct Column {
    /// The plugin's name.
    pub engine: &'static str,
    /// The settings that show each of [`FAILURES`]; [`NONE`] where the engine has no such thing.
    pub settings: [String; 13],
    /// Variables of floe's process.
    pub variables: Vec<(&'static str, String)>,
    /// What must not be shown.
    pub secrets: Vec<String>,
    /// The servers, which end with it.
    #[expect(dead_code, reason = "held, not read")]
    pub servers: Vec<Box<dyn Any>>,
}

/// The parts of the stage.
pub(crate) struct Stage {
    /// Trusted by the settings, or by `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` of floe's process.
    pub trusted: Authority,
    stranger: Authority,
    hole: BlackHole,
    /// A port that takes connections and says nothing.
    pub silent: u16,
    another: u16,
}

impl Stage {
    pub(crate) fn set() -> Self {
        Self {
            trusted: Authority::new(),
            stranger: Authority::new(),
            hole: BlackHole::start(),
            silent: server(Manner::Silent),
            another: server(Manner::Says(SSH_BANNER)),
        }
    }

    /// The file of the authority that is trusted.
    pub(crate) fn trusted_file(&self) -> String {
        self.trusted.file().display().to_string()
    }

    /// Certificates that are untrusted, of another host, and expired.
    pub(crate) fn bad_certificates(&self) -> [Certificate; 3] {
        [self.stranger.issue(Kind::Good), self.trusted.issue(Kind::WrongHost), self.trusted.issue(Kind::Expired)]
    }

    /// Ports of loopback that end TLS with those certificates, and say nothing behind it.
    pub(crate) fn bad_tls(&self) -> [u16; 3] {
        self.bad_certificates().map(|certificate| TlsProxy::start(&certificate, self.silent).port)
    }

    /// Settings for places without a server, as an engine writes a host and a port: unknown, refused, black hole, silent,
    /// and another protocol.
    pub(crate) fn places(&self, settings: impl Fn(&str, u16) -> String) -> [String; 5] {
        [
            settings("nowhere.invalid", 5439),
            settings("127.0.0.1", free_port()),
            settings("127.0.0.1", self.hole.port),
            settings("127.0.0.1", self.silent),
            settings("127.0.0.1", self.another),
        ]
    }
}
