//! From a path to text.

use std::fs::File;
use std::io::{ErrorKind, Read as _};

use camino::Utf8Path;

use crate::diagnostics::{Diagnostic, Source, Span, codes::plugins as codes};
use crate::plugins::{describe_io, text};

/// No lock is longer: ten thousand plugins fit.
const MOST_BYTES: u64 = 4 << 20;

const GET_IT_BACK: &str = "get it back from version control, or remove it and run `floe plugin lock`";

fn unreadable(path: &Utf8Path, why: &str, help: &str) -> Diagnostic {
    Diagnostic::error(&codes::LOCK_UNREADABLE, format!("the lock `{path}` cannot be read: {why}"), help)
}

/// The bytes of a file; `None` where there is nothing of that name. A link that leads nowhere is something: whoever made it
/// wants a lock.
pub(super) fn bytes(path: &Utf8Path) -> Result<Option<Vec<u8>>, Diagnostic> {
    let refused = |error: &std::io::Error| {
        unreadable(path, &describe_io(error), "make it a file that the user that runs floe may read")
    };
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(&error)),
        Ok(_) => {}
    }
    // Looked at before it is opened: opening a named pipe would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(|error| refused(&error))?;
    if !metadata.is_file() {
        return Err(unreadable(path, "it is no file", GET_IT_BACK));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| refused(&error))?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refused(&error))?;
    Ok(Some(bytes))
}

/// The text in the bytes of a file.
pub(super) fn text(path: &Utf8Path, bytes: Vec<u8>) -> Result<String, Diagnostic> {
    if bytes.len() as u64 > MOST_BYTES {
        let start = Span::new(&Source::new(path, ""), 0, 0);
        let why = format!("it is longer than {}", text::bytes(MOST_BYTES));
        return Err(unreadable(path, &why, GET_IT_BACK).at(start));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        // What is before the first wrong byte is the same in the text that is shown.
        let source = Source::new(path, String::from_utf8_lossy(error.as_bytes()));
        unreadable(path, "it is not UTF-8 text", GET_IT_BACK)
            .labelled(Span::new(&source, valid, valid + 1), "the first byte that is none")
    })
}
