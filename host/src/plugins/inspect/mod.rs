//! What a plugin's file says, read without executing anything of it.
//!
//! Everything is read from one open descriptor, which is kept: what is later loaded must be that very file.

mod contents;
mod elf_file;
mod macho_file;
mod platform;
mod refusal;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::record::StaticRecord;
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use platform::{Format, Platform};

use crate::diagnostics::{Diagnostic, codes::plugins as codes};
use crate::plugins::describe_io;
use floe_plugin_api::ErrorKind;

/// Which file it is, and that nobody wrote to it since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
    size: u64,
    /// Second and nanosecond of the last change, which cannot be set back.
    changed: (i64, i64),
}

impl Identity {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let meta = file.metadata()?;
        Ok(Self { device: meta.dev(), inode: meta.ino(), size: meta.len(), changed: (meta.ctime(), meta.ctime_nsec()) })
    }
}

/// A plugin whose file can be loaded, as far as can be told without executing anything of it.
#[derive(Debug)]
pub struct Inspected {
    /// The path under which it was found.
    pub path: Utf8PathBuf,
    /// The path behind symbolic links, from which it is loaded.
    pub real_path: Utf8PathBuf,
    /// Size of the file in bytes.
    pub size: u64,
    /// What it was built for: `Linux x86_64`.
    pub platform: String,
    /// The libraries that it needs.
    pub needs: Vec<String>,
    /// What it says of itself.
    pub record: StaticRecord,
    /// Its version.
    pub version: Version,
    pub(super) identity: Identity,
    file: File,
}

/// A file that floe will not load.
#[derive(Debug)]
pub struct Refused {
    /// The path under which it was found.
    pub path: Utf8PathBuf,
    /// Size of the file in bytes, where it could be opened.
    pub size: Option<u64>,
    /// What it was built for, as far as can be told.
    pub platform: Option<String>,
    /// The libraries that it needs.
    pub needs: Vec<String>,
    /// What it says of itself, if that can be read.
    pub record: Option<StaticRecord>,
    /// Why it is refused, the first cause first; never empty.
    pub reasons: Vec<Diagnostic>,
    file: Option<File>,
}

impl Refused {
    pub(super) fn unreadable(path: &Utf8Path, why: &str) -> Box<Self> {
        Box::new(Self {
            path: path.to_owned(),
            size: None,
            platform: None,
            needs: Vec::new(),
            record: None,
            reasons: vec![refusal::unreadable(path, why)],
            file: None,
        })
    }

    /// The sha256 of the file in hexadecimal, where it can be read.
    pub fn sha256(&self) -> Option<String> {
        sha256(self.file.as_ref()?).ok()
    }

    /// Whether it was built for a platform that is not this one.
    pub fn is_foreign(&self) -> bool {
        self.reasons.iter().any(|reason| reason.code == &codes::OTHER_PLATFORM)
    }
}

impl Inspected {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// The sha256 of the file in hexadecimal, read from the descriptor that was inspected.
    ///
    /// # Errors
    /// Where the file cannot be read any more.
    pub fn sha256(&self) -> Result<String, Diagnostic> {
        sha256(&self.file).map_err(|error| refusal::unreadable(&self.path, &describe_io(&error)))
    }

    /// Refuses it after all.
    pub(super) fn refuse(self, reason: Diagnostic) -> Box<Refused> {
        Box::new(Refused {
            path: self.path,
            size: Some(self.size),
            platform: Some(self.platform),
            needs: self.needs,
            record: Some(self.record),
            reasons: vec![reason],
            file: Some(self.file),
        })
    }

    /// Checks the version against a manifest's requirement.
    ///
    /// # Errors
    /// Where the requirement excludes this version.
    pub fn fulfils(&self, requirement: &VersionReq) -> Result<(), Diagnostic> {
        if requirement.matches(&self.version) {
            return Ok(());
        }
        let (name, version, path) = (self.name(), &self.version, &self.path);
        Err(Diagnostic::error(
            &codes::VERSION_REQUIREMENT,
            format!("plugin {name} has version {version} ({path}); {requirement} is required"),
            format!("install a version of {name} that fits {requirement}, or change the requirement"),
        )
        .of_kind(ErrorKind::Configuration))
    }
}

/// Inspects a file for this host.
///
/// # Errors
/// Why floe would not load it, with what could be read of it.
pub fn inspect(path: &Utf8Path) -> Result<Inspected, Box<Refused>> {
    inspect_for(path, &Platform::current(), &refusal::host_api())
}

/// Inspects a file for a host of some platform and API version.
///
/// # Errors
/// Why such a host would not load it.
pub fn inspect_for(path: &Utf8Path, platform: &Platform, host_api: &Version) -> Result<Inspected, Box<Refused>> {
    let (file, identity) = open(path).map_err(|why| Refused::unreadable(path, &why))?;
    let real_path = path.canonicalize_utf8().map_err(|error| Refused::unreadable(path, &describe_io(&error)))?;
    let mut contents = contents::read(&file, identity.size, platform);
    let mut reasons = refusal::of_contents(path, identity.size, &contents, platform);
    let record = contents.record.take().and_then(|bytes| match StaticRecord::parse(&bytes) {
        Ok(record) => Some(record),
        Err(error) => {
            reasons.push(refusal::bad_record(path, &error.to_string()));
            None
        }
    });
    if let Some(record) = &record {
        reasons.extend(refusal::of_record(path, record, host_api));
    }
    let version = record.as_ref().and_then(|record| Version::parse(&record.version).ok());
    match (record, version, contents.platform) {
        (Some(record), Some(version), Some(platform)) if reasons.is_empty() => Ok(Inspected {
            path: path.to_owned(),
            real_path,
            size: identity.size,
            platform,
            needs: contents.needs,
            record,
            version,
            identity,
            file,
        }),
        (record, _, platform) => Err(Box::new(Refused {
            path: path.to_owned(),
            size: Some(identity.size),
            platform,
            needs: contents.needs,
            record,
            reasons,
            file: Some(file),
        })),
    }
}

/// Opens a regular file; a pipe or device of that name must not block or be read.
fn open(path: &Utf8Path) -> Result<(File, Identity), String> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblocking).open(path).map_err(|error| describe_io(&error))?;
    let kind = file.metadata().map_err(|error| describe_io(&error))?.file_type();
    if !kind.is_file() {
        return Err(if kind.is_dir() { "it is a folder" } else { "it is no regular file" }.to_owned());
    }
    let identity = Identity::of(&file).map_err(|error| describe_io(&error))?;
    Ok((file, identity))
}

/// Reads by offset, so that two callers of one descriptor do not disturb each other.
fn sha256(file: &File) -> io::Result<String> {
    struct FromStart<'f>(&'f File, u64);
    impl Read for FromStart<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.read_at(buffer, self.1)?;
            self.1 += count as u64;
            Ok(count)
        }
    }
    let (mut reader, mut hash, mut buffer) = (FromStart(file, 0), Sha256::new(), vec![0; 1 << 16]);
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}
