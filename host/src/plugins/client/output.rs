//! What a plugin writes to standard output and standard error: lines of the log.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::AsFd;

use crate::plugins::scrub::Scrubber;
use crate::plugins::text::one_line;

/// A line that is longer is cut in two.
const LONGEST_LINE: usize = 8 << 10;

/// Lines that are remembered for the message about a death.
const REMEMBERED: usize = 16;

/// One of the two streams.
#[derive(Debug)]
pub(super) struct Output<P> {
    pipe: Option<P>,
    stream: &'static str,
    /// Bytes that still may be kept.
    room: usize,
    dropped: bool,
    /// What was read and not yet passed on.
    unread: Vec<u8>,
    /// Bytes since they were last asked for.
    noise: u64,
    last: VecDeque<String>,
}

impl<P: Read + AsFd> Output<P> {
    pub(super) fn new(pipe: P, stream: &'static str, room: usize) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&pipe, true)?;
        Ok(Self { pipe: Some(pipe), stream, room, dropped: false, unread: Vec::new(), noise: 0, last: VecDeque::new() })
    }

    /// The pipe, until it is closed.
    pub(super) fn pipe(&self) -> Option<&P> {
        self.pipe.as_ref()
    }

    /// Takes some of what is there: a plugin that writes without end must not hold the host. What there is no
    /// room for is dropped.
    pub(super) fn read(&mut self) {
        let mut buffer = [0; 1 << 13];
        let Some(pipe) = &mut self.pipe else { return };
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                self.noise += count as u64;
                let kept = count.min(self.room);
                self.room -= kept;
                self.unread.extend_from_slice(&buffer[..kept]);
                if kept < count && !self.dropped {
                    self.dropped = true;
                    self.unread.extend_from_slice(format!("\n{DROPPED}\n").as_bytes());
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => self.pipe = None,
        }
    }

    /// Passes whole lines on to the log; says whether a secret was in them.
    pub(super) fn flush(&mut self, plugin: &str, scrubber: &Scrubber) -> bool {
        self.read();
        let mut leaked = false;
        while let Some(end) = self.line_end() {
            let line: Vec<u8> = self.unread.drain(..end).collect();
            let mut line = String::from_utf8_lossy(&line).into_owned();
            leaked |= scrubber.scrub_in_place(&mut line);
            let line = one_line(&line);
            if line.is_empty() {
                continue;
            }
            tracing::debug!(target: "floe::plugin", plugin, stream = self.stream, "{line}");
            self.last.push_back(line);
            if self.last.len() > REMEMBERED {
                self.last.pop_front();
            }
        }
        leaked
    }

    /// Where the next line ends; what is left when the pipe is closed is one too.
    fn line_end(&self) -> Option<usize> {
        let newline = self.unread.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n').map(|at| at + 1);
        let rest = || (self.unread.len() >= LONGEST_LINE).then_some(LONGEST_LINE);
        let closed = || (self.pipe.is_none() && !self.unread.is_empty()).then_some(self.unread.len());
        newline.or_else(rest).or_else(closed)
    }

    /// How many bytes were written since this was last asked, if any.
    pub(super) fn take_noise(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.noise)).filter(|bytes| *bytes > 0)
    }

    /// The line that says most about a death: a panic's message, else the last one.
    pub(super) fn last_words(&self) -> Option<String> {
        let lines = || self.last.iter();
        let panic = lines().position(|line| line.starts_with("thread '") && line.contains("panicked at"));
        let message = panic.and_then(|at| self.last.get(at + 1));
        message.or_else(|| lines().find(|line| line.contains("memory allocation of"))).or(self.last.back()).cloned()
    }
}

const DROPPED: &str = "(more was written, and dropped)";
