//! Messages as they are, for servers with `hive.server2.authentication=NOSASL`.

use std::io::{BufRead as _, BufReader, Read, Write as _};

use super::channel::{Channel, Io};
use super::{Error, Peer};

/// A connection on which nobody logs in.
pub struct Buffered(BufReader<Box<dyn Io>>);

impl Buffered {
    /// Over a stream.
    pub fn new(stream: Box<dyn Io>) -> Self {
        Self(BufReader::new(stream))
    }
}

impl Channel for Buffered {
    fn call<'a>(&'a mut self, message: &[u8]) -> Result<Box<dyn Read + 'a>, Error> {
        self.0.get_mut().write_all(message)?;
        self.0.get_mut().flush()?;
        let first = self.0.fill_buf()?;
        match if first.is_empty() { None } else { Peer::of(first) } {
            Some(peer) => Err(Error::Peer(peer)),
            None => Ok(Box::new(&mut self.0)),
        }
    }
}
