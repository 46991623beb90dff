//! Names as Kubernetes takes them.

use crate::run::plan::digest::sha256;

/// Longest label of a domain name, and longest value of a label.
const LONGEST: usize = 63;

/// Longest name of a secret, a claim or a service account.
const LONGEST_NAME: usize = 253;

/// A DNS-1123 label for a text: `_` as `-`, and shortened with a digest of the whole where it is too long.
pub(super) fn label(text: &str) -> String {
    let plain = plain(text);
    if is_label(&plain) { plain } else { shortened(&plain, text) }
}

/// A value of a label for a text.
pub(super) fn label_value(text: &str) -> String {
    let is_end = |c: char| c.is_ascii_alphanumeric();
    let is_value = text.len() <= LONGEST
        && text.starts_with(is_end)
        && text.ends_with(is_end)
        && text.chars().all(|c| is_end(c) || matches!(c, '-' | '_' | '.'));
    if is_value { text.to_owned() } else { shortened(&plain(text), text) }
}

/// Whether a text is a DNS-1123 label.
pub fn is_label(text: &str) -> bool {
    text.len() <= LONGEST && !text.contains('.') && is_name(text)
}

/// Whether a text is a DNS-1123 subdomain: the name of a secret, a claim or a service account.
pub fn is_name(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= LONGEST_NAME
        && text.split('.').all(|part| part.starts_with(is_word) && part.ends_with(is_word))
        && text.chars().all(|c| is_word(c) || matches!(c, '-' | '.'))
}

fn plain(text: &str) -> String {
    let lower = text.chars().map(|c| c.to_ascii_lowercase());
    lower.map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect()
}

/// `plain` begins it; the digest of `text` keeps it apart from others that begin alike.
fn shortened(plain: &str, text: &str) -> String {
    let digest = sha256(text);
    let begin: String = plain.trim_start_matches('-').chars().take(LONGEST - 9).collect();
    format!("{}-{}", begin.trim_end_matches('-'), &digest[..8]).trim_start_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_a_label_and_no_two_long_ones_the_same() {
        assert_eq!(label("shop-dev-1-spark_large"), "shop-dev-1-spark-large");
        let long = |end: &str| label(&format!("{}-dev-{end}", "a".repeat(63)));
        assert_ne!(long("1-duckdb"), long("2-duckdb"));
        for made in [
            long("1-duckdb"),
            label("a-"),
            label("-"),
            label("_x_"),
            label(&format!("{}-{}", "a".repeat(53), "b".repeat(20))),
        ] {
            assert!(is_label(&made), "{made}");
        }
    }

    #[test]
    fn a_value_of_a_label_stays_as_it_is_where_it_may() {
        assert_eq!(label_value("spark_large"), "spark_large");
        assert!(label_value("spark_").starts_with("spark-"));
        assert!(is_label(&label_value(&"x_".repeat(40))));
    }

    #[test]
    fn names_of_kubernetes_are_told_from_others() {
        for (name, fits) in
            [("a", true), ("a.b-c", true), ("", false), ("A", false), ("a-", false), ("a..b", false), ("a_b", false)]
        {
            assert_eq!(is_name(name), fits, "{name}");
        }
        assert!(!is_label("a.b"));
    }
}
