//! SASL PLAIN and the frames behind it, as Thrift's `TSaslTransport` does them.
//!
//! During the login a message is one byte (what it is), its length in four bytes, its payload. Afterwards each message is
//! a frame: its length in four bytes, its bytes.

use std::io::{self, Read};

use super::channel::{Channel, Io};
use super::peer::{Peer, readable};
use super::{Error, message};

/// The longest message of the login that is read, in bytes: they are sentences.
pub(super) const LONGEST_MESSAGE: usize = 64 << 10;

const START: u8 = 1;
const OK: u8 = 2;
const BAD: u8 = 3;
const ERROR: u8 = 4;
const COMPLETE: u8 = 5;

/// A connection on which a user has logged in.
pub struct Sasl {
    stream: Box<dyn Io>,
    /// What is left of the frame that is being read.
    left: usize,
}

impl Sasl {
    /// Logs in with a user and a password, neither of which may hold a zero byte.
    ///
    /// # Errors
    /// [`Error::Denied`] where the server refuses it; [`Error::Peer`] where something else answers.
    pub fn plain(mut stream: Box<dyn Io>, user: &str, password: &str) -> Result<Self, Error> {
        let mut request = Vec::new();
        part(&mut request, START, b"PLAIN");
        part(&mut request, OK, format!("\0{user}\0{password}").as_bytes());
        stream.write_all(&request)?;
        stream.flush()?;
        let mut head = [0; 5];
        // What closes the connection after less than a head says so with these bytes.
        let amount = fill(&mut stream, &mut head)?;
        let [status, length @ ..] = head;
        if let Some(peer) = foreign(&head[..amount]) {
            return Err(Error::Peer(peer));
        }
        if amount < head.len() {
            return Err(Error::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > LONGEST_MESSAGE {
            return Err(Error::Protocol(format!("a message of {length} bytes during the login")));
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload)?;
        match status {
            COMPLETE => Ok(Self { stream, left: 0 }),
            BAD | ERROR => Err(Error::Denied(readable_sentence(&payload))),
            _ => Err(Error::Protocol("the server asks for more than SASL PLAIN has to say".to_owned())),
        }
    }
}

/// A sentence of the server, on one line.
fn readable_sentence(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

fn part(request: &mut Vec<u8>, status: u8, payload: &[u8]) {
    request.push(status);
    request.extend(u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes());
    request.extend(payload);
}

/// Who answers, where the first bytes are none of SASL.
fn foreign(head: &[u8]) -> Option<Peer> {
    match head.first()? {
        START..=COMPLETE => None,
        _ => Some(Peer::of(head).unwrap_or_else(|| Peer::Other(readable(head)))),
    }
}

/// Fills a buffer as far as the stream goes.
fn fill(stream: &mut dyn Io, buffer: &mut [u8]) -> io::Result<usize> {
    let mut amount = 0;
    while amount < buffer.len() {
        match stream.read(&mut buffer[amount..])? {
            0 => break,
            read => amount += read,
        }
    }
    Ok(amount)
}

impl Channel for Sasl {
    fn call<'a>(&'a mut self, message: &[u8]) -> Result<Box<dyn Read + 'a>, Error> {
        let length = u32::try_from(message.len()).map_err(|_| Error::Protocol("the request is too long".to_owned()))?;
        self.stream.write_all(&[&length.to_be_bytes(), message].concat())?;
        self.stream.flush()?;
        self.left = 0;
        Ok(Box::new(self))
    }
}

/// The frames as one stream.
impl Read for Sasl {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let mut length = [0; 4];
            self.stream.read_exact(&mut length)?;
            self.left = u32::from_be_bytes(length) as usize;
            if self.left as u64 > message::LONGEST_ANSWER {
                let what = format!("a frame of {} bytes", self.left);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        let wanted = buffer.len().min(self.left);
        let amount = self.stream.read(&mut buffer[..wanted])?;
        self.left -= amount;
        Ok(amount)
    }
}
