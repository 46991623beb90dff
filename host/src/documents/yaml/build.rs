//! From the parser's events to the tree.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::marks::Marks;
use super::merge;
use super::scalar::{self, Refused};
use super::{Entry, Kind, MAX_DEPTH, MAX_NODES, Node, syntax};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Source, Span};

/// An error after which nothing more can be read.
type Fatal = Box<Diagnostic>;

pub(super) fn build(source: &Arc<Source>) -> (Option<Node>, Vec<Diagnostic>) {
    let marks = Marks::new(source);
    let mut builder = Builder::default();
    match builder.run(&marks) {
        Ok(()) => (builder.root, builder.problems),
        Err(fatal) => {
            builder.problems.push(*fatal);
            (None, builder.problems)
        }
    }
}

/// A collection that is not closed yet. What it holds so far lies on top of the builder's `items` or `entries`.
struct Open {
    start: usize,
    anchor: usize,
    /// What had been used up when it began.
    used: usize,
    /// Height of its highest child.
    height: usize,
    content: Content,
}

enum Content {
    /// How many items there were before it.
    Seq(usize),
    /// How many entries there were before it.
    Map { first: usize, key: Key, merges: Vec<(Span, Node)> },
}

/// What the next node in a mapping is.
enum Key {
    /// A key.
    Wanted,
    /// The value of this key.
    Read(String, Span),
    /// The value of a `<<`.
    Merge(Span),
    /// The value of a key that was refused.
    Bad,
}

/// A finished node that an alias may stand for.
struct Anchored {
    node: Node,
    used: usize,
    height: usize,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    /// The items of all open lists, and the entries of all open mappings: each is moved out once, when it is closed, into
    /// a vector of its size.
    items: Vec<Node>,
    entries: Vec<Entry>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    documents: usize,
    used: usize,
    /// Where the last node ended; a block's end event comes only at what follows, behind comments.
    last_end: usize,
    problems: Vec<Diagnostic>,
}

impl Builder {
    fn run(&mut self, marks: &Marks<'_>) -> Result<(), Fatal> {
        for event in Parser::new_from_str(marks.text()) {
            let (event, span) = event.map_err(|error| Box::new(self.broken(syntax::explain(&error, marks), marks)))?;
            let (start, end) = (span.start.index(), span.end.index());
            if start < end && !matches!(event, Event::DocumentStart(_) | Event::DocumentEnd) {
                self.last_end = end;
            }
            match event {
                Event::DocumentStart(_) => {
                    self.documents += 1;
                    if self.documents > 1 {
                        return Err(Box::new(several_documents(marks.span(start, end))));
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let span = marks.span(start, end);
                    let plain = style == ScalarStyle::Plain;
                    let is_merge = plain && tag.is_none() && text == "<<";
                    // Copied, not kept: the parser's texts have room for 128 bytes, and there are thousands.
                    let kind = match scalar::resolve(&text, plain, tag.as_deref()) {
                        Ok(kind) => kind,
                        Err(refused) => self.refuse(refused, &text, tag.as_deref(), &span),
                    };
                    self.spend(1 + text.len() / 16, &span)?;
                    self.finish(Node { kind, span }, anchor, self.used - 1 - text.len() / 16, 0, is_merge)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.open(start, anchor, tag.as_deref(), "seq", Content::Seq(self.items.len()), marks)?;
                }
                Event::MappingStart(anchor, tag) => {
                    let content = Content::Map { first: self.entries.len(), key: Key::Wanted, merges: Vec::new() };
                    self.open(start, anchor, tag.as_deref(), "map", content, marks)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(marks)?,
                Event::Alias(id) => self.alias(id, marks.span(start, end))?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    /// A syntax error, with what it may come from: a bracket that is still open.
    fn broken(&mut self, error: Diagnostic, marks: &Marks<'_>) -> Diagnostic {
        let line = error.labels.first().map(|label| label.span.position().line);
        // `{{ x }}/y` is both a key that is no text and a syntax error.
        self.problems.retain(|problem| problem.labels.first().map(|label| label.span.position().line) != line);
        let bracket = self.stack.last().map(|open| marks.at(open.start)).filter(|at| matches!(at.text(), "[" | "{"));
        match bracket {
            Some(bracket) => error.labelled(bracket, "still open"),
            None => error,
        }
    }

    fn open(
        &mut self,
        start: usize,
        anchor: usize,
        tag: Option<&Tag>,
        own_tag: &str,
        content: Content,
        marks: &Marks<'_>,
    ) -> Result<(), Fatal> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Box::new(too_deep(marks.at(start))));
        }
        if let Some(tag) = tag.filter(|tag| scalar::core_tag(tag) != Some(own_tag)) {
            self.problems.push(unknown_tag(tag, marks.at(start)));
        }
        self.spend(1, &marks.at(start))?;
        self.stack.push(Open { start, anchor, used: self.used - 1, height: 0, content });
        Ok(())
    }

    fn close(&mut self, marks: &Marks<'_>) -> Result<(), Fatal> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let span = trimmed(&marks.span(open.start, self.last_end));
        let kind = match open.content {
            Content::Seq(first) => Kind::Seq(self.items.split_off(first)),
            Content::Map { first, merges, .. } => {
                Kind::Map(merge::close_mapping(self.entries.split_off(first), merges, &mut self.problems))
            }
        };
        self.finish(Node { kind, span }, open.anchor, open.used, open.height + 1, false)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Fatal> {
        let Some(anchored) = self.anchors.get(&id) else { return Err(Box::new(own_alias(span))) };
        let (cost, height) = (anchored.used, anchored.height);
        if self.stack.len() + height > MAX_DEPTH {
            return Err(Box::new(too_deep(span)));
        }
        let before = self.used;
        // Paid for before it is copied: this is what stops a bomb.
        self.used = before.saturating_add(cost);
        self.check_budget(&span)?;
        let Some(node) = self.anchors.get(&id).map(|anchored| Node { kind: anchored.node.kind.clone(), span }) else {
            return Ok(());
        };
        self.finish(node, 0, before, height, false)
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, node: Node, anchor: usize, used: usize, height: usize, is_merge: bool) -> Result<(), Fatal> {
        if anchor != 0 {
            let cost = self.used - used;
            // The copy that is kept counts too: anchors nest.
            self.spend(cost, &node.span)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), used: cost, height });
        }
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.height = open.height.max(height);
        match &mut open.content {
            Content::Seq(_) => self.items.push(node),
            Content::Map { key, merges, .. } => match std::mem::replace(key, Key::Wanted) {
                Key::Wanted => *key = read_key(node, is_merge, &mut self.problems),
                Key::Read(name, key_span) => {
                    let mut value = node;
                    // Nothing stands where an absent value is: mark its key.
                    if value.span.start() == value.span.end() {
                        value.span = key_span.clone();
                    }
                    self.entries.push(Entry { key: name, key_span, value });
                }
                Key::Merge(key_span) => merges.push((key_span, node)),
                Key::Bad => {}
            },
        }
        Ok(())
    }

