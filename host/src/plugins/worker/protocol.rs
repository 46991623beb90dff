//! What host and worker say to each other: frames of a length (four bytes, little endian) and JSON.

use std::io::{self, Read, Write};

use floe_plugin_api::{Method, PluginError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::plugins::inspect::Identity;

/// From the host.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::plugins) enum ToWorker {
    /// Load a plugin; the first frame.
    Start(Start),
    /// Call a method with its request document.
    Call { method: Method, document: String },
    /// End, and say which processes are left.
    Finish,
}

/// What to load, and how.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::plugins) struct Start {
    pub(in crate::plugins) path: String,
    pub(in crate::plugins) identity: Identity,
    /// The private libraries that a lock pins.
    pub(in crate::plugins) libraries: Vec<LibraryFile>,
    pub(in crate::plugins) name: String,
    pub(in crate::plugins) version: String,
    pub(in crate::plugins) floe_api_version: String,
    pub(in crate::plugins) address_space: Option<u64>,
    pub(in crate::plugins) largest_frame: u32,
}

/// A file that the system's loader will open by itself.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::plugins) struct LibraryFile {
    pub(in crate::plugins) path: String,
    pub(in crate::plugins) identity: Identity,
}

/// From the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::plugins) enum FromWorker {
    /// The worker runs; nothing of the plugin has been executed yet.
    Ready,
    /// The plugin is loaded.
    Loaded,
    /// It is not; the worker ends.
    NotLoaded(NotLoaded),
    /// The response document.
    Reply { document: String },
    /// The plugin's error.
    Failed { error: PluginError },
    /// The plugin answered, but with more than fits into a frame.
    TooLarge { bytes: u64 },
    /// The plugin answered with something that is not UTF-8.
    NotText,
    /// The end; these processes were left behind and have been killed.
    Finished { left: Vec<LeftBehind> },
}

/// Why a plugin was not loaded.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::plugins) enum NotLoaded {
    /// The file under the path is not the one that was inspected.
    Changed,
    /// A private library is not the one that was inspected, or another one was loaded in its place.
    LibraryChanged { path: String },
    /// The system's loader, or the check of the ABI, refused.
    Loader { why: String },
    /// The plugin's constructor failed.
    Constructor { error: PluginError },
    /// The loaded plugin contradicts its record.
    Lies { what: String, recorded: String, live: String },
}

/// A process that a plugin left behind.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::plugins) struct LeftBehind {
    pub(in crate::plugins) pid: i32,
    pub(in crate::plugins) command: String,
}

/// A frame with its length.
pub(in crate::plugins) fn encode<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 4).map_err(|_| io::ErrorKind::FileTooLarge)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    Ok(frame)
}

/// Writes a frame; the worker's side, where blocking is fine.
pub(super) fn write<T: Serialize>(mut stream: impl Write, message: &T) -> io::Result<()> {
    stream.write_all(&encode(message)?)
}

/// Reads a frame; the worker's side.
pub(super) fn read<T: DeserializeOwned>(mut stream: impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut frame = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut frame)?;
    Ok(serde_json::from_slice(&frame)?)
}
