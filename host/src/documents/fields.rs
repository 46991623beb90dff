//! Takes a mapping apart, key by key, and reports everything that is wrong with it.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::spanned::Spanned;
use super::yaml::{Entry, Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span, did_you_mean, listed, meant_or_listed};

/// What has been found wrong so far.
pub(crate) type Problems = Vec<Diagnostic>;

/// What a mapping may hold.
pub(crate) struct Shape {
    /// What it is, for "unknown key `x` in …".
    pub(crate) what: &'static str,
    /// The keys that are read.
    pub(crate) keys: &'static [&'static str],
    /// Keys of other parts of the platform, which pass through.
    pub(crate) elsewhere: &'static [&'static str],
    /// Whether keys that begin with `x-` are the user's own.
    pub(crate) extensions: bool,
}

impl Shape {
    /// A mapping that holds these keys and nothing else.
    pub(crate) const fn closed(what: &'static str, keys: &'static [&'static str]) -> Self {
        Self { what, keys, elsewhere: &[], extensions: false }
    }
}

/// A mapping that is being taken apart.
pub(crate) struct Fields {
    shape: &'static Shape,
    entries: Vec<Entry>,
    /// Keys that unknown ones were most likely meant to be: they are not missing too.
    meant: Vec<&'static str>,
    /// Where the mapping stands.
    pub(crate) span: Span,
    /// What passes through.
    pub(crate) elsewhere: Vec<Entry>,
}

impl Fields {
    /// Begins with a node; unknown keys are reported at once. `None` where it is no mapping.
    pub(crate) fn open(node: Node, shape: &'static Shape, problems: &mut Problems) -> Option<Self> {
        Self::open_with(node, shape, problems, |_| None)
    }

    /// As [`Fields::open`], where some unknown keys deserve an error of their own.
    pub(crate) fn open_with(
        node: Node,
        shape: &'static Shape,
        problems: &mut Problems,
        special: impl Fn(&Entry) -> Option<Diagnostic>,
    ) -> Option<Self> {
        let Kind::Map(mut entries) = node.kind else {
            let help = format!("write its keys: {}", listed(shape.keys.iter().copied()));
            problems.push(wrong_type(shape.what, "a mapping", &node, help));
            return None;
        };
        let (mut meant, mut elsewhere) = (Vec::new(), Vec::new());
        // What is read stays where it is: that is nearly all of it.
        for entry in entries.extract_if(.., |entry| !shape.keys.contains(&entry.key.as_str())) {
            let key = entry.key.as_str();
            if shape.elsewhere.contains(&key) {
                elsewhere.push(entry);
            } else if !(shape.extensions && key.starts_with("x-")) {
                let near = did_you_mean(key, shape.keys.iter().chain(shape.elsewhere).copied());
                meant.extend(near);
                problems.push(special(&entry).unwrap_or_else(|| unknown_key(&entry, shape, near)));
            }
        }
        Some(Self { shape, entries, meant, span: node.span, elsewhere })
    }

