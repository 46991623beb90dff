//! Loads a library into this process. Used in workers only; the one file of the host in which `unsafe` is allowed.

#![allow(unsafe_code)]

use std::error::Error as _;
use std::ffi::c_int;
use std::fs::File;

use floe_plugin_api::abi::{LoadError, LoadedPlugin, ROOT_SYMBOL, load};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::protocol::{LibraryFile, NotLoaded, Start};
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
    let libraries = Libraries::hold(&start.libraries)?;
    let symbol = open(&start.path)?;
    // What was mapped is what was inspected, even if the path was given to another file meanwhile.
    if !unchanged() || expected.is_some_and(|expected| mapped::file_at(symbol as usize) != Some(expected)) {
        return Err(NotLoaded::Changed);
    }
    libraries.are_mapped()?;
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

/// The private libraries, before and after the system's loader opens them by itself.
struct Libraries<'a> {
    held: Vec<(&'a LibraryFile, File)>,
    /// What was mapped before the plugin.
    before: Vec<mapped::Mapping>,
}

impl<'a> Libraries<'a> {
    fn hold(files: &'a [LibraryFile]) -> Result<Self, NotLoaded> {
        let open = |library: &'a LibraryFile| match File::open(&library.path) {
            Ok(file) if is_unchanged(library, &file) => Ok((library, file)),
            _ => Err(changed(library)),
        };
        let held: Vec<_> = files.iter().map(open).collect::<Result<_, _>>()?;
        let before = if held.is_empty() { Vec::new() } else { mapped::all() };
        Ok(Self { held, before })
    }

    /// Under each name the file that was inspected was mapped, or one of them where the loader has a choice (it takes a build
    /// for a newer processor). What this process had mapped under a name before the plugin came, the loader keeps using.
    fn are_mapped(&self) -> Result<(), NotLoaded> {
        let now = if self.held.is_empty() { Vec::new() } else { mapped::all() };
        let is_mapped = |file: &File| mapped::file_of(file).is_none_or(|own| now.iter().any(|other| other.file == own));
        for (library, file) in &self.held {
            let same_name = self.held.iter().filter(|(other, _)| name(other) == name(library));
            let is_known = self.before.iter().any(|mapping| mapping.name == name(library));
            let is_used = is_known || same_name.into_iter().any(|(_, file)| is_mapped(file));
            if !is_used || !is_unchanged(library, file) {
                return Err(changed(library));
            }
        }
        Ok(())
    }
}

fn name(library: &LibraryFile) -> &str {
    library.path.rsplit('/').next().unwrap_or_default()
}

fn is_unchanged(library: &LibraryFile, file: &File) -> bool {
    Identity::of(file).is_ok_and(|now| now == library.identity)
}

fn changed(library: &LibraryFile) -> NotLoaded {
    NotLoaded::LibraryChanged { path: library.path.clone() }
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
    use std::ops::Range;

    /// A piece of memory with a file behind it.
    pub(super) struct Mapping {
        addresses: Range<usize>,
        /// Device and inode as the kernel writes them.
        pub(super) file: (String, String),
        /// Name of the file, without its folder.
        pub(super) name: String,
    }

    /// All of this process; none where the kernel does not tell.
    #[cfg(target_os = "linux")]
    pub(super) fn all() -> Vec<Mapping> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        maps.lines().filter_map(of_line).collect()
    }

    #[cfg(target_os = "linux")]
    fn of_line(line: &str) -> Option<Mapping> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let addresses = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        let (device, inode) = (fields.nth(2)?, fields.next()?);
        let name = line.rsplit('/').next().unwrap_or_default();
        (inode != "0").then(|| Mapping {
            addresses,
            file: (device.to_owned(), inode.to_owned()),
            name: name.to_owned(),
        })
    }

    pub(super) fn file_at(address: usize) -> Option<(String, String)> {
        all().into_iter().find(|mapping| mapping.addresses.contains(&address)).map(|mapping| mapping.file)
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
    pub(super) fn all() -> Vec<Mapping> {
        Vec::new()
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn file_of(_: &File) -> Option<(String, String)> {
        None
    }
}
