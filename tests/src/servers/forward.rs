//! An HTTP proxy that opens tunnels (`CONNECT`), as stand between a machine and the world.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use super::http::{Listener, Request, write_answer};

/// The proxy. It ends when it is dropped.
pub struct Forward {
    listener: Listener,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Forward {
    /// Starts it; where `credential` is given, every request must carry it as its `Proxy-Authorization`.
    pub fn start(credential: Option<&'static str>) -> Self {
        Self::serve(credential, None)
    }

    /// Starts one whose tunnels all lead to a port of this machine, whatever they are to lead to.
    pub fn leading_to(port: u16) -> Self {
        Self::serve(None, Some(format!("127.0.0.1:{port}")))
    }

    fn serve(credential: Option<&'static str>, always: Option<String>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let listener = Listener::start(move |mut stream| {
            let Ok(reading) = stream.try_clone() else { return };
            let mut reader = BufReader::new(reading);
            let Some(request) = Request::read(&mut reader) else { return };
            noted.lock().expect("nobody panics with it").push(format!("{} {}", request.method, request.path));
            if credential.is_some() && request.header("proxy-authorization") != credential {
                let headers = [("Proxy-Authenticate".to_owned(), "Basic realm=\"proxy\"".to_owned())];
                let _ = write_answer(&mut stream, 407, &headers, b"");
                return;
            }
            let target = (request.method == "CONNECT")
                .then(|| TcpStream::connect(always.as_ref().unwrap_or(&request.path)).ok())
                .flatten();
            let Some(target) = target else {
                let _ = write_answer(&mut stream, 502, &[], b"");
                return;
            };
            if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_ok() {
                pipe(stream, target);
            }
        });
        Self { listener, asked }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.listener.port
    }

    /// What it was asked so far: `CONNECT 127.0.0.1:8443`.
    ///
    /// # Panics
    /// Where a connection's thread has panicked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

fn pipe(one: TcpStream, other: TcpStream) {
    let (Ok(mut one_reads), Ok(mut other_reads)) = (one.try_clone(), other.try_clone()) else { return };
    let (mut one, mut other) = (one, other);
    let back = thread::spawn(move || {
        let _ = std::io::copy(&mut other_reads, &mut one);
        let _ = one.shutdown(std::net::Shutdown::Both);
    });
    let _ = std::io::copy(&mut one_reads, &mut other);
    let _ = other.shutdown(std::net::Shutdown::Both);
    let _ = back.join();
}
