//! Servers that do not do what a client hopes for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

/// A port whose connections never come about: the queue of its socket is full, so the system drops what arrives, as a
/// firewall would.
#[derive(Debug)]
pub struct BlackHole {
    /// The port.
    pub port: u16,
    _socket: OwnedFd,
    _queue: Vec<TcpStream>,
}

impl BlackHole {
    /// Fills the queue.
    ///
    /// # Panics
    /// Where the socket cannot be made.
    pub fn start() -> Self {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        bind(&listener, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listen(&listener, 0).expect("it listens");
        let address = SocketAddr::try_from(getsockname(&listener).expect("its address")).expect("an IPv4 address");
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            queue.push(stream);
            assert!(queue.len() < 64, "the queue of a listening socket is never full here");
        }
        Self { port: address.port(), _socket: listener, _queue: queue }
    }
}

/// What a server that understands nothing does with a connection.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// Reads on and says nothing.
    Silent,
    /// Closes it at once.
    HangsUp,
    /// Says this at once, then reads on.
    Says(&'static [u8]),
    /// Reads something, then says this, then closes it.
    Answers(&'static [u8]),
}

/// What an SSH server says first: no database protocol begins so.
pub const SSH_BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";

/// Starts a server that treats every connection so, until the test process ends. Returns its port.
///
/// # Panics
/// Where no port is free.
pub fn server(manner: Manner) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || treat(stream, manner));
        }
    });
    port
}

fn treat(mut stream: TcpStream, manner: Manner) {
    let mut buffer = [0; 4096];
    // What the client makes of it is the test's concern.
    let _ = match manner {
        Manner::Silent => Ok(()),
        Manner::HangsUp => return,
        Manner::Says(bytes) => stream.write_all(bytes),
        Manner::Answers(bytes) => {
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(bytes);
            stream.shutdown(Shutdown::Write)
        }
    };
    while stream.read(&mut buffer).is_ok_and(|amount| amount > 0) {}
}
