//! Diagnostics as people read them, in rustc's well-known layout: title, place, the line, what is there, help.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Label, Position, Report, Severity};

/// Most bytes of a file that the renderer is handed for one diagnostic.
const MOST_SHOWN: usize = 16 << 10;

/// How text is shown. The default is what a file or a pipe gets: no colour, plain ASCII frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextStyle {
    /// Whether to colour; the caller has looked at `NO_COLOR` and at whether it writes to a terminal.
    pub colour: bool,
    /// Columns; longer source lines are cut around what is marked.
    pub width: usize,
}

impl Default for TextStyle {
    fn default() -> Self {
        Self { colour: false, width: 140 }
    }
}

impl Report {
    /// The diagnostics as text, an empty line between them, and the count at the end; empty where there is none.
    ///
    /// An error of a compute ends in the command's correlation id, which its log lines carry too.
    pub fn to_text(&self, style: TextStyle, correlation_id: &str) -> String {
        let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.max(40));
        let mut text = String::new();
        for diagnostic in self.diagnostics() {
            text.push_str(&one(diagnostic, &renderer, correlation_id));
            text.push_str("\n\n");
        }
        if !self.is_empty() {
            let _ = writeln!(text, "{}", self.summary());
        }
        text
    }
}

impl Diagnostic {
    /// This one alone as text, without colour.
    pub fn to_text(&self, correlation_id: &str) -> String {
        one(self, &Renderer::plain().decor_style(DecorStyle::Ascii), correlation_id)
    }
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer, correlation_id: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(clean(&diagnostic.message)).id(diagnostic.code.id).elements(
        files(&diagnostic.labels).into_iter().enumerate().flat_map(|(index, labels)| elements(&labels, index == 0)),
    );
    if !diagnostic.help.is_empty() {
        group = group.element(Level::HELP.message(clean(&diagnostic.help)));
    }
    if diagnostic.kind.is_some() || diagnostic.compute.is_some() {
        group = group.element(Level::NOTE.with_name("correlation id").message(clean(correlation_id)));
    }
    renderer.render(&[group])
}

/// The labels of each file, the file of the first label first.
fn files(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut files: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let same = |file: &&mut Vec<&Label>| {
            file.first().is_some_and(|first| Arc::ptr_eq(first.span.source(), label.span.source()))
        };
        match files.iter_mut().find(same) {
            Some(file) => file.push(label),
            None => files.push(vec![label]),
        }
    }
    files
}

/// The labels of one file: in one piece where they are near to each other, else each by itself, and of a line that is longer
/// than anybody reads the place alone.
fn elements<'a>(labels: &[&'a Label], has_primary: bool) -> Vec<Element<'a>> {
    if let Some(snippet) = snippet(labels, has_primary) {
        return vec![snippet.into()];
    }
    let each = labels.iter().enumerate().map(|(index, label)| match snippet(&[label], has_primary && index == 0) {
        Some(snippet) => Element::from(snippet),
        None => place(label).into(),
    });
    each.collect()
}

fn place(label: &Label) -> Origin<'_> {
    let Position { line, column } = label.span.position();
    Origin::path(clean(label.span.source().path().as_str())).line(line).char_column(column)
}

/// The lines of one file that carry labels; `None` where they are too many. Only these are handed over: the renderer reads all
/// of its text.
fn snippet<'a>(labels: &[&'a Label], has_primary: bool) -> Option<Snippet<'a, Annotation<'a>>> {
    let source = labels.first()?.span.source();
    let lines = labels.iter().map(|label| source.line_of(label.span.start()));
    let (first, last) = (lines.clone().min()?, lines.max()?);
    let (from, to) = (source.line_start(first), source.line_start(last + 1));
    if to - from > MOST_SHOWN {
        return None;
    }
    let text = source.shown(from, to);
    let annotations = labels.iter().enumerate().map(|(index, label)| {
        let span = label.span.first_line();
        let kind = if index == 0 && has_primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let start = (span.start() - from).min(text.len());
        let end = (span.end().max(span.start() + 1) - from).clamp(start, text.len());
        let end = text.ceil_char_boundary(end);
        kind.span(start..end).label(label.text.as_deref().map(clean))
    });
    let annotations: Vec<_> = annotations.collect();
    Some(Snippet::source(text).path(clean(source.path().as_str())).line_start(first + 1).annotations(annotations))
}

