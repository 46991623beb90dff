//! A reverse proxy that checks credentials, as Trino does, before a server that checks none.

use std::io::{BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Mutex};

use crate::servers::http::{Listener, Request, Then, read_headers, write_answer};

/// What the proxy accepts.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A user with a password, by HTTP Basic (`ldap`). Statements may run as another user where that is allowed.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
        /// Users as whom the user's statements may run.
        may_be: Vec<String>,
    },
    /// A token, by HTTP Bearer (`jwt`).
    Token(String),
}

/// The proxy. It ends when it is dropped.
pub struct Gate {
    listener: Listener,
    refused: Arc<Mutex<usize>>,
}

impl Gate {
    /// Starts it before a server on loopback. `scheme` is what clients speak to it: `https` where TLS is taken off before.
    pub fn start(credential: Credential, backend: u16, scheme: &'static str) -> Self {
        let refused = Arc::new(Mutex::new(0));
        let count = Arc::clone(&refused);
        let listener = Listener::http(move |request, stream| {
            // Trino tells its version to everyone.
            if request.path != "/v1/info"
                && let Err((status, challenge, text)) = check(request, &credential)
            {
                *count.lock().expect("nobody panics with it") += 1;
                let headers: Vec<_> =
                    challenge.iter().map(|value| ("WWW-Authenticate".to_owned(), (*value).to_owned())).collect();
                write_answer(stream, status, &headers, text.as_bytes())?;
                return Ok(Then::Stay);
            }
            pass(request, backend, scheme, stream)
        });
        Self { listener, refused }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.listener.port
    }

    /// How many requests it has refused so far.
    ///
    /// # Panics
    /// Where a connection's thread has panicked.
    pub fn refused(&self) -> usize {
        *self.refused.lock().expect("nobody panics with it")
    }
}

type Refusal = (u16, Option<&'static str>, String);

/// What Trino says where a credential is missing or wrong, and where a user may not be another.
fn check(request: &Request, credential: &Credential) -> Result<(), Refusal> {
    let given = request.header("authorization").unwrap_or_default();
    match credential {
        Credential::Password { user, password, may_be } => {
            if given != format!("Basic {}", base64(format!("{user}:{password}").as_bytes())) {
                let text = if given.is_empty() { "Unauthorized" } else { "Access Denied: Invalid credentials" };
                return Err((401, Some("Basic realm=\"Trino\""), text.to_owned()));
            }
            let asked = request.header("x-trino-user").unwrap_or(user);
            if asked == user || may_be.iter().any(|other| other == asked) {
                return Ok(());
            }
            Err((403, None, format!("Access Denied: User {user} cannot impersonate user {asked}")))
        }
        Credential::Token(token) if given == format!("Bearer {token}") => Ok(()),
        Credential::Token(_) => {
            Err((401, Some("Bearer realm=\"Trino\", token_type=\"JWT\""), "Invalid credentials".to_owned()))
        }
    }
}

/// Asks the server, and lets its answer name the proxy's address.
fn pass(request: &Request, backend: u16, scheme: &str, stream: &mut TcpStream) -> std::io::Result<Then> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, backend))?;
    let own = format!("127.0.0.1:{backend}");
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {own}\r\nConnection: close\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        if !matches!(name.as_str(), "host" | "connection" | "authorization" | "accept-encoding") {
            head.extend([name, ": ", value, "\r\n"]);
        }
    }
    head.push_str("\r\n");
    server.write_all(&[head.as_bytes(), &request.body].concat())?;

    let mut reader = BufReader::new(server);
    let mut line = String::new();
    std::io::BufRead::read_line(&mut reader, &mut line)?;
    let status = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(502);
    let headers = read_headers(&mut reader).unwrap_or_default();
    let mut body = String::new();
    reader.read_to_string(&mut body)?;
    let asked = request.header("host").unwrap_or_default();
    let body = body.replace(&format!("http://{own}"), &format!("{scheme}://{asked}"));
    let kept: Vec<_> = headers.into_iter().filter(|(name, _)| name == "content-type").collect();
    write_answer(stream, status, &kept, body.as_bytes())?;
    Ok(Then::Stay)
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_as_in_the_rfc() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (text, encoded) in cases {
            assert_eq!(super::base64(text.as_bytes()), encoded);
        }
    }
}
