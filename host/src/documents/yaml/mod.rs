//! YAML 1.2 (core schema) into a tree in which every key and every value knows its place.
//!
//! Bounded in bytes, depth and nodes, aliases counted as often as they are used; whatever is wrong without making the
//! rest unreadable is reported and read on.

mod build;
mod json;
mod marks;
mod merge;
mod node;
mod scalar;
mod syntax;

use std::sync::Arc;

use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Source, Span};

pub use json::Place;
pub use node::{Entry, Kind, Node};

/// Longest document, in bytes. A spec of 10,000 transforms has about 0.8 MB.
pub const MAX_BYTES: usize = 16 << 20;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;
/// Most nodes, where an alias counts for all that it stands for and long text counts for several.
pub const MAX_NODES: usize = 1_000_000;

/// Reads one document. Without a tree there is at least one error; with a tree there may still be some.
pub fn parse(source: &Arc<Source>) -> (Option<Node>, Vec<Diagnostic>) {
    if let Err(error) = check_text(source) {
        return (None, vec![*error]);
    }
    build::build(source)
}

/// What the parser must not be given.
fn check_text(source: &Arc<Source>) -> Result<(), Box<Diagnostic>> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        return Err(Box::new(too_long(Span::new(source, 0, 0), text.len(), MAX_BYTES)));
    }
    // All of them are single bytes, which no other character holds.
    let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r');
    if let Some((at, byte)) = text.bytes().enumerate().find(|(_, byte)| control(byte)) {
        return Err(Box::new(
            Diagnostic::error(
                &codes::ENCODING,
                format!("the file holds the control character U+{byte:04X}, which YAML does not allow"),
                "remove it; in a double-quoted string it can be written as an escape such as \"\\x1b\"",
            )
            .labelled(Span::new(source, at, at + 1), "here"),
        ));
    }
    Ok(())
}

/// A file that is too long to be read.
pub(crate) fn too_long(span: Span, bytes: usize, most: usize) -> Diagnostic {
    Diagnostic::error(
        &codes::TOO_LARGE,
        format!("the file has {bytes} bytes; at most {most} are read"),
        "split the product into several specs",
    )
    .at(span)
}

#[cfg(test)]
mod tests;
