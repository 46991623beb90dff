//! Whether anybody else could have put the file there: what ssh asks of keys.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use camino::Utf8Path;

use crate::diagnostics::{Diagnostic, codes::plugins as codes};
use crate::plugins::inspect::{Inspected, Library};

const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;

/// What is to be said of the file and of the folders above it: nothing, if only its owner (the user, or root) can
/// change any of them.
pub fn check(plugin: &Inspected) -> Vec<Diagnostic> {
    let me = rustix::process::geteuid().as_raw();
    let real = plugin.real_path.ancestors();
    // A symbolic link can be exchanged by whoever can write to its folder.
    let named = camino::absolute_utf8(&plugin.path).unwrap_or_else(|_| plugin.path.clone());
    let link = named.ancestors().skip(1).filter(|folder| !plugin.real_path.starts_with(folder));
    let finding =
        real.chain(link).find_map(|place| Some((place, finding(place, &std::fs::metadata(place).ok()?, me)?)));
    finding.map(|(place, found)| warning(plugin, place, found)).into_iter().collect()
}

/// The same of a library that is loaded with it.
pub(super) fn check_library(plugin: &Inspected, library: &Library) -> Option<Diagnostic> {
    let me = rustix::process::geteuid().as_raw();
    let real = library.path.canonicalize_utf8().unwrap_or_else(|_| library.path.clone());
    let link = library.path.ancestors().skip(1).filter(|folder| !real.starts_with(folder));
    let mut places = real.ancestors().chain(link);
    let (place, found) =
        places.find_map(|place| Some((place, finding(place, &std::fs::metadata(place).ok()?, me)?)))?;
    let subject = if place == real { format!("its library {}", library.path) } else { format!("the folder {place}") };
    Some(said(plugin, &subject, found))
}

/// What is wrong with a file or folder, and how to mend it.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    what: String,
    mend: String,
}

fn finding(place: &Utf8Path, meta: &Metadata, me: u32) -> Option<Finding> {
    judge(place, meta.is_dir(), meta.mode(), meta.uid(), me)
}

fn judge(place: &Utf8Path, folder: bool, mode: u32, owner: u32, me: u32) -> Option<Finding> {
    if owner != me && owner != 0 {
        return Some(Finding {
            what: format!("belongs to another user (uid {owner})"),
            mend: format!("chown it to you or root: sudo chown {me} {place}"),
        });
    }
    // In a sticky folder only a file's owner can exchange it.
    if mode & GROUP_OR_OTHERS_WRITE == 0 || (folder && mode & STICKY != 0) {
        return None;
    }
    let who = if mode & 0o002 == 0 { "its group" } else { "everybody" };
    Some(Finding {
        what: format!("can be written by {who} (mode {:04o})", mode & PERMISSIONS),
        mend: format!("chmod go-w {place}"),
    })
}

fn warning(plugin: &Inspected, place: &Utf8Path, found: Finding) -> Diagnostic {
    let subject = if place == plugin.real_path { "its file".to_owned() } else { format!("the folder {place}") };
    said(plugin, &subject, found)
}

fn said(plugin: &Inspected, subject: &str, found: Finding) -> Diagnostic {
    let (name, path) = (plugin.name(), &plugin.path);
    let message = format!("others can change plugin {name} ({path}): {subject} {}", found.what);
    Diagnostic::warning(&codes::WRITABLE_BY_OTHERS, message, found.mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_its_owner_can_write_is_fine() {
        let judge = |folder, mode, owner| judge(Utf8Path::new("/p"), folder, mode, owner, 1000).map(|found| found.what);
        assert_eq!(judge(false, 0o100_644, 1000), None);
        assert_eq!(judge(true, 0o040_755, 0), None);
        assert_eq!(judge(true, 0o041_777, 0), None, "sticky, as /tmp");
        assert_eq!(judge(true, 0o040_775, 1000).unwrap(), "can be written by its group (mode 0775)");
        assert_eq!(judge(false, 0o101_666, 1000).unwrap(), "can be written by everybody (mode 1666)");
        assert_eq!(judge(false, 0o100_644, 1001).unwrap(), "belongs to another user (uid 1001)");
    }
}
