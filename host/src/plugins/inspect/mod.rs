//! What a plugin's file says, read without executing anything of it.
//!
//! Everything is read from one open descriptor, which is kept: what is later loaded must be that very file.

mod contents;
mod elf_file;
mod libraries;
mod macho_file;
mod opened;
mod platform;
mod refusal;
#[cfg(test)]
pub(super) mod tests;

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::record::StaticRecord;
use semver::{Version, VersionReq};

use contents::RunPath;
pub use libraries::Library;
pub(super) use opened::{Identity, Opened};
pub use platform::{Format, NoPlatform, Platform};
pub(super) use refusal::{host_api, is_name};

use crate::diagnostics::{Diagnostic, codes::plugins as codes};
use crate::plugins::describe_io;
use floe_plugin_api::ErrorKind;

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
    /// What it was inspected for.
    built_for: Platform,
    run_path: RunPath,
    libraries: OnceLock<Result<Vec<Library>, Diagnostic>>,
    opened: Opened,
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
    opened: Option<Opened>,
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
            opened: None,
        })
    }

    /// The sha256 of the file in hexadecimal, where it can be read.
    pub fn sha256(&self) -> Option<String> {
        self.opened.as_ref()?.sha256().ok()
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
        self.opened.sha256().map_err(|error| refusal::unreadable(&self.path, &describe_io(&error)))
    }

    /// The platform that it was inspected for, and fits.
    pub fn built_for(&self) -> &Platform {
        &self.built_for
    }

    /// The libraries that came with it and are loaded with it, found when they are asked for.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn libraries(&self) -> Result<&[Library], Diagnostic> {
        let find = || libraries::private(&self.real_path, &self.needs, &self.run_path, &self.built_for);
        self.libraries.get_or_init(find).as_deref().map_err(Clone::clone)
    }

    pub(super) fn identity(&self) -> Identity {
        self.opened.identity()
    }

    pub(super) fn opened(&self) -> &Opened {
        &self.opened
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
            opened: Some(self.opened),
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
    let opened = Opened::open(path).map_err(|why| Refused::unreadable(path, &why))?;
    let real_path = path.canonicalize_utf8().map_err(|error| Refused::unreadable(path, &describe_io(&error)))?;
    let mut contents = contents::read(opened.file(), opened.size(), platform);
    let mut reasons = refusal::of_contents(path, opened.size(), &contents, platform);
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
        (Some(record), Some(version), Some(found)) if reasons.is_empty() => Ok(Inspected {
            path: path.to_owned(),
            real_path,
            size: opened.size(),
            platform: found,
            needs: contents.needs,
            record,
            version,
            built_for: platform.clone(),
            run_path: contents.run_path,
            libraries: OnceLock::new(),
            opened,
        }),
        (record, _, platform) => Err(Box::new(Refused {
            path: path.to_owned(),
            size: Some(opened.size()),
            platform,
            needs: contents.needs,
            record,
            reasons,
            opened: Some(opened),
        })),
    }
}
