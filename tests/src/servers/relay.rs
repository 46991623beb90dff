//! A relay in front of a server: it counts connections, and breaks them the ways that networks and servers do.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The relay. It ends when it is dropped.
#[derive(Debug)]
pub struct Relay {
    /// Its port on 127.0.0.1.
    pub port: u16,
    target: u16,
    shared: Arc<Shared>,
    listening: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

#[derive(Debug, Default)]
struct Shared {
    opened: AtomicUsize,
    links: Mutex<Vec<Link>>,
}

/// A connection through it.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
    frozen: Arc<AtomicBool>,
    /// Set when the client has closed its side.
    left: Arc<AtomicBool>,
}

impl Relay {
    /// Starts one that leads to a port of 127.0.0.1.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn to(target: u16) -> Self {
        let port = super::free_port();
        let mut relay = Self { port, target, shared: Arc::default(), listening: None };
        relay.listen();
        relay
    }

    /// Takes connections again, after [`Relay::refuse`].
    ///
    /// # Panics
    /// Where the port is taken.
    pub fn listen(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the port is still free");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let end = Arc::new(AtomicBool::new(false));
        let (shared, target, ends) = (Arc::clone(&self.shared), self.target, Arc::clone(&end));
        let thread = thread::spawn(move || {
            while !ends.load(SeqCst) {
                match listener.accept() {
                    Ok((client, _)) => link(&shared, client, target),
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        self.listening = Some((end, thread));
    }

    /// Ends every connection and takes no other: a server that is gone.
    pub fn refuse(&mut self) {
        if let Some((end, thread)) = self.listening.take() {
            end.store(true, SeqCst);
            let _ = thread.join();
        }
        self.cut();
    }

    /// Ends every connection; others are taken.
    ///
    /// # Panics
    /// Where a thread of it has panicked.
    pub fn cut(&self) {
        for link in self.shared.links.lock().expect("no panic").drain(..) {
            let _ = link.client.shutdown(Shutdown::Both);
            let _ = link.server.shutdown(Shutdown::Both);
        }
    }

    /// Lets nothing more through on the connections that are there, and says nothing of it, as where the peer has lost its
    /// power; others work.
    ///
    /// # Panics
    /// Where a thread of it has panicked.
    pub fn freeze(&self) {
        for link in self.shared.links.lock().expect("no panic").iter() {
            link.frozen.store(true, SeqCst);
        }
    }

    /// How many connections it has taken so far.
    pub fn opened(&self) -> usize {
        self.shared.opened.load(SeqCst)
    }

    /// How many of them the client still has open.
    ///
    /// # Panics
    /// Where a thread of it has panicked.
    pub fn open(&self) -> usize {
        self.shared.links.lock().expect("no panic").iter().filter(|link| !link.left.load(SeqCst)).count()
    }

    /// Waits until the client has so many open.
    ///
    /// # Panics
    /// Where that does not come about.
    pub fn wait_until_open(&self, count: usize) {
        let begun = Instant::now();
        while self.open() != count {
            assert!(begun.elapsed() < Duration::from_secs(5), "{} are open, not {count}", self.open());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.refuse();
    }
}

fn link(shared: &Shared, client: TcpStream, target: u16) {
    shared.opened.fetch_add(1, SeqCst);
    let _ = client.set_nonblocking(false);
    let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { return };
    // What comes is passed on at once: times of checks are those of the server.
    let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    let (frozen, left) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (Ok(client_2), Ok(server_2)) = (client.try_clone(), server.try_clone()) else { return };
    let (Ok(client_3), Ok(server_3)) = (client.try_clone(), server.try_clone()) else { return };
    let there = (Arc::clone(&frozen), Arc::clone(&left));
    let back = Arc::clone(&frozen);
    thread::spawn(move || {
        copy(client_2, server_2, &there.0);
        there.1.store(true, SeqCst);
    });
    thread::spawn(move || copy(server_3, client_3, &back));
    shared.links.lock().expect("no panic").push(Link { client, server, frozen, left });
}

/// Copies until one side ends; what comes while it is frozen is lost.
fn copy(mut from: TcpStream, mut to: TcpStream, frozen: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(amount @ 1..) = from.read(&mut buffer) {
        if !frozen.load(SeqCst) && to.write_all(&buffer[..amount]).is_err() {
            break;
        }
    }
    if !frozen.load(SeqCst) {
        let _ = to.shutdown(Shutdown::Write);
    }
}
