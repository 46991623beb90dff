//! Loads a library into this process. Used in workers only; the one file of the host in which `unsafe` is allowed.

#![allow(unsafe_code)]

use std::error::Error as _;
use std::ffi::c_int;
use std::fs::File;

use floe_plugin_api::abi::{LoadError, LoadedPlugin, ROOT_SYMBOL, load};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::protocol::{NotLoaded, Start};
use crate::plugins::inspect::Identity;

unsafe extern "C" {
    // SAFETY: C's own signature; it takes any number and touches nothing of this process.
    safe fn _exit(status: c_int) -> !;
}

/// Ends this process at once: no destructors or exit handlers, which are the plugin's and may do anything.
pub(super) fn exit_now(status: c_int) -> ! {
    _exit(status)
}

/// Loads the plugin, and makes sure that it is the file that was inspected and what its record says.
pub(super) fn load_plugin(start: &Start) -> Result<LoadedPlugin, NotLoaded> {
    let file = File::open(&start.path).map_err(|_| NotLoaded::Changed)?;
    let unchanged = || Identity::of(&file).is_ok_and(|now| now == start.identity);
    if !unchanged() {
        return Err(NotLoaded::Changed);
    }
    let expected = mapped::file_of(&file);
    let symbol = open(&start.path)?;
    // What was mapped is what was inspected, even if the path was given to another file meanwhile.
    if !unchanged() || expected.is_some_and(|expected| mapped::file_at(symbol as usize) != Some(expected)) {
        return Err(NotLoaded::Changed);
    }
    // SAFETY: the symbol is the address of `ROOT_SYMBOL` in a library that `open` never closes.
    let plugin = unsafe { load(symbol) }.map_err(|error| match error {
        LoadError::Constructor(error) => NotLoaded::Constructor { error },
        other => NotLoaded::Loader { why: other.to_string() },
    })?;
    let told = [
        ("name", &start.name, plugin.name()),
        ("version", &start.version, plugin.version()),
        ("floe_api_version", &start.floe_api_version, plugin.floe_api_version()),
    ];
    for (what, recorded, live) in told {
        if recorded != live {
            return Err(NotLoaded::Lies { what: what.to_owned(), recorded: recorded.clone(), live: live.to_owned() });
        }
    }
    Ok(plugin)
}

/// Opens the library for good and returns the address of its root symbol.
fn open(path: &str) -> Result<*const (), NotLoaded> {
    let why = |error: &libloading::Error| {
        let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        NotLoaded::Loader {
            why: said.strip_prefix(path).map_or(&*said, |rest| rest.trim_start_matches(": ")).to_owned(),
        }
    };
    // SAFETY: this executes the library's constructors, which may do anything: this process exists for that. All symbols are
    // resolved now, none becomes visible to others.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| why(&error))?;
    // SAFETY: the symbol is only taken for an address here; `load` checks what lies there before it uses it.
    let symbol = unsafe { library.get::<*const ()>(ROOT_SYMBOL.as_bytes()) }.map(|symbol| *symbol);
    // Never closed: threads and destructors of the library may outlive every use of it.
    std::mem::forget(library);
    symbol.map_err(|_| NotLoaded::Loader {
        why: "it has a floe record but not the entry point of a floe plugin".to_owned(),
    })
}

/// Which file the kernel mapped where, in its own words: other views of device and inode differ on some file systems.
mod mapped {
    use std::fs::File;

    /// Device and inode as the kernel writes them.
    #[cfg(target_os = "linux")]
    pub(super) fn file_at(address: usize) -> Option<(String, String)> {
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        maps.lines().find_map(|line| {
            let mut fields = line.split_ascii_whitespace();
            let (start, end) = fields.next()?.split_once('-')?;
            let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
            let (device, inode) = (fields.nth(2)?, fields.next()?);
            (range.contains(&address) && inode != "0").then(|| (device.to_owned(), inode.to_owned()))
        })
    }

    /// Maps a page of the file to see how the kernel names it; `None` where it does not tell.
    #[cfg(target_os = "linux")]
    pub(super) fn file_of(file: &File) -> Option<(String, String)> {
        use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
        // SAFETY: a new mapping at an address of the kernel's choice, never read from.
        let page = unsafe { mmap(std::ptr::null_mut(), 1, ProtFlags::READ, MapFlags::PRIVATE, file, 0) }.ok()?;
        let named = file_at(page as usize);
        // SAFETY: exactly the mapping made above, to which nothing refers.
        unsafe { munmap(page, 1) }.ok()?;
        named
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn file_at(_: usize) -> Option<(String, String)> {
        None
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn file_of(_: &File) -> Option<(String, String)> {
        None
    }
}
