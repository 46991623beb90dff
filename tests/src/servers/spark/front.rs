//! What stands in front of a Spark Thrift Server on Databricks: an HTTP server that knows the state of the cluster and
//! the token, and hands the rest through.
//!
//! Written after the public documentation of `GET /api/2.0/clusters/get`; Spark behind it is the real one.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the front says of its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cluster {
    /// It is in this state.
    State(&'static str),
    /// There is no such cluster.
    Missing,
    /// There is no such interface: no Databricks.
    NoInterface,
}

/// A running front, until the test process ends.
#[derive(Debug, Clone)]
pub struct Front {
    /// Its port on 127.0.0.1.
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Front {
    /// Starts a front that knows a token and a cluster, before a Spark Thrift Server in HTTP mode.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn start(cluster: Cluster, token: &'static str, backend: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                // A client that breaks off is no fault of this front.
                thread::spawn(move || serve(client, cluster, token, backend, &seen));
            }
        });
        Self { port, requests }
    }

    /// The first lines of the requests so far.
    ///
    /// # Panics
    /// Where a thread of the front has.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no thread has panicked").clone()
    }
}

fn serve(client: TcpStream, cluster: Cluster, token: &str, backend: u16, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let first = head.first().cloned().unwrap_or_default();
    seen.lock().map_err(|_| io::Error::other("a thread has panicked"))?.push(first.clone());
    let value = |name: &str| {
        head.iter()
            .find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)))
            .map(|(_, v)| v)
    };
    let length = value("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if first.starts_with("GET /api/2.0/clusters/get?cluster_id=") {
        let known = value("authorization").is_some_and(|found| found == format!("Bearer {token}"));
        return answer(client, cluster, known);
    }
    // Each request on a connection of its own, which the server closes behind its answer.
    let mut server = TcpStream::connect(("127.0.0.1", backend))?;
    let mut request = first + "\r\nConnection: close\r\n";
    for line in head.iter().skip(1).filter(|line| !line.to_lowercase().starts_with("connection:")) {
        request.push_str(line);
        request.push_str("\r\n");
    }
    server.write_all(request.as_bytes())?;
    server.write_all(b"\r\n")?;
    server.write_all(&body)?;
    io::copy(&mut server, &mut &client)?;
    Ok(())
}

fn answer(mut client: TcpStream, cluster: Cluster, known: bool) -> io::Result<()> {
    let (status, body) = match cluster {
        Cluster::NoInterface => ("404 Not Found", "<html>Not Found</html>".to_owned()),
        _ if !known => ("403 Forbidden", r#"{"error_code":"403","message":"Invalid access token."}"#.to_owned()),
        Cluster::Missing => (
            "400 Bad Request",
            r#"{"error_code":"INVALID_PARAMETER_VALUE","message":"Cluster 0801-brew does not exist"}"#.to_owned(),
        ),
        Cluster::State(state) => ("200 OK", format!(r#"{{"cluster_id":"0801-brew","state":"{state}"}}"#)),
    };
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
