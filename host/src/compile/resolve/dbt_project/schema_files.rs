//! What dbt's YAML files say that changes what there is: versions of models, and snapshots without a file of their own.

use std::ops::Range;
use std::sync::Arc;

use super::target_name::{Comparison, comparisons};
use crate::diagnostics::{Source, Span};
use crate::documents::yaml::{self, Kind, Node};

/// A model with versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Versions {
    /// Its name.
    pub(super) model: String,
    /// Each version, and the name of its file without extension.
    pub(super) files: Vec<(String, String)>,
    /// The version that a file of the plain name is.
    pub(super) latest: Option<String>,
}

/// The tree of a YAML file, as far as it can be read; what is wrong with it is for dbt to say.
pub(super) fn parse(source: &Arc<Source>) -> Option<Node> {
    yaml::parse(source).0
}

/// Names of snapshots that are made in YAML alone.
pub(super) fn snapshots(file: &Node) -> Vec<String> {
    let entries = file.get("snapshots").and_then(Node::as_seq).unwrap_or_default();
    let own = entries.iter().filter(|entry| entry.get("relation").is_some());
    own.filter_map(|entry| entry.get("name")?.as_str()).map(str::to_owned).collect()
}

/// Models with versions.
pub(super) fn versions(file: &Node) -> Vec<Versions> {
    let models = file.get("models").and_then(Node::as_seq).unwrap_or_default();
    models.iter().filter_map(of_model).collect()
}

fn of_model(model: &Node) -> Option<Versions> {
    let name = model.get("name")?.as_str()?;
    let versions = model.get("versions")?.as_seq()?;
    let files = versions.iter().filter_map(|version| {
        let number = number(version.get("v")?)?;
        let file = version.get("defined_in").and_then(Node::as_str);
        let file = file.map_or_else(|| format!("{name}_v{number}"), str::to_owned);
        Some((number, file))
    });
    let files: Vec<(String, String)> = files.collect();
    let latest = model.get("latest_version").and_then(number).or_else(|| highest(&files));
    Some(Versions { model: name.to_owned(), files, latest })
}

fn number(version: &Node) -> Option<String> {
    match &version.kind {
        Kind::Int(number) => Some(number.to_string()),
        Kind::Float(number) => Some(number.to_string()),
        Kind::Str(text) => Some(text.clone()),
        _ => None,
    }
}

/// By number where all are numbers, else by text, as dbt orders them.
fn highest(files: &[(String, String)]) -> Option<String> {
    let numbers: Option<Vec<f64>> = files.iter().map(|(version, _)| version.parse().ok()).collect();
    let at = match numbers {
        Some(numbers) => (0..numbers.len()).max_by(|a, b| numbers[*a].total_cmp(&numbers[*b])),
        None => (0..files.len()).max_by_key(|at| &files[*at].0),
    };
    at.map(|at| files[at].0.clone())
}

/// Comparisons of `target.name` in all texts of a file: YAML's comments are none of them.
pub(super) fn comparisons_in(file: &Node) -> Vec<Comparison> {
    let mut found = Vec::new();
    let mut open = vec![file];
    while let Some(node) = open.pop() {
        match &node.kind {
            Kind::Str(text) if text.contains("target") => in_text(&node.span, &mut found),
            Kind::Seq(items) => open.extend(items),
            Kind::Map(entries) => open.extend(entries.iter().map(|entry| &entry.value)),
            _ => {}
        }
    }
    // An anchor's text is met again at each alias.
    found.sort_by_key(|one| (one.range.start, one.range.end));
    found.dedup();
    found
}

/// Comparisons in one text as it is written, with its places in the file.
fn in_text(span: &Span, found: &mut Vec<Comparison>) {
    let (text, places) = unquoted(span.text());
    let place = |at: usize| span.start() + places.as_ref().map_or(at, |places| places.get(at).copied().unwrap_or(at));
    found.extend(comparisons(&text).into_iter().map(|one| {
        let Range { start, end } = one.range;
        Comparison { range: place(start)..place(end), ..one }
    }));
}

/// The text without the escapes that YAML needs for quotes, and where each of its bytes was.
fn unquoted(written: &str) -> (String, Option<Vec<usize>>) {
    let (quote, escape) = match written.as_bytes().first() {
        Some(b'"') => ('"', '\\'),
        Some(b'\'') => ('\'', '\''),
        Some(b'|' | b'>') => return (written.to_owned(), None),
        // The parser counts a comment behind a text to it.
        _ => return (written.split(" #").next().unwrap_or(written).to_owned(), None),
    };
    let mut text = String::with_capacity(written.len());
    let mut places = Vec::with_capacity(written.len() + 1);
    let mut characters = written.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        let c = match characters.peek() {
            Some(&(_, next @ ('"' | '\\' | '\''))) if c == escape && (escape == '\\' || next == '\'') => {
                characters.next();
                next
            }
            Some(&(_, 'n' | 't' | 'r')) if c == '\\' && escape == '\\' => {
                characters.next();
                ' '
            }
            _ if c == quote => break,
            _ => c,
        };
        text.push(c);
        places.resize(text.len(), at);
    }
    places.push(written.len());
    (text, Some(places))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Node {
        parse(&Source::new("models/schema.yml", text)).unwrap()
    }

    #[test]
    fn versions_know_their_files() {
        let file = file(
            "models:\n  - name: orders\n    versions: [{v: 1}, {v: 10, defined_in: newest}, {v: 2}]\n  - name: plain\n  \
             - name: words\n    latest_version: beta\n    versions: [{v: beta}, {v: gamma}]\n",
        );
        let versions = versions(&file);
        let files: Vec<_> = versions[0].files.iter().map(|(version, file)| format!("{version} {file}")).collect();
        assert_eq!(files, ["1 orders_v1", "10 newest", "2 orders_v2"]);
        assert_eq!((versions.len(), versions[0].latest.as_deref()), (2, Some("10")));
        assert_eq!(versions[1].latest.as_deref(), Some("beta"));
    }

    #[test]
    fn only_snapshots_with_a_relation_are_made_in_yaml() {
        let file = file("snapshots:\n  - {name: made, relation: ref('a')}\n  - {name: described}\n");
        assert_eq!(snapshots(&file), ["made"]);
    }

    #[test]
    fn comparisons_are_found_in_every_style_of_text_and_not_in_comments() {
        let text = "# {{ target.name == 'a' }}\n\
                    a: \"{{ target.name == 'b' }}\" # {{ target.name == 'no' }}\n\
                    b: '{{ target.name == ''c'' }}'\n\
                    c: \"ü {{ target.name == \\\"d\\\" }}\"\n\
                    d: >\n  {{ target.name\n  == 'e' }}\n\
                    e: [{x: \"{{ target.name in ['f', \\\"g\\\"] }}\"}]\n";
        let found = comparisons_in(&file(text));
        let literals: Vec<_> = found.iter().map(|one| (one.literal.as_str(), &text[one.range.clone()])).collect();
        let expected =
            [("b", "'b'"), ("c", "''c''"), ("d", "\\\"d\\\""), ("e", "'e'"), ("f", "'f'"), ("g", "\\\"g\\\"")];
        assert_eq!(literals, expected);
    }
}
