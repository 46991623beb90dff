//! Two places of this machine to which a plugin is sent: a server that takes connections and says nothing, and a port that
//! refuses them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

/// The two places.
pub(super) struct Network {
    silent: Silent,
    refusing: (OwnedFd, u16),
}

impl Network {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { silent: Silent::start()?, refusing: reserve()? })
    }

    /// The port where somebody takes connections and says nothing.
    pub(super) fn silent_port(&self) -> u16 {
        self.silent.port
    }

    /// The port that refuses connections, and that nobody else gets.
    pub(super) fn refusing_port(&self) -> u16 {
        self.refusing.1
    }

    /// How many connections there were to the silent port. The server gets the time to take the last of them.
    pub(super) fn connections(&self) -> usize {
        thread::sleep(10 * LOOK);
        self.silent.count.load(Ordering::SeqCst)
    }
}

/// Bound, and nobody listens: the kernel refuses who connects.
fn reserve() -> io::Result<(OwnedFd, u16)> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    let address = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok((socket, address.port()))
}

struct Silent {
    port: u16,
    count: Arc<AtomicUsize>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How often the server looks whether it should end.
const LOOK: Duration = Duration::from_millis(5);

impl Silent {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (count, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (Arc::clone(&count), Arc::clone(&end));
        let serve = move || {
            let mut kept: Vec<TcpStream> = Vec::new();
            while !ended.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        counted.fetch_add(1, Ordering::SeqCst);
                        kept.push(stream);
                    }
                    Err(_) => thread::sleep(LOOK),
                }
            }
        };
        let thread = thread::Builder::new().name("silent server".to_owned()).spawn(serve)?;
        Ok(Self { port, count, end, thread: Some(thread) })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
        // It cannot panic; and if it had, there is nothing to do here.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn one_port_is_silent_and_the_other_refuses() {
        let network = Network::new().unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, network.silent_port())).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert!(stream.read(&mut [0]).is_err(), "it says nothing and stays open");
        assert_eq!(network.connections(), 1);
        let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, network.refusing_port())).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
