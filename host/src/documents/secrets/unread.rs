//! Secrets in a text that could not be read as YAML, so that there is no tree in which they could be found.

use std::sync::Arc;

use super::sounds_secret;
use crate::diagnostics::{Source, Span};

/// A text that goes on below its key.
#[derive(Clone, Copy)]
enum Open {
    /// All lines that are indented deeper than this.
    Block(usize),
    /// The same, where they are no keys and no list.
    Perhaps(usize),
    /// All lines to the one that holds this.
    Until(&'static str),
}

/// Keeps out of every diagnostic of a file what seems to stand behind a key that is called as secrets are. It hides
/// rather too much than too little: to the end of the line, and of a longer text all its lines.
pub(crate) fn hide_unread(source: &Arc<Source>) {
    let mut start = 0;
    let mut open: Option<Open> = None;
    for line in source.text().split_inclusive('\n') {
        let end = line.trim_end().len();
        let indent = line.len() - line.trim_start().len();
        let goes_on = match open {
            Some(Open::Until(_)) => true,
            Some(Open::Block(key)) => end == 0 || indent > key,
            Some(Open::Perhaps(key)) => end == 0 || (indent > key && !is_collection(line)),
            None => false,
        };
        let is_key = line.trim_start().starts_with("-----BEGIN");
        let hidden = if goes_on || is_key { Some(indent.min(end)) } else { secret_value(line) };
        if let Some(from) = hidden {
            Span::new(source, start + from, start + end).hide();
        }
        open = match (open, hidden.and_then(|from| line.get(from..end))) {
            (Some(Open::Until(closing)), Some(text)) => open.filter(|_| !text.contains(closing)),
            (Some(_), Some(_)) if goes_on => open,
            (_, Some(text)) if text.contains("-----BEGIN") => Some(Open::Until("-----END")),
            (_, Some(text)) => Some(unclosed(text).map_or(Open::Block(indent), Open::Until)),
            (_, None) => key_alone(line).then_some(Open::Perhaps(indent)),
        };
        start += line.len();
    }
}

/// The quote that a text begins with and that is not closed on its line.
fn unclosed(text: &str) -> Option<&'static str> {
    let quote = ["\"", "'"].into_iter().find(|quote| text.starts_with(quote))?;
    (text.matches(quote).count() == 1).then_some(quote)
}

/// Whether a line is a key with its value, or an element of a list.
fn is_collection(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("- ") || line.contains(": ") || line.ends_with(':')
}

/// Where on a line the first value begins that is to be hidden.
fn secret_value(line: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(colon) = line.get(from..)?.find(':').map(|at| from + at) {
        from = colon + 1;
        let value = line.get(from..)?;
        let begins = value.trim_start();
        if sounds_secret(key_before(line.get(..colon)?)) && !begins.is_empty() && !is_reference(begins) {
            return Some(line.len() - begins.len());
        }
    }
    None
}

/// Whether a key that is called as secrets are ends the line.
fn key_alone(line: &str) -> bool {
    line.trim_end().strip_suffix(':').is_some_and(|key| sounds_secret(key_before(key)))
}

/// The word before a colon.
fn key_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    text.get(start..).unwrap_or_default()
}

/// Whether what follows a key is a reference, as far as can be seen, or keys of its own.
fn is_reference(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'']);
    let expression = value.starts_with("{{") && value.contains("env_var") && !value.contains(',');
    let mapping = value.starts_with('{') && !value.starts_with("{{");
    expression || mapping || value.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text as it may be shown.
    fn shown(text: &str) -> String {
        let source = Source::new("m.yaml", text);
        hide_unread(&source);
        source.shown(0, text.len()).into_owned()
    }

    #[test]
    fn what_seems_to_be_a_secret_is_not_shown() {
        let text = "a: {name: x, config: {password: hunter2, port: [}}\n\
                    private_key: |\n  -----BEGIN KEY-----\n  hunter2\n\nhost: h\n\
                    token:\n  hunter2\nuser: u\n\
                    key_pem_secret: \"-----BEGIN KEY-----\nhunter2\n-----END KEY-----\"\nafter: that\n\
                    secret_key: |\n-----BEGIN KEY-----\nhunter2\n-----END KEY-----\nthen: this\n\
                    secret: \"hunter2\nhunter2\"\nand: this\n\
                    - secret_access_key: &x hunter2\n\
                    pwd: \"{{ env_var('A', 'hunter2') }}\"\n\
                    \"api_key\" : \"hunter2\nport: 5\n";
        assert!(!shown(text).contains("hunter2"), "{}", shown(text));
        insta::assert_snapshot!(shown(text));
    }

    #[test]
    fn references_and_what_says_where_a_secret_is_are_shown() {
        let text = "password: {secret: {source: env, name: A}\ntoken: {{ env_var('T') }}\ntoken_url: http://x:1/y\n\
                    secrets:\n  - type: s3\n    region: eu\npassword: # none\nhost: h";
        assert_eq!(shown(text), text);
    }
}
