//! Why a file is refused, in words.

use camino::Utf8Path;
use floe_plugin_api::FLOE_API_VERSION;
use floe_plugin_api::record::StaticRecord;
use semver::Version;

use super::contents::{Contents, Defect, LARGEST_RECORD};
use super::platform::{Format, Platform};
use crate::diagnostics::{Diagnostic, codes::plugins as codes};
use crate::plugins::text;
use floe_plugin_api::ErrorKind;

fn refuse(code: &'static crate::diagnostics::Code, message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, message, help).of_kind(ErrorKind::PluginExecution)
}

/// The file cannot be opened, or is no regular file.
pub(super) fn unreadable(path: &Utf8Path, why: &str) -> Diagnostic {
    refuse(
        &codes::UNREADABLE,
        format!("{path} cannot be read: {why}"),
        "make it a file that you may read (chmod u+r), or remove it from the plugins folder",
    )
}

/// What is wrong with the file's contents.
pub(super) fn of_contents(path: &Utf8Path, length: u64, contents: &Contents, wanted: &Platform) -> Vec<Diagnostic> {
    contents.defects.iter().map(|defect| of_defect(path, length, contents, wanted, defect)).collect()
}

fn of_defect(path: &Utf8Path, length: u64, contents: &Contents, wanted: &Platform, defect: &Defect) -> Diagnostic {
    match defect {
        Defect::NoLibrary(found) => {
            let expected = match wanted.format {
                Format::Elf => "an ELF shared object (.so)",
                Format::MachO => "a Mach-O dynamic library (.dylib)",
            };
            refuse(
                &codes::NOT_A_LIBRARY,
                format!("{path} is {found}; a plugin is {expected}"),
                "get the plugin's file anew, or remove this one from the plugins folder",
            )
        }
        Defect::Incomplete(what) => refuse(
            &codes::INCOMPLETE,
            format!("{path} is not whole: {what} cannot be read; the file has {length} bytes"),
            "copy the file again, and compare its size and sha256 with the vendor's",
        ),
        Defect::OtherPlatform => {
            let found = contents.platform.as_deref().unwrap_or("another platform");
            refuse(
                &codes::OTHER_PLATFORM,
                format!("{path} was built for {found}; floe runs on {wanted}"),
                format!("get the plugin's file for {wanted}"),
            )
        }
        Defect::NoRecord => refuse(
            &codes::NO_RECORD,
            format!("{path} is a library but no floe plugin: it has no floe record"),
            "remove it from the plugins folder if it belongs to something else; a plugin is made with export_plugin!",
        ),
        Defect::RecordTooLarge(size) => refuse(
            &codes::BAD_RECORD,
            format!(
                "the floe record of {path} is {} large; none is larger than {}",
                text::bytes(*size),
                text::bytes(LARGEST_RECORD)
            ),
            "get the plugin anew from its vendor",
        ),
    }
}

/// The record's bytes say nothing that can be read.
pub(super) fn bad_record(path: &Utf8Path, why: &str) -> Diagnostic {
    refuse(
        &codes::BAD_RECORD,
        format!("the floe record of {path} is damaged: {}", text::one_line(why)),
        "get the plugin anew from its vendor",
    )
}

/// What is wrong with what the record says.
pub(super) fn of_record(path: &Utf8Path, record: &StaticRecord, host_api: &Version) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !is_name(&record.name) {
        found.push(bad_record(path, &format!("{:?} is no plugin name ([a-z][a-z0-9_-]{{0,62}})", record.name)));
    }
    if let Err(error) = Version::parse(&record.version) {
        found.push(bad_record(path, &format!("its version {:?} is not semver: {error}", record.version)));
    }
    match Version::parse(&record.floe_api_version) {
        Err(error) => found.push(refuse(
            &codes::API_VERSION,
            format!(
                "{path} says it was built for floe API {:?}, which is no version: {error}; this floe has {host_api}",
                text::one_line(&record.floe_api_version)
            ),
            "get the plugin anew from its vendor",
        )),
        Ok(api) if api.major != host_api.major || api.minor > host_api.minor => {
            let newer = (api.major, api.minor) > (host_api.major, host_api.minor);
            let help = if newer {
                format!("upgrade floe, or get a version of the plugin for floe API {}.x", host_api.major)
            } else {
                format!("get a version of the plugin for floe API {}.x", host_api.major)
            };
            found.push(refuse(
                &codes::API_VERSION,
                format!("{path} was built for floe API {api}; this floe has {host_api} and loads {}", loads(host_api)),
                help,
            ));
        }
        Ok(_) => {}
    }
    found
}

/// The versions that a host loads, in words.
fn loads(host: &Version) -> String {
    match host.minor {
        0 => format!("{}.0", host.major),
        minor => format!("{0}.0 to {0}.{minor}", host.major),
    }
}

/// Whether a plugin may have the name.
pub(in crate::plugins) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 63
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

/// The API version of this host.
pub(in crate::plugins) fn host_api() -> Version {
    Version::parse(FLOE_API_VERSION).unwrap_or(Version::new(1, 0, 0))
}
