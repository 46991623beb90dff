//! Names of computes, products and environments: they become folders and parts of variable names.

use std::collections::HashMap;

use super::fields::Problems;
use super::spanned::Spanned;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::documents as codes;

/// Longest name.
pub const MAX_LENGTH: usize = 63;

/// Whether a text matches `[a-z][a-z0-9_-]{0,62}`.
pub fn is_name(text: &str) -> bool {
    text.len() <= MAX_LENGTH
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

/// Checks a name; `what` says whose ("a compute"). The name comes back even where it is none: later errors refer to it.
pub(crate) fn check(name: Spanned<String>, what: &str, problems: &mut Problems) -> Spanned<String> {
    if !is_name(&name) {
        let rule = "a lowercase letter, then lowercase letters, digits, `_` and `-`, at most 63 characters";
        let help = match proposal(&name) {
            Some(proposal) => format!("write `{proposal}`: {rule}"),
            None => format!("begin with {rule}"),
        };
        problems.push(
            Diagnostic::error(&codes::BAD_NAME, format!("`{}` cannot be the name of {what}", shortened(&name)), help)
                .at(name.span.clone()),
        );
    }
    name
}

/// Reports names that are equal, or would be equal as parts of variable names.
pub(crate) fn check_distinct<'a>(
    names: impl IntoIterator<Item = &'a Spanned<String>>,
    what: &str,
    problems: &mut Problems,
) {
    let mut seen: HashMap<String, &Spanned<String>> = HashMap::new();
    for name in names {
        let Some(first) = seen.get(&name.replace('-', "_")) else {
            seen.insert(name.replace('-', "_"), name);
            continue;
        };
        let error = if first.value == name.value {
            Diagnostic::error(
                &codes::NAME_CLASH,
                format!("there are two {what} named `{}`", name.value),
                "rename or remove one of them",
            )
        } else {
            Diagnostic::error(
                &codes::NAME_CLASH,
                format!("the {what} `{}` and `{}` differ only in `-` and `_`", first.value, name.value),
                "rename one of them: as parts of variable names they would be the same",
            )
        };
        problems.push(error.labelled(name.span.clone(), "the second").labelled(first.span.clone(), "the first"));
    }
}

/// The nearest name to a text that is none.
pub(crate) fn proposal(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.trim().chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() => name.push(c),
            _ if name.is_empty() => {}
            c if c.is_ascii_digit() || matches!(c, '_' | '-') => name.push(c),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.truncate(MAX_LENGTH);
    let name = name.trim_end_matches('-');
    is_name(name).then(|| name.to_owned())
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    text.chars().take(77).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        let longest = "a".repeat(63);
        for name in ["a", "duckdb", "spark_large", "a-1", longest.as_str()] {
            assert!(is_name(name), "{name}");
        }
        let too_long = "a".repeat(64);
        for name in ["", "A", "1a", "-a", "_a", "a b", "a.b", "ä", "a/b", "..", too_long.as_str()] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_name_is_proposed() {
        assert_eq!(proposal("Sales Analytics (EU)").as_deref(), Some("sales-analytics-eu"));
        assert_eq!(proposal("1st.mart").as_deref(), Some("st-mart"));
        assert_eq!(proposal("ÄÖ"), None);
    }
}
