//! As much of an HTTP/1.1 server as the protocol needs: blocking, a thread a connection, on loopback.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Reads one; `None` where the connection ends, or no request comes.
    pub(crate) fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split_whitespace();
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers = read_headers(reader)?;
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = vec![0; length.map_or(Some(0), |(_, value)| value.parse().ok())?];
        reader.read_exact(&mut body).ok()?;
        Some(Self { method, path, headers, body })
    }
}

/// Reads the lines of a head up to the empty one.
pub(crate) fn read_headers(reader: &mut impl BufRead) -> Option<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Some(headers) };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Writes an answer, with a length, so that the connection may stay.
pub(crate) fn write_answer(
    stream: &mut impl Write,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} \r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.extend([name.as_str(), ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    stream.flush()
}

/// What becomes of a connection after an answer.
pub(crate) enum Then {
    Stay,
    Close,
}

/// A listener with a thread for each connection. It ends, with all connections, when it is dropped.
pub(crate) struct Listener {
    pub port: u16,
    over: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    accepting: Option<JoinHandle<()>>,
}

impl Listener {
    /// Serves each connection by a function.
    pub(crate) fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback");
        let port = listener.local_addr().expect("it is bound").port();
        let (over, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_over, held, serve) = (Arc::clone(&over), Arc::clone(&open), Arc::new(serve));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(other) = stream.try_clone() {
                    held.lock().expect("nobody panics with it").push(other);
                }
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self { port, over, open, accepting: Some(accepting) }
    }

    /// Answers each request by a function.
    pub(crate) fn http(
        answer: impl Fn(&Request, &mut TcpStream) -> std::io::Result<Then> + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |mut stream| {
            let Ok(reading) = stream.try_clone() else { return };
            let mut reader = BufReader::new(reading);
            while let Some(request) = Request::read(&mut reader) {
                match answer(&request, &mut stream) {
                    Ok(Then::Stay) => {}
                    _ => break,
                }
            }
            let _ = stream.shutdown(Shutdown::Both);
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = self.accepting.take().map(JoinHandle::join);
        for stream in self.open.lock().map(|mut open| std::mem::take(&mut *open)).unwrap_or_default() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
