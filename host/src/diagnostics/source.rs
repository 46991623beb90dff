//! Files and places in them.

use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

/// A file that was read: its path as the user would write it, and its text.
#[derive(PartialEq, Eq)]
pub struct Source {
    path: Utf8PathBuf,
    text: String,
}

impl Source {
    /// A file that was read.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The path as the user would write it.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.path, self.text.len())
    }
}

/// Line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A piece of a file, in bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl Span {
    /// The bytes from `start` to before `end`; what lies outside of the text is cut off.
    pub fn new(source: &Arc<Source>, start: usize, end: usize) -> Self {
        let last = source.text.len();
        let start = source.text.floor_char_boundary(start.min(last));
        let end = source.text.floor_char_boundary(end.clamp(start, last));
        Self { source: Arc::clone(source), start, end }
    }

    /// The file.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// First byte.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Byte behind the last.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Where it begins.
    pub fn position(&self) -> Position {
        let before = &self.source.text[..self.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position();
        write!(f, "{}:{line}:{column}", self.source.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_in_characters() {
        let source = Source::new("a.yaml", "é: 1\nké: 2\n");
        let at = source.text().find('2').unwrap();
        assert_eq!(Span::new(&source, at, at + 1).position(), Position { line: 2, column: 5 });
        assert_eq!(Span::new(&source, 0, 0).position(), Position { line: 1, column: 1 });
        assert_eq!(format!("{:?}", Span::new(&source, 99, 12)), "a.yaml:3:1");
        assert_eq!(Span::new(&source, 1, 1).start(), 0, "never inside a character");
    }
}
