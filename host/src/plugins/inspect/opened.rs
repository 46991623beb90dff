//! One open file: which one it is, what is in it, and its sha256.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::sync::{Mutex, PoisonError};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::plugins::describe_io;

/// Which file it is, and that nobody wrote to it since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(in crate::plugins) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// Second and nanosecond of the last change, which cannot be set back.
    changed: (i64, i64),
}

impl Identity {
    pub(in crate::plugins) fn of(file: &File) -> io::Result<Self> {
        let meta = file.metadata()?;
        Ok(Self { device: meta.dev(), inode: meta.ino(), size: meta.len(), changed: (meta.ctime(), meta.ctime_nsec()) })
    }
}

/// An open regular file. Its identity is taken before anything is read, so that whoever finds the same identity later
/// knows that what was read is what still is there.
#[derive(Debug)]
pub(in crate::plugins) struct Opened {
    file: File,
    identity: Identity,
    sha256: Mutex<Option<String>>,
}

impl Opened {
    /// Opens a regular file; a pipe or device of that name must not block or be read.
    pub(in crate::plugins) fn open(path: &Utf8Path) -> Result<Self, String> {
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file =
            File::options().read(true).custom_flags(nonblocking).open(path).map_err(|error| describe_io(&error))?;
        let kind = file.metadata().map_err(|error| describe_io(&error))?.file_type();
        if !kind.is_file() {
            return Err(if kind.is_dir() { "it is a folder" } else { "it is no regular file" }.to_owned());
        }
        let identity = Identity::of(&file).map_err(|error| describe_io(&error))?;
        Ok(Self { file, identity, sha256: Mutex::default() })
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(in crate::plugins) fn size(&self) -> u64 {
        self.identity.size
    }

    pub(in crate::plugins) fn identity(&self) -> Identity {
        self.identity
    }

    /// The sha256 in hexadecimal, made when it is asked for, and once: who asks meanwhile waits.
    pub(super) fn sha256(&self) -> io::Result<String> {
        let mut known = self.sha256.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let mut hash = Sha256::new();
        self.read(|part| hash.update(part))?;
        Ok(known.insert(hexadecimal(&hash.finalize())).clone())
    }

    /// All that is in it, part by part, by offset: so two users of one descriptor do not disturb each other.
    pub(in crate::plugins) fn read(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let (mut offset, mut buffer) = (0, vec![0; 1 << 18]);
        loop {
            match self.file.read_at(&mut buffer, offset) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    take(&buffer[..count]);
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
