//! The private libraries of a plugin: those that the system's loader finds from where the plugin itself lies.
//!
//! What a library needs is looked for as the loader does: along its run path, and the inherited ones. What is found through
//! `$ORIGIN` (`@loader_path` in Mach-O) came with the plugin; everything else is the system's.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::ErrorKind;

use super::contents::{self, Contents, Defect, RunPath};
use super::opened::{Identity, Opened};
use super::platform::{Format, Platform};
use crate::diagnostics::{Diagnostic, codes::plugins as codes};
use crate::plugins::describe_io;

/// Where the loader looks first for builds for newer processors, below each folder.
const HWCAPS: &str = "glibc-hwcaps";

/// A library that came with a plugin.
#[derive(Debug)]
pub struct Library {
    /// Name of its file, as the plugin or another library asks for it.
    pub name: String,
    /// Where it lies.
    pub path: Utf8PathBuf,
    opened: Opened,
}

impl Library {
    /// The sha256 of the file in hexadecimal, read from the descriptor that was inspected.
    ///
    /// # Errors
    /// Where the file cannot be read any more.
    pub fn sha256(&self) -> Result<String, Diagnostic> {
        self.opened.sha256().map_err(|error| unreadable(&self.path, &describe_io(&error)))
    }

    pub(in crate::plugins) fn identity(&self) -> Identity {
        self.opened.identity()
    }

    pub(in crate::plugins) fn opened(&self) -> &Opened {
        &self.opened
    }
}

fn unreadable(path: &Utf8Path, why: &str) -> Diagnostic {
    Diagnostic::error(
        &codes::PRIVATE_LIBRARY,
        format!("the library {path}, which a plugin needs, cannot be read: {why}"),
        "get the plugin and the libraries beside it anew from its vendor, and make them files that you may read",
    )
    .of_kind(ErrorKind::PluginExecution)
}

/// The private libraries of a library, and theirs, by path.
pub(super) fn private(
    library: &Utf8Path,
    needs: &[String],
    run_path: &RunPath,
    platform: &Platform,
) -> Result<Vec<Library>, Diagnostic> {
    let mut search = Search { platform, found: BTreeMap::new() };
    let origin = library.parent().unwrap_or(Utf8Path::new("/"));
    search.follow(origin, needs, run_path, &[])?;
    Ok(search.found.into_values().collect())
}

/// A folder of a run path.
#[derive(Debug, Clone)]
struct Folder {
    path: Utf8PathBuf,
    /// Whether it was written relative to the library.
    private: bool,
}

struct Search<'a> {
    platform: &'a Platform,
    found: BTreeMap<Utf8PathBuf, Library>,
}

impl Search<'_> {
    fn follow(
        &mut self,
        origin: &Utf8Path,
        needs: &[String],
        run_path: &RunPath,
        inherited: &[Folder],
    ) -> Result<(), Diagnostic> {
        let mut folders: Vec<_> = run_path.folders.iter().filter_map(|folder| self.expand(folder, origin)).collect();
        let mut passed_on = inherited.to_vec();
        if run_path.inherited {
            folders.extend_from_slice(inherited);
            passed_on.clone_from(&folders);
        }
        for need in needs {
            for path in self.candidates(need, origin, &folders) {
                if self.found.contains_key(&path) {
                    continue;
                }
                let opened = Opened::open(&path).map_err(|why| unreadable(&path, &why))?;
                let contents = contents::read(opened.file(), opened.size(), self.platform);
                let name = path.file_name().unwrap_or_default().to_owned();
                self.found.insert(path.clone(), Library { name, path: path.clone(), opened });
                let origin = path.parent().unwrap_or(origin);
                self.follow(origin, &contents.needs, &contents.run_path, &passed_on)?;
            }
        }
        Ok(())
    }

    /// What `$ORIGIN/../lib` means for a library in a folder; `None` where the loader looks nowhere that we know.
    fn expand(&self, folder: &str, origin: &Utf8Path) -> Option<Folder> {
        let words: &[&str] = match self.platform.format {
            Format::Elf => &["$ORIGIN", "${ORIGIN}"],
            Format::MachO => &["@loader_path"],
        };
        let below = words.iter().find_map(|word| folder.strip_prefix(word));
        match below {
            Some(below) => below_origin(origin, below).map(|path| Folder { path, private: true }),
            None if folder.starts_with('/') => Some(Folder { path: folder.into(), private: false }),
            None => None,
        }
    }

    /// The private files that the loader would take for a need: one, and its builds for newer processors.
    fn candidates(&self, need: &str, origin: &Utf8Path, folders: &[Folder]) -> Vec<Utf8PathBuf> {
        let name = match need.strip_prefix("@rpath/").filter(|_| self.platform.format == Format::MachO) {
            Some(rest) => rest,
            // A path: the run path plays no part.
            None if need.contains('/') => {
                let place = self.expand(need, origin).filter(|place| place.private);
                return place.and_then(|place| real(&place.path)).into_iter().collect();
            }
            None => need,
        };
        for folder in folders {
            // On another platform's machine, these folders hold other things than on this one.
            if !folder.private && *self.platform != Platform::current() {
                continue;
            }
            let mut files: Vec<_> = self.hwcaps(&folder.path, name);
            files.extend(real(&folder.path.join(name)));
            // The loader passes over a library for another processor.
            files.retain(|file| !self.is_foreign(file));
            if !files.is_empty() {
                return if folder.private { files } else { Vec::new() };
            }
        }
        Vec::new()
    }

    fn hwcaps(&self, folder: &Utf8Path, name: &str) -> Vec<Utf8PathBuf> {
        if self.platform.format != Format::Elf {
            return Vec::new();
        }
        let Ok(levels) = folder.join(HWCAPS).read_dir_utf8() else { return Vec::new() };
        let mut files: Vec<_> = levels.flatten().filter_map(|level| real(&level.path().join(name))).collect();
        files.sort();
        files
    }

    fn is_foreign(&self, file: &Utf8Path) -> bool {
        let foreign = |contents: &Contents| contents.defects.contains(&Defect::OtherPlatform);
        Opened::open(file).is_ok_and(|opened| foreign(&contents::read(opened.file(), opened.size(), self.platform)))
    }
}

/// `$ORIGIN` alone, or a path below or beside it; `$ORIGINAL` is another word.
fn below_origin(origin: &Utf8Path, below: &str) -> Option<Utf8PathBuf> {
    match below.strip_prefix('/') {
        Some(below) => Some(origin.join(below)),
        None if below.is_empty() => Some(origin.to_owned()),
        None => None,
    }
}

/// The path with its folder's links resolved, if anything is there. The file's own name stays what is asked for.
fn real(path: &Utf8Path) -> Option<Utf8PathBuf> {
    path.symlink_metadata().ok()?;
    Some(path.parent()?.canonicalize_utf8().ok()?.join(path.file_name()?))
}
