//! From a path to text.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::sync::Arc;

use camino::Utf8Path;

use super::yaml::{self, MAX_BYTES};
use crate::diagnostics::codes::{documents, machine};
use crate::diagnostics::{Diagnostic, Source, Span};

/// Reads a document as text; `what` names it in errors ("the manifest").
pub fn read_source(path: &Utf8Path, what: &str) -> Result<Arc<Source>, Box<Diagnostic>> {
    read_source_up_to(path, what, MAX_BYTES)
}

/// Reads a file of at most so many bytes as text.
pub fn read_source_up_to(path: &Utf8Path, what: &str, most: usize) -> Result<Arc<Source>, Box<Diagnostic>> {
    decode(path, what, read_bytes(path, what, most)?)
}

/// The bytes of a file as text.
pub fn decode(path: &Utf8Path, what: &str, bytes: Vec<u8>) -> Result<Arc<Source>, Box<Diagnostic>> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(error) => Err(Box::new(not_utf8(path, what, error.as_bytes(), error.utf8_error().valid_up_to()))),
    }
}

fn read_bytes(path: &Utf8Path, what: &str, most: usize) -> Result<Vec<u8>, Box<Diagnostic>> {
    let failed = |error: &std::io::Error| {
        Box::new(match error.kind() {
            ErrorKind::NotFound => Diagnostic::error(
                &machine::FILE_NOT_FOUND,
                format!("{what} `{path}` does not exist"),
                "correct the path",
            ),
            ErrorKind::IsADirectory | ErrorKind::NotADirectory => not_a_file(path, what),
            _ => Diagnostic::error(
                &machine::FILE_UNREADABLE,
                format!("{what} `{path}` cannot be read: {error}"),
                "let the user that runs floe read the file and enter the folders above it",
            ),
        })
    };
    // Looked at before it is opened: opening a named pipe would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(Box::new(not_a_file(path, what)));
    }
    let too_long = |bytes: u64| {
        let span = Span::new(&Source::new(path, ""), 0, 0);
        Box::new(yaml::too_long(span, usize::try_from(bytes).unwrap_or(usize::MAX), most))
    };
    if metadata.len() > most as u64 {
        return Err(too_long(metadata.len()));
    }
    let file = File::open(path).map_err(|error| failed(&error))?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() > most {
        return Err(too_long(bytes.len() as u64));
    }
    Ok(bytes)
}

fn not_a_file(path: &Utf8Path, what: &str) -> Diagnostic {
    Diagnostic::error(&machine::NOT_A_FILE, format!("{what} `{path}` is no file"), "name the file itself")
}

fn not_utf8(path: &Utf8Path, what: &str, bytes: &[u8], valid: usize) -> Diagnostic {
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    // What is before the first wrong byte is the same in the text that is shown.
    let source = Source::new(path, String::from_utf8_lossy(bytes));
    let help = if utf16 { "it looks like UTF-16: save it as UTF-8" } else { "save the file as UTF-8" };
    Diagnostic::error(&documents::ENCODING, format!("{what} is not UTF-8 text"), help)
        .labelled(Span::new(&source, valid, valid + 1), "the first byte that is none")
}
