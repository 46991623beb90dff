//! From pins to text, and to a file.

use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use camino::Utf8Path;
use toml::Value;

use super::{FORMAT_VERSION, Pin};
use crate::diagnostics::{Diagnostic, codes::plugins as codes};
use crate::plugins::describe_io;

const HEAD: &str = "\
# Written by `floe plugin lock`; not meant to be edited by hand.
# It pins the plugins that may be loaded, and the libraries beside them. Keep it in version control.
";

/// What the file holds: the same pins give the same bytes, in whatever order they come.
pub(super) fn text<'a>(pins: impl Iterator<Item = &'a Pin>) -> String {
    let mut pins: Vec<_> = pins.collect();
    pins.sort_by_key(|pin| pin.key());
    let mut text = format!("{HEAD}version = {FORMAT_VERSION}\n");
    for pin in pins {
        // The comment makes the first line of a block unlike that of any other, so that git's union merge
        // cannot take the first lines of two new blocks for one.
        let _ = write!(text, "\n[[plugin]] # {} {}\n", pin.name, pin.platform.word());
        let lines = [
            ("name", &pin.name),
            ("version", &pin.version),
            ("floe_api_version", &pin.floe_api_version),
            ("platform", &pin.platform.word()),
            ("file", &pin.file),
            ("sha256", &pin.sha256),
        ];
        for (key, value) in lines {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
        if !pin.libraries.is_empty() {
            let _ = write!(text, "\n[plugin.libraries] # of {} {}\n", pin.name, pin.platform.word());
            for (file, sha256) in &pin.libraries {
                let _ = writeln!(text, "{} = {}", quoted(file), quoted(sha256));
            }
        }
    }
    text
}

fn quoted(text: &str) -> String {
    // As a key and as a value a basic string is written alike.
    Value::from(text).to_string()
}

/// Writes the lock: the former file stays whole until the new one takes its place.
///
/// # Errors
/// What the system refuses.
pub fn save<'a>(path: &Utf8Path, pins: impl Iterator<Item = &'a Pin>) -> Result<(), Diagnostic> {
    replace(path, &text(pins)).map_err(|error| {
        Diagnostic::error(
            &codes::LOCK_NOT_WRITTEN,
            format!("the lock cannot be written to {path}: {}", describe_io(&error)),
            "see that its folder can be written to and the disk has room; the former lock is as it was",
        )
    })
}

fn replace(path: &Utf8Path, text: &str) -> io::Result<()> {
    // Behind a link it is the file itself that is replaced.
    let place = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let folder = place.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".floe.lock-")
        // As any file that the user makes: what the umask leaves of it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(&place)?;
    // Best effort: the file is in place, and a file system that cannot sync folders keeps its own promises.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}