    /// A key with its value, if it is there.
    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(index))
    }

    /// Whether a key is there and was not taken yet.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// Whether an unknown key was most likely meant to be this one.
    pub(crate) fn is_meant(&self, key: &str) -> bool {
        self.meant.contains(&key)
    }

    /// Where the value of a key stands that was not taken yet.
    pub(crate) fn value_span(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.span.clone())
    }

    /// A key that must be there; `example` is how it is written.
    pub(crate) fn require(&mut self, key: &str, example: &str, problems: &mut Problems) -> Option<Entry> {
        let entry = self.take(key);
        if entry.is_none() && !self.is_meant(key) {
            problems.push(
                Diagnostic::error(
                    &codes::MISSING_KEY,
                    format!("`{key}` is missing in {}", self.shape.what),
                    format!("add `{example}`"),
                )
                .labelled(self.span.clone(), "here"),
            );
        }
        entry
    }

    /// A key that must be there unless the mapping is a part of one that is completed elsewhere.
    pub(crate) fn require_unless(
        &mut self,
        is_part: bool,
        key: &str,
        example: &str,
        problems: &mut Problems,
    ) -> Option<Entry> {
        if is_part { self.take(key) } else { self.require(key, example, problems) }
    }

    /// Text that is not empty.
    pub(crate) fn text(&mut self, key: &str, problems: &mut Problems) -> Option<Spanned<String>> {
        self.take(key).and_then(|entry| text(entry, problems))
    }

    /// Text that must be there and is not empty.
    pub(crate) fn required_text(
        &mut self,
        key: &str,
        example: &str,
        problems: &mut Problems,
    ) -> Option<Spanned<String>> {
        self.require(key, example, problems).and_then(|entry| text(entry, problems))
    }

    /// A whole number of a range.
    pub(crate) fn number<T>(
        &mut self,
        key: &str,
        range: RangeInclusive<T>,
        problems: &mut Problems,
    ) -> Option<Spanned<T>>
    where
        T: TryFrom<i64> + PartialOrd + Display + Copy,
    {
        self.take(key).and_then(|entry| number(&entry, range, problems))
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, key: &str, problems: &mut Problems) -> Option<Spanned<bool>> {
        let entry = self.take(key)?;
        if let Kind::Bool(value) = entry.value.kind {
            return Some(Spanned::new(value, entry.value.span));
        }
        let help = format!("write `{key}: true` or `{key}: false`");
        problems.push(wrong_type(&format!("`{key}`"), "true or false", &entry.value, help));
        None
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &mut self,
        key: &str,
        words: &[(&str, T)],
        problems: &mut Problems,
    ) -> Option<Spanned<T>> {
        let found = self.text(key, problems)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == found.value) {
            return Some(Spanned::new(*value, found.span));
        }
        problems.push(wrong_word(key, &found, words.iter().map(|(word, _)| *word)));
        None
    }

    /// A list.
    pub(crate) fn list(&mut self, key: &str, problems: &mut Problems) -> Option<Spanned<Vec<Node>>> {
        let entry = self.take(key)?;
        list(entry, problems)
    }

    /// A list of texts that are not empty.
    pub(crate) fn texts(&mut self, key: &str, problems: &mut Problems) -> Vec<Spanned<String>> {
        let items = self.list(key, problems).map_or_else(Vec::new, |list| list.value);
        items.into_iter().filter_map(|item| text_node(item, || format!("an entry of `{key}`"), problems)).collect()
    }
}

/// A value that must be text and not empty.
pub(crate) fn text(entry: Entry, problems: &mut Problems) -> Option<Spanned<String>> {
    let Entry { key, value, .. } = entry;
    text_node(value, || format!("`{key}`"), problems)
}

/// A value that must be text, and may be empty.
pub(crate) fn text_or_empty(entry: Entry, problems: &mut Problems) -> Option<Spanned<String>> {
    match entry.value.kind {
        Kind::Str(value) if value.is_empty() => Some(Spanned::new(value, entry.value.span)),
        kind => text(Entry { value: Node { kind, span: entry.value.span }, ..entry }, problems),
    }
}

/// `what` names it in errors: nothing is put together for one that does not come.
fn text_node(node: Node, what: impl FnOnce() -> String, problems: &mut Problems) -> Option<Spanned<String>> {
    let help = match node.kind {
        Kind::Str(value) => return not_empty(Spanned::new(value, node.span), what, problems),
        Kind::Null => "write the value, or remove the key".to_owned(),
        Kind::Map(_) if node.span.text().starts_with('{') && node.span.text().ends_with('}') => {
            format!("if it is meant as text, put it in quotes: \"{}\"", node.span.first_line().text())
        }
        Kind::Map(_) | Kind::Seq(_) => "write one text".to_owned(),
        _ => format!("put it in quotes: \"{}\"", node.span.text()),
    };
    problems.push(wrong_type(&what(), "text", &node, help));
    None
}