    fn spend(&mut self, units: usize, span: &Span) -> Result<(), Fatal> {
        self.used = self.used.saturating_add(units);
        self.check_budget(span)
    }

    fn check_budget(&self, span: &Span) -> Result<(), Fatal> {
        if self.used <= MAX_NODES {
            return Ok(());
        }
        Err(Box::new(
            Diagnostic::error(
                &codes::TOO_LARGE,
                format!("the document has more than {MAX_NODES} values, counting each alias as all that it stands for"),
                "use fewer aliases, or split the document",
            )
            .labelled(span.clone(), "reading stopped here"),
        ))
    }

    fn refuse(&mut self, refused: Refused, text: &str, tag: Option<&Tag>, span: &Span) -> Kind {
        let number = |message: &str| {
            Diagnostic::error(
                &codes::NUMBER,
                message.to_owned(),
                // Not shown: it may be a password of digits.
                "put it in quotes if it is meant as text",
            )
            .at(span.clone())
        };
        self.problems.push(match (refused, tag) {
            (Refused::TooLarge, _) => number("the number does not fit in 64 bits"),
            (Refused::NotFinite, _) => number("infinity and not-a-number are not allowed"),
            (Refused::TagValue, Some(tag)) => Diagnostic::error(
                &codes::TAG,
                format!("the value does not fit its tag `!!{}`", tag.suffix),
                "remove the tag or correct the value",
            )
            .at(span.clone()),
            (_, Some(tag)) => unknown_tag(tag, span.clone()),
            (_, None) => number("the value cannot be read"),
        });
        Kind::Str(text.to_owned())
    }
}

fn read_key(node: Node, is_merge: bool, problems: &mut Vec<Diagnostic>) -> Key {
    match node.kind {
        _ if is_merge => Key::Merge(node.span),
        Kind::Str(text) => Key::Read(text, node.span),
        _ => {
            problems.push(syntax::key_is_no_text(&node));
            Key::Bad
        }
    }
}

/// Without what follows the last character: a block scalar takes its line breaks along.
fn trimmed(span: &Span) -> Span {
    let text = span.text().trim_end();
    Span::new(span.source(), span.start(), span.start() + text.len())
}

fn several_documents(span: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::SEVERAL_DOCUMENTS,
        "the file holds more than one YAML document",
        "keep one document a file: remove the `---` and what follows, or move it to a file of its own",
    )
    .labelled(span, "the second document begins here")
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::TOO_DEEP,
        format!("values are nested more than {MAX_DEPTH} deep"),
        "flatten the document; no setting of floe or of a plugin needs that",
    )
    .labelled(span, "reading stopped here")
}

fn own_alias(span: Span) -> Diagnostic {
    Diagnostic::error(
        &codes::SYNTAX,
        "an alias stands inside of the value that it stands for",
        "write the value out in place of the alias",
    )
    .at(span)
}

fn unknown_tag(tag: &Tag, span: Span) -> Diagnostic {
    let name = scalar::core_tag(tag).map_or_else(|| tag.to_string(), |name| format!("!!{name}"));
    Diagnostic::error(
        &codes::TAG,
        format!("the tag `{name}` is not known here"),
        "remove it; for a secret write `{secret: {source: env, name: NAME}}` or `\"{{ env_var('NAME') }}\"`",
    )
    .at(span)
}
