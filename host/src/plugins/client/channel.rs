//! Frames over the socket, while standard output and error are emptied: one loop, so that neither side can block the other.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{ChildStderr, ChildStdout};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::launch::{Limits, Streams};
use super::output::Output;

/// How often to see whether the worker still lives. Its end usually closes the socket; not where a child holds it open.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Why no answer came.
#[derive(Debug)]
pub(super) enum Broken {
    /// The deadline passed.
    Deadline,
    /// The worker ended or closed the socket.
    Closed,
    /// A frame says nothing that can be understood.
    Garbled(String),
}

/// The host's ends of a worker's streams, none of which ever blocks.
#[derive(Debug)]
pub(super) struct Channel {
    socket: UnixStream,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    largest: u32,
    closed: bool,
    pub(super) stdout: Output<ChildStdout>,
    pub(super) stderr: Output<ChildStderr>,
}

impl Channel {
    pub(super) fn new(streams: Streams, limits: &Limits) -> io::Result<Self> {
        streams.socket.set_nonblocking(true)?;
        Ok(Self {
            socket: streams.socket,
            outgoing: Vec::new(),
            incoming: Vec::new(),
            largest: limits.largest_frame,
            closed: false,
            stdout: Output::new(streams.stdout, "stdout", limits.log_bytes)?,
            stderr: Output::new(streams.stderr, "stderr", limits.log_bytes)?,
        })
    }

    /// Puts a frame in line; `receive` sends it.
    pub(super) fn send(&mut self, frame: Vec<u8>) {
        self.outgoing = frame;
    }

    /// Sends what is in line and waits for a frame, the worker's end, or the deadline.
    pub(super) fn receive(&mut self, until: Instant, ended: impl Fn() -> bool) -> Result<Vec<u8>, Broken> {
        let mut looked = Instant::now();
        loop {
            self.write();
            self.read();
            self.stdout.read();
            self.stderr.read();
            if let Some(frame) = self.frame()? {
                return Ok(frame);
            }
            if self.closed {
                return Err(Broken::Closed);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Broken::Deadline);
            }
            self.wait(left.min(BETWEEN_LOOKS));
            if looked.elapsed() >= BETWEEN_LOOKS {
                looked = Instant::now();
                if ended() {
                    // What it wrote before its end is still to be read.
                    self.read();
                    self.closed = true;
                }
            }
        }
    }

    /// Waits until something can be read or written, but not for long.
    fn wait(&self, patience: Duration) {
        let wanted = if self.outgoing.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let mut fds = vec![PollFd::from_borrowed_fd(self.socket.as_fd(), wanted)];
        let outputs = [self.stdout.pipe().map(AsFd::as_fd), self.stderr.pipe().map(AsFd::as_fd)];
        fds.extend(outputs.into_iter().flatten().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let patience = Timespec::try_from(patience).ok();
        // Whatever came of it, even an interruption: the loop looks for itself.
        let _ = poll(&mut fds, patience.as_ref());
    }

    fn write(&mut self) {
        while !self.outgoing.is_empty() {
            match self.socket.write(&self.outgoing) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Reading tells what became of the other side, and what it still said.
                Err(_) => return self.outgoing.clear(),
            }
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 1 << 13];
        while !self.is_full() {
            match self.socket.read(&mut buffer) {
                Ok(0) => return self.closed = true,
                Ok(count) => self.incoming.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => return self.closed = true,
            }
        }
    }

    /// Whether a whole frame, or one that is too large, lies there: no more is read than that.
    fn is_full(&self) -> bool {
        self.announced().is_some_and(|size| size > self.largest || self.incoming.len() - 4 >= size as usize)
    }

    fn announced(&self) -> Option<u32> {
        self.incoming.first_chunk().map(|length| u32::from_le_bytes(*length))
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        let Some(size) = self.announced() else { return Ok(None) };
        if size > self.largest {
            // The worker itself keeps to the limit: somebody else wrote into its socket.
            return Err(Broken::Garbled(format!("a length of {size} bytes")));
        }
        let end = 4 + size as usize;
        if self.incoming.len() < end {
            return Ok(None);
        }
        let rest = self.incoming.split_off(end);
        let mut frame = std::mem::replace(&mut self.incoming, rest);
        frame.drain(..4);
        Ok(Some(frame))
    }
}
