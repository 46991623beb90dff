//! Files and places in them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

/// A file that was read: its path as the user would write it, and its text.
pub struct Source {
    path: Utf8PathBuf,
    text: String,
    /// Where each line begins; found when the first place is asked for.
    lines: OnceLock<Vec<u32>>,
    /// What is never shown: secrets that were written out.
    hidden: Mutex<Vec<Range<usize>>>,
}

impl Source {
    /// A file that was read.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), lines: OnceLock::new(), hidden: Mutex::default() })
    }

    /// The path as the user would write it.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The lines from one byte to another as they may be shown, without the last line break.
    pub(crate) fn shown(&self, from: usize, to: usize) -> Cow<'_, str> {
        let text = self.text.get(from..to).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        let is_hidden = |at: usize| hidden.iter().any(|range| range.contains(&at));
        if !hidden.iter().any(|range| range.start < from + text.len() && range.end > from) {
            return Cow::Borrowed(text);
        }
        // One star a byte, so that the places of all else on the line stay the same.
        let stars = |at: usize, c: char| {
            if is_hidden(from + at) && c != '\n' { "*".repeat(c.len_utf8()) } else { c.to_string() }
        };
        Cow::Owned(text.char_indices().map(|(at, c)| stars(at, c)).collect())
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(newlines.map(|(at, _)| small(at + 1))).collect()
        })
    }

    /// Index of the line that holds a byte, from 0.
    pub(super) fn line_of(&self, byte: usize) -> usize {
        self.lines().partition_point(|start| *start as usize <= byte).saturating_sub(1)
    }

    /// First byte of a line (index from 0); the end of the text where there is no such line.
    pub(super) fn line_start(&self, line: usize) -> usize {
        self.lines().get(line).map_or(self.text.len(), |start| *start as usize)
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.path == other.path && self.text == other.text)
    }
}

impl Eq for Source {}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, {} bytes)", self.path, self.text.len())
    }
}

/// Offsets are kept in 32 bits: a tree of 10,000 transforms holds some 100,000 of them, and no document is longer.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Line and column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    start: u32,
    end: u32,
}

impl Span {
    /// The bytes from `start` to before `end`; what lies outside of the text is cut off.
    pub fn new(source: &Arc<Source>, start: usize, end: usize) -> Self {
        let last = source.text.len();
        let start = source.text.floor_char_boundary(start.min(last));
        let end = source.text.floor_char_boundary(end.clamp(start, last));
        Self { source: Arc::clone(source), start: small(start), end: small(end) }
    }

    /// The file.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// First byte.
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// Byte behind the last.
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// The text of the piece.
    pub fn text(&self) -> &str {
        self.source.text.get(self.start()..self.end()).unwrap_or_default()
    }

    /// Shows stars in its place from now on, in every diagnostic about the file: for a secret that was written out.
    pub fn hide(&self) {
        let mut hidden = self.source.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.push(self.start()..self.end());
    }

    /// The part of it that is on its first line, without blanks at the end.
    #[must_use]
    pub fn first_line(&self) -> Self {
        let text = self.text();
        let line = text.find(['\n', '\r']).map_or(text, |end| &text[..end]).trim_end();
        Self { source: Arc::clone(&self.source), start: self.start, end: self.start + small(line.len()) }
    }

    /// Where it begins.
    pub fn position(&self) -> Position {
        let line = self.source.line_of(self.start());
        let before = self.source.text.get(self.source.line_start(line)..self.start()).unwrap_or_default();
        Position { line: line + 1, column: before.chars().count() + 1 }
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

    #[test]
    fn what_is_hidden_is_not_shown_and_moves_nothing() {
        let source = Source::new("a.yaml", "a: hünter2 # b\nc: d\n");
        let at = source.text().find('h').unwrap();
        Span::new(&source, at, at + "hünter2".len()).hide();
        assert_eq!(source.shown(0, source.text().len()), "a: ******** # b\nc: d");
        assert_eq!(source.shown(source.line_start(1), source.text().len()), "c: d");
    }

    #[test]
    fn the_first_line_of_a_block_is_what_a_label_marks() {
        let source = Source::new("a.yaml", "a: 1 \r\nb: 2\n");
        assert_eq!(Span::new(&source, 0, 12).first_line().text(), "a: 1");
        assert_eq!(Span::new(&source, 0, 1).first_line().text(), "a");
    }
}
