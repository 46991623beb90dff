//! No secret leaves in anything that a plugin said.
//!
//! A value is looked for in the forms in which programs write strings: as it is, inside base64 of a longer text too
//! (`Basic` headers), URL-encoded, JSON-escaped, and by the lines of a PEM file.

use std::borrow::Cow;

use serde_json::Value;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Values that are shorter are only taken for the secret where they stand alone: `a` is in every text.
const SHORT: usize = 4;

/// Pieces of base64 and lines of PEM that are shorter could be anything.
const PIECE: usize = 8;

/// Knows the values of secrets, in all the forms in which they may turn up. Its `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// Longest first, so that no form leaves a rest of a longer one.
    forms: Vec<String>,
    /// Values that are too short to be looked for inside of words.
    short: Vec<String>,
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({} forms)", self.forms.len() + self.short.len())
    }
}

impl Scrubber {
    /// A scrubber for the resolved values of secrets. Empty values are no secrets.
    pub fn new<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> Self {
        let mut scrubber = Self::default();
        for value in values {
            scrubber.add(value.as_ref());
            // Files end in a newline that programs cut off.
            scrubber.add(value.as_ref().trim());
        }
        scrubber.forms.sort_by(|one, two| two.len().cmp(&one.len()).then_with(|| one.cmp(two)));
        scrubber.forms.dedup();
        scrubber.short.sort_unstable();
        scrubber.short.dedup();
        scrubber
    }

    fn add(&mut self, value: &str) {
        if value.len() < SHORT {
            self.short.extend((!value.is_empty()).then(|| value.to_owned()));
            return;
        }
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= PIECE && !line.starts_with("-----"));
        for text in std::iter::once(value).chain(lines.filter(|line| *line != value)) {
            self.forms.push(text.to_owned());
            self.forms.extend(forms::url(text));
            self.forms.extend(forms::json(text));
            self.forms.extend(forms::base64(text).into_iter().filter(|piece| piece.len() >= PIECE));
        }
    }

    /// Whether it knows no secret.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty() && self.short.is_empty()
    }

    /// The text without any secret; borrowed where there was none.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = Cow::Owned(text.replace(form.as_str(), MASK));
            }
        }
        for value in &self.short {
            if let Some(scrubbed) = replace_alone(&text, value) {
                text = Cow::Owned(scrubbed);
            }
        }
        text
    }

    /// Takes every secret out of the strings and keys of a document; says whether there was one.
    pub(super) fn scrub_document(&self, document: &mut Value) -> bool {
        match document {
            Value::String(text) => self.scrub_in_place(text),
            Value::Array(items) => items.iter_mut().fold(false, |found, item| self.scrub_document(item) | found),
            Value::Object(map) => {
                let mut found = false;
                if map.keys().any(|key| matches!(self.scrub(key), Cow::Owned(_))) {
                    let entries = std::mem::take(map);
                    map.extend(entries.into_iter().map(|(key, value)| (self.scrub(&key).into_owned(), value)));
                    found = true;
                }
                map.values_mut().fold(found, |found, value| self.scrub_document(value) | found)
            }
            Value::Number(number) => {
                let hit = self.is_in_number(&number.to_string());
                if hit {
                    *document = Value::String(MASK.to_owned());
                }
                hit
            }
            Value::Bool(_) | Value::Null => false,
        }
    }

    /// Whether a number has the digits of a password that is too long to be there by chance: what stands in its place is no number,
    /// and whoever expects one cannot read it.
    fn is_in_number(&self, number: &str) -> bool {
        self.forms.iter().any(|form| form.len() >= PIECE && number.contains(form.as_str()))
    }

    pub(super) fn scrub_in_place(&self, text: &mut String) -> bool {
        match self.scrub(text) {
            Cow::Borrowed(_) => false,
            Cow::Owned(scrubbed) => {
                *text = scrubbed;
                true
            }
        }
    }
}

/// Replaces a value where no letter or digit touches it.
fn replace_alone(text: &str, value: &str) -> Option<String> {
    let touches = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
    let (mut result, mut copied) = (String::new(), 0);
    for (at, _) in text.match_indices(value) {
        let end = at + value.len();
        if !touches(text[..at].chars().next_back()) && !touches(text[end..].chars().next()) {
            result.push_str(&text[copied..at]);
            result.push_str(MASK);
            copied = end;
        }
    }
    (copied > 0).then(|| result + &text[copied..])
}

mod forms {
    //! How programs write a string.

    /// Percent-encoded: as RFC 3986, `encodeURIComponent`, Python's `quote` and HTML forms do it, with capital and small digits.
    pub(super) fn url(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (kept, space) in [("-_.~", "%20"), ("-_.~!*'()", "%20"), ("-_.~/", "%20"), ("-_.*", "+"), ("-_.~", "+")] {
            for capital in [true, false] {
                let encoded: String = text.bytes().map(|byte| url_byte(byte, kept, space, capital)).collect();
                found.push(encoded);
            }
        }
        found.retain(|form| form != text);
        found
    }

