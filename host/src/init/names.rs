//! Names as floe takes them.

use crate::documents::names::{is_name, proposal};

/// What names are, for a sentence.
pub(super) const RULE: &str = "names begin with a lowercase letter, go on with lowercase letters, digits, `_` and `-`, and differ in more than these two";

/// The nearest name to a text; `fallback` where nothing of it can stand in one.
pub(super) fn name(text: &str, fallback: &str) -> String {
    if is_name(text) { text.to_owned() } else { proposal(text).unwrap_or_else(|| fallback.to_owned()) }
}

/// The same, other than those that are taken: as parts of variables `-` and `_` are the same.
pub(super) fn another(text: &str, fallback: &str, taken: &[String]) -> String {
    let first = name(text, fallback);
    let is_free = |name: &str| taken.iter().all(|other| other.replace('-', "_") != name.replace('-', "_"));
    let numbered = (2..).map(|number| {
        let short: String = first.chars().take(58).collect();
        format!("{short}-{number}")
    });
    std::iter::once(first.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or(first)
}

/// A text as a part of a variable's name.
pub(super) fn upper(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart() {
        assert_eq!(name("Jaffle Shop", "x"), "jaffle-shop");
        assert_eq!(name("ÄÖ", "product"), "product");
        assert_eq!(another("Dev", "x", &["dev".to_owned()]), "dev-2");
        assert_eq!(another("a-b", "x", &["a_b".to_owned()]), "a-b-2");
        assert_eq!(upper("jaffle-shop.1"), "JAFFLE_SHOP_1");
    }
}
