//! The parser's errors in plain words.

use saphyr_parser::ScanError;

use super::marks::Marks;
use super::{Kind, Node};
use crate::diagnostics::codes::documents as codes;
use crate::diagnostics::{Diagnostic, Span};

/// Says what an error of the parser means and how to mend it.
pub(super) fn explain(error: &ScanError, marks: &Marks<'_>) -> Diagnostic {
    let span = marks.at(error.marker().index());
    let line = line_of(&span);
    let info = error.info();
    if unquoted_expression(line) {
        return Diagnostic::error(
            &codes::SYNTAX,
            "an expression in braces begins a value without quotes, so YAML reads it as a mapping",
            "put the whole value in double quotes: \"{{ env_var('NAME') }}\", \"{product_slug}.duckdb\"",
        )
        .labelled(span, "YAML stumbles here");
    }
    if info.contains(" tab") || info.starts_with("tab") || line_is_indented_with_tab(line) {
        return Diagnostic::error(
            &codes::TAB,
            "a tab is used for indentation, which YAML does not allow",
            "indent with spaces; most editors can convert the file",
        )
        .labelled(first_tab(&span), "a tab");
    }
    let (message, help) = plain_words(info);
    Diagnostic::error(&codes::SYNTAX, message, help).labelled(span, "YAML stumbles here")
}

fn plain_words(info: &str) -> (String, &'static str) {
    let (message, help) = match info {
        "mapping values are not allowed in this context" | "illegal placement of ':' indicator" => (
            "a `:` stands where no key can be",
            "put a value that holds `: ` in quotes, or check the indentation of this line and the one before",
        ),
        "simple key expect ':'" | "simple key expected" => {
            ("a key without its `:`", "write `key: value`; check the indentation of this line")
        }
        "while parsing a block mapping, did not find expected key" => (
            "a key is expected here",
            "check the indentation: keys of one mapping begin in the same column, and quotes must be closed",
        ),
        "while parsing a block collection, did not find expected '-' indicator" => {
            ("a list entry is expected here", "begin each entry with `- `, in the same column as those before")
        }
        "block sequence entries are not allowed in this context" => (
            "a list entry stands where none can be",
            "begin the list on a new line below its key, or quote a value that begins with `- `",
        ),
        "while parsing a flow mapping, did not find expected ',' or '}'" => {
            ("a `{` is not closed as expected", "put `,` between the keys and `}` at the end")
        }
        "while parsing a flow sequence, expected ',' or ']'" => {
            ("a `[` is not closed as expected", "put `,` between the entries and `]` at the end")
        }
        "misplaced bracket" => ("a closing bracket without an opening one", "remove it, or add the opening one"),
        "while parsing node, found unknown anchor" => (
            "an alias names an anchor that does not exist",
            "define it before with `&name`, or quote a text that begins with `*`",
        ),
        "invalid trailing content after double-quoted scalar" => (
            "text follows the closing quote",
            "put all of the value within the quotes, and write a quote inside of it as \\\"",
        ),
        "while parsing a quoted scalar, found unknown escape character"
        | "while parsing a quoted scalar, did not find expected hexadecimal number"
        | "while parsing a quoted scalar, found invalid Unicode character escape code" => (
            "an escape in a double-quoted text is none that YAML knows",
            "write a backslash as \\\\, or use single quotes, in which a backslash is plain text",
        ),
        "while scanning a quoted scalar, found unexpected end of stream" | "invalid indentation in quoted scalar" => {
            ("a quote is not closed", "add the closing quote")
        }
        "invalid indentation" | "invalid indentation in flow construct" | "wrongly indented line in block scalar" => {
            ("the indentation does not fit what is open here", "line it up with its neighbours, with spaces")
        }
        "recursion limit exceeded" => ("brackets are nested too deep", "flatten the document"),
        "while parsing a node, did not find expected node content" => {
            ("a value is missing here", "write the value; put text that begins with a special character in quotes")
        }
        "the handle wasn't declared" => {
            ("a tag is not known here", "remove the tag, or quote a text that begins with `!`")
        }
        "a byte order mark must not appear inside a document" => {
            ("a byte order mark stands inside of the file", "remove it: save the file as UTF-8 without one")
        }
        _ if info.starts_with("unexpected character") => {
            ("a value begins with a character that YAML reserves", "put the value in quotes")
        }
        _ => {
            return (
                format!("this is no valid YAML: {info}"),
                "check indentation, quotes and brackets on this line and the one before",
            );
        }
    };
    (message.to_owned(), help)
}

/// A key that is no text.
pub(super) fn key_is_no_text(node: &Node) -> Diagnostic {
    let text = node.span.first_line().text().to_owned();
    let (message, help) = match node.kind {
        Kind::Map(_) if in_double_braces(&node.span) => (
            "an expression in double braces without quotes is a mapping in YAML".to_owned(),
            "put the whole value in double quotes: \"{{ env_var('NAME') }}\"".to_owned(),
        ),
        Kind::Map(_) | Kind::Seq(_) => {
            (format!("a key must be text, not {}", node.described()), "write a word as the key".to_owned())
        }
        _ => (
            format!("a key must be text, and without quotes `{text}` is none"),
            format!("put it in quotes: \"{text}\""),
        ),
    };
    Diagnostic::error(&codes::KEY_TYPE, message, help).at(node.span.clone())
}

/// Whether a flow mapping stands directly in another: `{{ … }}`.
fn in_double_braces(span: &Span) -> bool {
    let before = span.source().text().get(..span.start()).unwrap_or_default();
    before.ends_with('{') && span.text().starts_with('{')
}

fn line_of(span: &Span) -> &str {
    let text = span.source().text();
    let start = text[..span.start()].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().unwrap_or_default()
}

/// `key: {{ …` or `key: {product_slug}.duckdb`.
fn unquoted_expression(line: &str) -> bool {
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start().trim_start_matches("- ");
    value.starts_with("{{") || value.starts_with("{%") || value.starts_with("{product_")
}

/// The first tab from the line of a place on; the parser marks the beginning of what the tab stands in.
fn first_tab(span: &Span) -> Span {
    let text = span.source().text();
    let start = text[..span.start()].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].find('\t').map_or_else(|| span.clone(), |at| Span::new(span.source(), start + at, start + at + 1))
}

fn line_is_indented_with_tab(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('\t')
}