    fn url_byte(byte: u8, kept: &str, space: &str, capital: bool) -> String {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            return char::from(byte).to_string();
        }
        match (byte, capital) {
            (b' ', _) => space.to_owned(),
            (_, true) => format!("%{byte:02X}"),
            (_, false) => format!("%{byte:02x}"),
        }
    }

    /// Inside a JSON string: as short as can be, with `/` escaped, in ASCII only, and within a string within a string.
    pub(super) fn json(text: &str) -> Vec<String> {
        let inner = |text: &str| {
            let quoted = serde_json::to_string(text).unwrap_or_default();
            quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
        };
        let once = inner(text);
        let ascii: String = once.chars().map(ascii_char).collect();
        let mut found = vec![once.replace('/', "\\/"), ascii, inner(&once), once];
        found.retain(|form| form != text && !form.is_empty());
        found
    }

    fn ascii_char(c: char) -> String {
        if c.is_ascii() {
            return c.to_string();
        }
        c.encode_utf16(&mut [0; 2]).iter().fold(String::new(), |text, unit| text + &format!("\\u{unit:04x}"))
    }

    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// The characters that every base64 of a text with this one in it contains, for each of the three places at which it may
    /// begin; and, of the text alone, all of them.
    pub(super) fn base64(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for alphabet in [STANDARD, URL] {
            let alone = encode(text.as_bytes(), alphabet);
            found.push(format!("{alone}{}", "=".repeat((4 - alone.len() % 4) % 4)));
            found.push(alone);
            for before in 0..3_usize {
                let mut bytes = vec![0; before];
                bytes.extend_from_slice(text.as_bytes());
                let whole = encode(&bytes, alphabet);
                // Characters that also hold bits of what stands before or behind.
                let first = (before * 8).div_ceil(6);
                let last = bytes.len() * 8 / 6;
                found.extend(whole.get(first..last).map(str::to_owned));
            }
        }
        found
    }

    fn encode(bytes: &[u8], alphabet: &[u8; 64]) -> String {
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let word =
                chunk.iter().fold(0_usize, |word, byte| word << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                text.push(char::from(alphabet[(word >> (18 - 6 * place)) & 63]));
            }
        }
        text
    }

    #[cfg(test)]
    #[test]
    fn base64_is_base64() {
        for (text, expected) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("\u{ff}?>", "w78/Pg")]
        {
            assert_eq!(encode(text.as_bytes(), STANDARD), expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "p@ss wörd/1+\"x\"";

    #[track_caller]
    fn gone(text: &str, secret: &str) {
        let scrubbed = Scrubber::new([secret]).scrub(text).into_owned();
        assert!(scrubbed.contains(MASK), "{text} -> {scrubbed}");
    }

    #[test]
    fn every_form_is_found() {
        gone(&format!("login as {SECRET} failed"), SECRET);
        gone("p%40ss%20w%C3%B6rd%2F1%2B%22x%22", SECRET);
        gone("p%40ss%20w%c3%b6rd%2f1%2b%22x%22", SECRET);
        gone("p%40ss+w%C3%B6rd%2F1%2B%22x%22", SECRET);
        gone(&serde_json::to_string(SECRET).unwrap(), SECRET);
        gone("p@ss w\\u00f6rd/1+\\\"x\\\"", SECRET);
        gone("cEBzcyB3w7ZyZC8xKyJ4Ig==", SECRET);
        gone("cEBzcyB3w7ZyZC8xKyJ4Ig", SECRET);
        // printf 'user:correct horse' | base64
        gone("Authorization: Basic dXNlcjpjb3JyZWN0IGhvcnNl", "correct horse");
        gone("Authorization: Basic dTpjb3JyZWN0IGhvcnNlOng=", "correct horse");
    }

    #[test]
    fn lines_of_a_key_are_secrets_too() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n";
        let scrubber = Scrubber::new([key]);
        assert_eq!(scrubber.scrub("bad line AQEFAASCBKcwggSjAgEAAoIB here"), "bad line *** here");
        assert_eq!(scrubber.scrub("no -----BEGIN PRIVATE KEY----- found"), "no -----BEGIN PRIVATE KEY----- found");
        assert!(!scrubber.scrub(&format!("{key:?}")).contains("MIIEv"));
    }

    #[test]
    fn short_values_count_where_they_stand_alone() {
        let scrubber = Scrubber::new(["ab", ""]);
        assert_eq!(scrubber.scrub("password ab, about cab"), "password ***, about cab");
        assert!(Scrubber::new([""]).is_empty());
    }

    #[test]
    fn a_document_is_scrubbed_in_its_strings_and_stays_one() {
        let scrubber = Scrubber::new(["true", "hunter22", "12345678"]);
        let mut document = json!({"ok": true, "a": ["x hunter22", 3], "hunter22": {"n": 12_345_678}});
        assert!(scrubber.scrub_document(&mut document));
        assert_eq!(document, json!({"ok": true, "a": ["x ***", 3], "***": {"n": "***"}}));
        assert!(!scrubber.scrub_document(&mut json!({"ok": true})));
    }

    #[test]
    fn a_short_password_leaves_numbers_what_they_are() {
        let scrubber = Scrubber::new(["1", "12", "4096"]);
        let mut document =
            json!({"latency_ms": 12.345_678_9, "bytes": 140_961_234, "port": 4096, "text": "port 4096, 1 try"});
        assert!(scrubber.scrub_document(&mut document));
        let kept = json!({"latency_ms": 12.345_678_9, "bytes": 140_961_234, "port": 4096, "text": "port ***, *** try"});
        assert_eq!(document, kept);
    }

    #[test]
    fn debug_shows_no_value() {
        assert!(!format!("{:?}", Scrubber::new(["hunter22"])).contains("hunter22"));
    }
}
