//! Finding plugins, judging them without executing anything of theirs, and calling them in processes of their own.
//!
//! In the order in which a plugin passes through: `search_path` (where to look), `inspect` (what the file says), `trust`
//! (who could have changed it, and whether `floe.lock` pins it), `worker` (the process that loads it), `client` (the host's side of that process), `scrub` (no
//! secret leaves this room in anything that a plugin said). It knows nothing of manifests or computes, only of plugin names.

mod client;
mod environment;
mod inspect;
mod registry;
mod scrub;
mod search_path;
mod text;
pub mod trust;
pub mod worker;

pub use client::{Launcher, Limits, Worker};
pub use environment::BASE_VARIABLES;
pub use inspect::{Format, Inspected, Library, NoPlatform, Platform, Refused, inspect, inspect_for};
pub use registry::{Found, PluginHost};
pub use scrub::Scrubber;
pub use search_path::{Folder, Origin, PATH_VARIABLE, SearchOptions};

/// An input/output error in words, without the number.
pub(crate) fn describe_io(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::NotADirectory => "it is no folder".to_owned(),
        _ => error.to_string(),
    }
}
