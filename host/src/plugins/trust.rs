//! Whether anybody else could have put the file there.
//!
//! [`check`] is the one gate between inspection and loading: every start of a worker passes through it. It asks what
//! ssh asks of keys. What pins a plugin's contents (`floe.lock`, a manifest's `trusted_keys`) belongs behind the same
//! gate, since it decides whether a finding here is a warning or an error.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use camino::Utf8Path;

use super::inspect::Inspected;
use crate::diagnostics::{Diagnostic, codes::plugins as codes};

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
    finding.map(|(place, found)| warning(plugin, place, &found)).into_iter().collect()
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

fn warning(plugin: &Inspected, place: &Utf8Path, found: &Finding) -> Diagnostic {
    let (name, path) = (plugin.name(), &plugin.path);
    let subject = if place == plugin.real_path { "its file".to_owned() } else { format!("the folder {place}") };
    Diagnostic::warning(
        &codes::WRITABLE_BY_OTHERS,
        format!("others can change plugin {name} ({path}): {subject} {}", found.what),
        found.mend.clone(),
    )
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
