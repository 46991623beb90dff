//! "Did you mean …?"

/// The allowed word that a wrong one was most likely meant to be, if any is near enough to guess.
pub fn did_you_mean<'a>(wrong: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a word that long, and the distance is quadratic in it.
    if wrong.len() > 100 {
        return None;
    }
    let plain = plain(wrong);
    allowed
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&plain, &self::plain(word)), word))
        .filter(|(distance, word)| *distance <= (word.chars().count().max(plain.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, word)| *distance < word.chars().count())
        .map(|(_, word)| word)
}

/// `dependsOn`, `depends_on` and `depends-on` are one word to people.
fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// The help for a wrong word: what it was most likely meant to be, and after `intro` all that could stand there.
pub fn meant_or_listed<'a>(wrong: &str, allowed: impl IntoIterator<Item = &'a str> + Clone, intro: &str) -> String {
    let meant = did_you_mean(wrong, allowed.clone()).map(|word| format!("did you mean `{word}`? "));
    format!("{}{intro} {}", meant.unwrap_or_default(), listed(allowed))
}

/// Words as a list for people, each in backquotes: `a`, `b`, `c`.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push('`');
        text.push_str(word);
        text.push('`');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let allowed = ["approved", "default", "dependsOn"];
        assert_eq!(did_you_mean("aproved", allowed), Some("approved"));
        assert_eq!(did_you_mean("depends_on", allowed), Some("dependsOn"));
        assert_eq!(did_you_mean("DEFAULT", allowed), Some("default"));
        assert_eq!(did_you_mean("colour", allowed), None);
        assert_eq!(did_you_mean("x", ["y"]), None);
        assert_eq!(did_you_mean("", ["y"]), None);
        assert_eq!(did_you_mean(&"a".repeat(1000), allowed), None);
    }
}
