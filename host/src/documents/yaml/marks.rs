//! The parser counts characters; places are in bytes.

use std::sync::Arc;

use crate::diagnostics::{Source, Span};

/// Every so many characters the byte offset is kept.
const STEP: usize = 64;

/// Turns the parser's marks into spans of a file.
pub(super) struct Marks<'s> {
    source: &'s Arc<Source>,
    /// Bytes before the text that the parser sees: a byte order mark.
    offset: usize,
    /// Byte offsets of each 64th character; empty for plain ASCII, where both counts are the same.
    checkpoints: Vec<usize>,
}

impl<'s> Marks<'s> {
    pub(super) fn new(source: &'s Arc<Source>) -> Self {
        let offset = if source.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let text = &source.text()[offset..];
        let checkpoints = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STEP).map(|(byte, _)| byte).collect()
        };
        Self { source, offset, checkpoints }
    }

    pub(super) fn text(&self) -> &'s str {
        &self.source.text()[self.offset..]
    }

    fn byte(&self, character: usize) -> usize {
        let text = self.text();
        if self.checkpoints.is_empty() {
            return self.offset + character.min(text.len());
        }
        let from = self.checkpoints.get(character / STEP).copied().unwrap_or(text.len());
        let within = text[from..].char_indices().nth(character % STEP).map_or(text.len() - from, |(byte, _)| byte);
        self.offset + from + within
    }

    /// The span between two marks, counted in characters.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.byte(start), self.byte(end))
    }

    /// The one character at a mark.
    pub(super) fn at(&self, mark: usize) -> Span {
        self.span(mark, mark + 1)
    }
}
