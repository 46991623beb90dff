//! How a message travels.

use std::io::{Read, Write};

use super::Error;

/// A stream that can be read and written.
pub trait Io: Read + Write + Send {}

impl<T: Read + Write + Send> Io for T {}

/// Carries one call at a time.
pub trait Channel: Send {
    /// Sends a message, and gives what its answer is read from.
    ///
    /// # Errors
    /// Where the connection breaks, or something else answers there.
    fn call<'a>(&'a mut self, message: &[u8]) -> Result<Box<dyn Read + 'a>, Error>;
}