/// Without control characters: a key in a document must not be able to steer the terminal.
fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c.is_control() && c != '\n') {
        text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::{Code, Source, Span};
    use floe_plugin_api::ErrorKind;

    static CODE: Code = Code { id: "F9999", title: "A test", explanation: "" };

    fn span(source: &Arc<Source>, text: &str) -> Span {
        let at = source.text().find(text).unwrap();
        Span::new(source, at, at + text.len())
    }

    #[test]
    fn an_error_shows_code_place_line_label_and_help() {
        let source = Source::new("conf/manifest.yaml", "plugins:\n  compute:\n    aproved: [duckdb]\n");
        let error = Diagnostic::error(&CODE, "unknown key `aproved`", "did you mean `approved`?")
            .labelled(span(&source, "aproved"), "no such key");
        insta::assert_snapshot!(error.to_text("id"), @"
        error[F9999]: unknown key `aproved`
         --> conf/manifest.yaml:3:5
          |
        3 |     aproved: [duckdb]
          |     ^^^^^^^ no such key
          |
          = help: did you mean `approved`?
        ");
    }

    #[test]
    fn labels_in_two_files_blocks_and_wide_characters_are_shown() {
        let child = Source::new("domain.yaml", "a: 1\nä: {b: c,\n  d: e}\n");
        let parent = Source::new("enterprise.yaml", "approved: [duckdb]\n");
        let error = Diagnostic::error(&CODE, "no", "ask the platform team")
            .labelled(span(&child, "{b: c,\n  d: e}"), "here")
            .labelled(span(&child, "a"), "and here")
            .labelled(span(&parent, "[duckdb]"), "approved here");
        insta::assert_snapshot!(error.to_text("id"), @"
        error[F9999]: no
         --> domain.yaml:2:4
          |
        1 | a: 1
          | - and here
        2 | ä: {b: c,
          |    ^^^^^^ here
          |
         ::: enterprise.yaml:1:11
          |
        1 | approved: [duckdb]
          |           -------- approved here
          |
          = help: ask the platform team
        ");
    }

    #[test]
    fn an_error_of_a_compute_ends_in_the_correlation_id() {
        let error =
            Diagnostic::error(&CODE, "refused", "start the server").of_kind(ErrorKind::Connection).for_compute("spark");
        insta::assert_snapshot!(error.to_text("7f3b"), @"
        error[F9999]: refused
         |
         = help: start the server
         = correlation id: 7f3b
        ");
    }

    #[test]
    fn a_report_ends_in_the_count_and_says_nothing_twice() {
        let source = Source::new("m.yaml", "a: 1\n");
        let error = Diagnostic::error(&CODE, "one", "mend").at(span(&source, "a"));
        let report = Report::new(vec![
            Diagnostic::warning(&CODE, "two", "mend"),
            error.clone(),
            Diagnostic::error(&CODE, "other", "mend").at(span(&source, "a")),
            error,
        ]);
        insta::assert_snapshot!(report.to_text(TextStyle::default(), "id"), @"
        error[F9999]: one
         --> m.yaml:1:1
          |
        1 | a: 1
          | ^
          |
          = help: mend

        error[F9999]: other
         --> m.yaml:1:1
          |
        1 | a: 1
          | ^
          |
          = help: mend

        warning[F9999]: two
         |
         = help: mend

        2 errors, 1 warning
        ");
        assert_eq!(Report::default().to_text(TextStyle::default(), "id"), "");
    }

    #[test]
    fn colour_is_only_where_asked_for_and_documents_cannot_steer_the_terminal() {
        let source = Source::new("m.yaml", "a\u{1b}[31m: 1\n");
        let error = Diagnostic::error(&CODE, "key `a\u{1b}[31m`", "mend").at(span(&source, "a"));
        assert!(!error.to_text("id").contains('\u{1b}'), "{:?}", error.to_text("id"));
        let report = Report::new(vec![error]);
        assert!(report.to_text(TextStyle { colour: true, width: 80 }, "id").contains("\u{1b}["));
    }

    #[test]
    fn an_end_of_file_a_nul_and_a_long_line_can_be_marked() {
        for text in ["", "\n", "a", "a\r\n", "ä", &"x".repeat(100_000)] {
            let source = Source::new("m.yaml", text);
            for start in [0, 1, text.len()] {
                let error = Diagnostic::error(&CODE, "m", "h").at(Span::new(&source, start, start));
                assert!(error.to_text("id").len() < 1000, "{text:?}");
            }
        }
    }
}