fn not_empty(text: Spanned<String>, what: impl FnOnce() -> String, problems: &mut Problems) -> Option<Spanned<String>> {
    if !text.trim().is_empty() {
        return Some(text);
    }
    problems.push(
        Diagnostic::error(&codes::EMPTY, format!("{} is empty", what()), "write the value, or remove the key")
            .at(text.span),
    );
    None
}

/// A value that must be a whole number of a range.
pub(crate) fn number<T>(entry: &Entry, range: RangeInclusive<T>, problems: &mut Problems) -> Option<Spanned<T>>
where
    T: TryFrom<i64> + PartialOrd + Display + Copy,
{
    let (key, span) = (&entry.key, &entry.value.span);
    let Kind::Int(value) = entry.value.kind else {
        let help = format!("write a number from {} to {}, without quotes", range.start(), range.end());
        problems.push(wrong_type(&format!("`{key}`"), "a whole number", &entry.value, help));
        return None;
    };
    match T::try_from(value) {
        Ok(number) if range.contains(&number) => Some(Spanned::new(number, span.clone())),
        _ => {
            let (low, high) = (range.start(), range.end());
            problems.push(
                Diagnostic::error(
                    &codes::OUT_OF_RANGE,
                    format!("`{key}` is {value}, which is out of its range"),
                    format!("use a number from {low} to {high}"),
                )
                .at(span.clone()),
            );
            None
        }
    }
}

/// A value that must be a list.
pub(crate) fn list(entry: Entry, problems: &mut Problems) -> Option<Spanned<Vec<Node>>> {
    if let Kind::Seq(items) = entry.value.kind {
        return Some(Spanned::new(items, entry.value.span));
    }
    let help = match entry.value.kind {
        Kind::Null => "add its entries, each behind `- `, or remove the key".to_owned(),
        Kind::Map(_) => "begin each entry with `- `".to_owned(),
        _ => format!("write `{}: [{}]`", entry.key, entry.value.span.first_line().text()),
    };
    problems.push(wrong_type(&format!("`{}`", entry.key), "a list", &entry.value, help));
    None
}

/// A value that must be a mapping with keys of the user's own choice.
pub(crate) fn mapping(entry: Entry, problems: &mut Problems) -> Option<Spanned<Vec<Entry>>> {
    if let Kind::Map(entries) = entry.value.kind {
        return Some(Spanned::new(entries, entry.value.span));
    }
    let help = match entry.value.kind {
        Kind::Null => "add its keys, or remove it",
        _ => "write `key: value` lines, indented below it",
    };
    problems.push(wrong_type(&format!("`{}`", entry.key), "a mapping", &entry.value, help));
    None
}

/// The error for a value of the wrong type. `what` is named as it stands in the message.
pub(crate) fn wrong_type(what: &str, expected: &str, found: &Node, help: impl Into<String>) -> Diagnostic {
    let found_text = found.described();
    Diagnostic::error(&codes::WRONG_TYPE, format!("{what} must be {expected}, and is {found_text}"), help)
        .at(found.span.clone())
}

fn unknown_key(entry: &Entry, shape: &Shape, meant: Option<&str>) -> Diagnostic {
    let error = |help: String| {
        Diagnostic::error(&codes::UNKNOWN_KEY, format!("unknown key `{}` in {}", entry.key, shape.what), help)
            .at(entry.key_span.clone())
    };
    let allowed = listed(shape.keys.iter().copied());
    match meant {
        Some(word) => error(format!("did you mean `{word}`? allowed are {allowed}")),
        None => error(format!("remove it; allowed are {allowed}")),
    }
}

/// The error for a word that is none of the allowed ones.
pub(crate) fn wrong_word<'a>(
    key: &str,
    found: &Spanned<String>,
    allowed: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let help = meant_or_listed(found, allowed, "allowed are");
    Diagnostic::error(&codes::WRONG_WORD, format!("`{key}` cannot be `{}`", found.value), help).at(found.span.clone())
}
