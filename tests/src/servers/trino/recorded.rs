//! A server that answers by a script, and remembers what it was asked.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use super::answers::{BASE, NEXT, Reply};
use crate::servers::http::{Listener, Request, Then, write_answer};

/// What a server answers.
#[derive(Debug, Clone, Default)]
pub struct Script {
    info: Option<Reply>,
    statements: Vec<(String, Vec<Reply>)>,
}

impl Script {
    /// Knows nothing: answers 404.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `/v1/info`.
    #[must_use]
    pub fn info(mut self, reply: Reply) -> Self {
        self.info = Some(reply);
        self
    }

    /// Answers a statement that begins so: its `POST` and each `GET` after it by the next of these, and then by the last
    /// again and again.
    #[must_use]
    pub fn statement(mut self, begin: &str, replies: Vec<Reply>) -> Self {
        self.statements.push((begin.to_owned(), replies));
        self
    }
}

/// A request that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `POST`, `GET`, `DELETE`.
    pub method: String,
    /// Path.
    pub path: String,
    /// Headers; names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// Statement.
    pub body: String,
}

/// The server. It ends when it is dropped.
pub struct Recorded {
    listener: Listener,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorded {
    /// Starts it on a free port of loopback; its answers name this address as their own.
    pub fn start(script: Script) -> Self {
        Self::behind(script, None)
    }

    /// Starts it with another address in its answers: that of a proxy before it, say.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn behind(script: Script, base: Option<&str>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, base) = (Arc::clone(&asked), base.map(str::to_owned));
        let state = Mutex::new(State { script, running: None });
        let listener = Listener::http(move |request, stream| {
            noted.lock().expect("nobody panics with it").push(remember(request));
            let reply = state.lock().expect("nobody panics with it").answer(request);
            thread::sleep(reply.after);
            let host = request.header("host").unwrap_or_default();
            send(&reply, base.as_deref().unwrap_or(&format!("http://{host}")), stream)
        });
        Self { listener, asked }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.listener.port
    }

    /// What it was asked so far.
    ///
    /// # Panics
    /// Where a connection's thread has panicked.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

struct State {
    script: Script,
    /// Which statement the `GET`s are about, and how many of its answers were given.
    running: Option<(usize, usize)>,
}

impl State {
    fn answer(&mut self, request: &Request) -> Reply {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/v1/info") => self.script.info.clone().unwrap_or_else(|| Reply::status(404, "Not Found")),
            ("POST", "/v1/statement") => {
                let sql = String::from_utf8_lossy(&request.body);
                let known = self.script.statements.iter().position(|(begin, _)| sql.starts_with(begin));
                // The same statement again goes on where it was: its first answer was "try again".
                if self.running.map(|(which, _)| which) != known {
                    self.running = known.map(|which| (which, 0));
                }
                self.next()
            }
            ("DELETE", _) => Reply::status(204, ""),
            ("GET", path) if path.starts_with("/v1/statement/") => self.next(),
            _ => Reply::status(404, "Not Found"),
        }
    }

    fn next(&mut self) -> Reply {
        let Some((which, given)) = self.running.as_mut() else { return Reply::status(404, "Not Found") };
        let replies = &self.script.statements[*which].1;
        let reply = replies.get(*given).or_else(|| replies.last()).cloned();
        *given += 1;
        reply.unwrap_or_else(|| Reply::status(404, "Not Found"))
    }
}

fn remember(request: &Request) -> Asked {
    Asked {
        method: request.method.clone(),
        path: request.path.clone(),
        headers: request.headers.iter().cloned().collect(),
        body: String::from_utf8_lossy(&request.body).into_owned(),
    }
}

fn send(reply: &Reply, base: &str, stream: &mut TcpStream) -> std::io::Result<Then> {
    if reply.raw {
        std::io::Write::write_all(stream, &reply.body)?;
        return Ok(Then::Close);
    }
    let text = String::from_utf8_lossy(&reply.body).replace(BASE, base).replace(NEXT, "1");
    let body = if reply.headers.iter().any(|(name, _)| name == "Content-Type") {
        text.into_bytes()
    } else {
        reply.body.clone()
    };
    write_answer(stream, reply.status, &reply.headers, &body)?;
    Ok(Then::Stay)
}
