//! Everything that one command has to say: sorted, once each, counted.

use std::cmp::Ordering;
use std::fmt;

use super::Diagnostic;

/// The diagnostics of one command, in the order in which they are shown.
#[derive(Debug, Clone, Default)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Sorts by file and place and drops what is said twice.
    pub fn new(mut diagnostics: Vec<Diagnostic>) -> Self {
        super::sort(&mut diagnostics);
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
        for diagnostic in diagnostics {
            // Equal ones have equal places, so they stand in one run of the sorted list; those without a place at its end.
            let same_place = kept.iter().rev().take_while(|other| places(other, &diagnostic) == Ordering::Equal);
            if !same_place.into_iter().any(|other| *other == diagnostic) {
                kept.push(diagnostic);
            }
        }
        Self { diagnostics: kept }
    }

    /// Them all, errors and warnings, in order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// How many make the command fail.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    /// How many do not.
    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }

    /// Whether the command fails.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The count in words: `2 errors, 1 warning`; empty where there is nothing to count.
    pub fn summary(&self) -> String {
        let word = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        [word(self.errors(), "error"), word(self.warnings(), "warning")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl From<Vec<Diagnostic>> for Report {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self::new(diagnostics)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())
    }
}

/// The order of two diagnostics: by file and place; what has no place comes last.
pub(super) fn places(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    match (a.labels.first(), b.labels.first()) {
        (Some(a), Some(b)) => {
            let (a, b) = (&a.span, &b.span);
            a.source().path().cmp(b.source().path()).then(a.start().cmp(&b.start()))
        }
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}
