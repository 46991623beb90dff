//! The server and the encryption of the connection to it.

use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use floe_plugin_api::{ErrorKind, PluginError, PluginResult};
use floe_plugin_common::check::{Roots, Run, Tls, Verify, Wire, broken, configure, handshake_error};
use floe_plugin_common::wrong;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout_at;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::config::{Settings, SslMode};

/// Asks for TLS: length and code, by PostgreSQL's protocol.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Where to connect to.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    /// For messages: `` `host` port 5439 ``.
    pub(super) at: String,
}

impl Server {
    pub(super) fn of(settings: &Settings) -> PluginResult<Self> {
        let port = settings.port.value().and_then(|port| u16::try_from(port).ok()).ok_or_else(|| {
            wrong("port", "`port` is no port", "write a number from 1 to 65535; Redshift's own is 5439")
        })?;
        Ok(Self { host: settings.host.clone(), port, at: format!("`{}` port {port}", settings.host) })
    }
}

/// The connection, encrypted or not. What begins with no message of the protocol is an error at once: the driver would
/// take the bytes for a length, and wait.
pub(super) struct Channel {
    socket: Socket,
    has_spoken: bool,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// First bytes of what a server may say first: authentication, error, notice, negotiation of the protocol's version.
const FIRST_BYTES: &[u8] = b"RENv";

impl From<Socket> for Channel {
    fn from(socket: Socket) -> Self {
        Self { socket, has_spoken: false }
    }
}

/// Encrypts the connection as `sslmode` says: the step `tls`.
pub(super) fn encrypt(
    run: &mut Run,
    runtime: &Runtime,
    wire: Wire,
    server: &Server,
    sslmode: SslMode,
) -> PluginResult<Channel> {
    let verify = match sslmode {
        SslMode::Disable => return runtime.block_on(async { socket(wire) }).map(|socket| Socket::Plain(socket).into()),
        SslMode::VerifyFull => Verify::Full,
        _ => Verify::Chain,
    };
    run.step("tls", |run| {
        let tls = Tls {
            // redshift_connector adds Amazon's own authorities, which are on Mozilla's list, to those of the machine.
            roots: Roots::SystemAndMozilla,
            verify,
            client: None,
            trust_help: "make this machine trust the authority: add its certificate to the system's, or set SSL_CERT_FILE \
                         for floe and for dbt",
        };
        let session = configure(&tls)?;
        let wire = ask_for_tls(wire, server)?;
        let host = ServerName::try_from(server.host.clone())
            .map_err(|_| wrong("host", format!("`host` is {:?}, which is no host name", server.host), "write the endpoint"))?;
        let deadline = tokio::time::Instant::from_std(run.deadline());
        let shaken = runtime.block_on(async {
            let connector = TlsConnector::from(session.config.clone());
            timeout_at(deadline, connector.connect(host, socket(wire)?)).await.map_or_else(
                |_| Err(broken("the TLS handshake", &server.at, &io::ErrorKind::TimedOut.into())),
                |done| done.map_err(|error| handshake_error(&server.at, &server.host, &tls, &error)),
            )
        });
        match shaken {
            Ok(stream) => Ok(Socket::Tls(Box::new(stream)).into()),
            // It said yes to TLS, or a word that begins as yes does.
            Err(error) if error.reason.as_deref() == Some("tls_not_spoken") => {
                Err(super::explain::not_the_protocol(&server.at))
            }
            Err(error) => Err(error),
        }
    })
}

/// Asks the server for TLS; it says in one byte whether it has it.
fn ask_for_tls(mut wire: Wire, server: &Server) -> PluginResult<Wire> {
    let mut said = [0];
    wire.write_all(&SSL_REQUEST)
        .and_then(|()| wire.read_exact(&mut said))
        .map_err(|error| broken("the TLS handshake", &server.at, &error))?;
    match said[0] {
        b'S' => Ok(wire),
        b'N' => {
            Err(PluginError::new(ErrorKind::Connection, format!("{} has no TLS, and dbt insists on it", server.at))
                .with_reason("tls_not_spoken")
                .with_help(
                    "turn TLS on at the server; or set `sslmode: disable`, which sends the password unencrypted",
                ))
        }
        _ => Err(super::explain::not_the_protocol(&server.at)),
    }
}

/// The socket as the runtime wants it.
fn socket(wire: Wire) -> PluginResult<TcpStream> {
    let socket = wire.into_socket();
    socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket)).map_err(|error| {
        PluginError::new(ErrorKind::PluginExecution, format!("the connection cannot be used: {error}"))
    })
}

impl AsyncRead for Channel {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let channel = self.get_mut();
        let before = buffer.filled().len();
        let polled = match &mut channel.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        };
        if let (false, Some(first)) = (channel.has_spoken, buffer.filled().get(before)) {
            channel.has_spoken = true;
            if !FIRST_BYTES.contains(first) {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
        }
        polled
    }
}

impl AsyncWrite for Channel {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).poll_flush(context),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}
