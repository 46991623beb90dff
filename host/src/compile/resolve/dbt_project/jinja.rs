//! Jinja as far as floe reads it: the expressions and statements of a text, as tokens with their places.
//!
//! One pass over the text. What cannot be read ends it: dbt will say what is wrong.

use std::ops::Range;

use memchr::memmem;

/// One token within an expression or a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A name or keyword.
    Name(&'t str),
    /// What stands between quotes, as it is written.
    Text(&'t str),
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// Any other character.
    Mark(u8),
}

/// Hands over the tokens of each `{{ … }}` and `{% … %}` in turn. Comments and raw blocks have none.
pub(super) fn each_part<'t>(text: &'t str, mut each: impl FnMut(&[Token<'t>])) {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(brace) = memchr::memchr(b'{', bytes.get(at..).unwrap_or_default()).map(|found| at + found) {
        let next = match bytes.get(brace + 1) {
            Some(b'#') => behind(bytes, brace + 2, b"#}"),
            Some(b'{') => read(text, brace + 2, b'}', &mut tokens),
            Some(b'%') => read(text, brace + 2, b'%', &mut tokens),
            Some(_) => {
                at = brace + 1;
                continue;
            }
            None => return,
        };
        let Some(end) = next else { return };
        at = end;
        if bytes.get(brace + 1) != Some(&b'#') {
            if bytes.get(brace + 1) == Some(&b'%')
                && matches!(tokens.as_slice(), [one] if one.kind == Kind::Name("raw"))
            {
                let Some(end) = behind_raw(text, end) else { return };
                at = end;
            } else {
                each(&tokens);
            }
        }
        tokens.clear();
    }
}

/// The place behind the next occurrence.
fn behind(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    memmem::find(bytes.get(from..)?, wanted).map(|found| from + found + wanted.len())
}

/// The place behind `{% endraw %}`.
fn behind_raw(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = behind(text.as_bytes(), at, b"{%")?;
        let inside = text.get(at..)?.trim_start_matches(['-', '+']).trim_start();
        if let Some(rest) = inside.strip_prefix("endraw") {
            return behind(text.as_bytes(), text.len() - rest.len(), b"%}");
        }
    }
}

/// Reads tokens until the end of the part: `}}` or `%}`, which count only outside of text and brackets.
fn read<'t>(text: &'t str, from: usize, closing: u8, tokens: &mut Vec<Token<'t>>) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut open = 0_usize;
    // White space control.
    if matches!(bytes.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    loop {
        let byte = *bytes.get(at)?;
        if open == 0 && byte == closing && bytes.get(at + 1) == Some(&b'}') {
            if tokens.last().is_some_and(|last| matches!(last.kind, Kind::Mark(b'-' | b'+')) && last.range.end == at) {
                tokens.pop();
            }
            return Some(at + 2);
        }
        let start = at;
        let kind = match byte {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'\'' | b'"' => {
                at = end_of_text(bytes, at + 1, byte)?;
                Kind::Text(text.get(start + 1..at - 1)?)
            }
            b if is_word(b) => {
                at += bytes.get(at..)?.iter().take_while(|b| is_word(**b)).count();
                Kind::Name(text.get(start..at)?)
            }
            b'=' | b'!' if bytes.get(at + 1) == Some(&b'=') => {
                at += 2;
                if byte == b'=' { Kind::Equal } else { Kind::Unequal }
            }
            b => {
                at += 1;
                match b {
                    b'(' | b'[' | b'{' => open += 1,
                    b')' | b']' | b'}' => open = open.saturating_sub(1),
                    _ => {}
                }
                Kind::Mark(b)
            }
        };
        tokens.push(Token { kind, range: start..at });
    }
}

/// Letters of names; every byte of a character beyond ASCII is one, so that places never fall into a character.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The place behind the closing quote.
fn end_of_text(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        match *bytes.get(at)? {
            b'\\' => at += 2,
            b if b == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The names of the `{% snapshot NAME %}` blocks.
pub(super) fn snapshots(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    each_part(text, |tokens| {
        if let [Token { kind: Kind::Name("snapshot"), .. }, Token { kind: Kind::Name(name), .. }, ..] = tokens {
            names.push((*name).to_owned());
        }
    });
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<String> {
        let mut parts = Vec::new();
        each_part(text, |tokens| {
            parts.push(tokens.iter().map(|token| &text[token.range.clone()]).collect::<Vec<_>>().join(" "));
        });
        parts
    }

    #[test]
    fn comments_raw_blocks_and_sql_have_no_tokens() {
        let text = "select '{{' -- no\n{# {{ a }} #}{%- raw -%} {{ b }} {% if %} {%- endraw %}{{- c -}}{%+ if d == '%}' %}{ e }";
        // The quote of SQL is none of Jinja, so that the braces in it are an expression.
        assert_eq!(parts(&text[11..]), ["c", "if d == '%}'"]);
        assert_eq!(parts("{{ {'a': {'b': 1}} }} {{ x }}"), ["{ 'a' : { 'b' : 1 } }", "x"]);
        assert_eq!(parts("{{ 'it\\'s }}' }}{{ ü.ä }}"), ["'it\\'s }}'", "ü . ä"]);
    }

    #[test]
    fn what_is_not_closed_ends_it() {
        for text in ["{{", "{%", "{#", "{{ 'a", "{{ a }", "{% raw %}{{ a }}", "{", "{{ '\\", "{{ (a }} {{ b }}"] {
            assert!(parts(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn snapshots_are_blocks_with_a_name() {
        let text = "{% snapshot one %}select 1{% endsnapshot %}\n{#- {% snapshot no %} -#}{%- snapshot two -%}{%- endsnapshot -%}";
        assert_eq!(snapshots(text), ["one", "two"]);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|raw|endraw|target|\\.name|==|'|\"|\\\\|[\\[\\]() \n~ü-]){0,40}") {
            each_part(&text, |tokens| {
                for token in tokens {
                    assert!(text.get(token.range.clone()).is_some());
                }
            });
        }
    }
}
