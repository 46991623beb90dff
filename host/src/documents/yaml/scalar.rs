//! What a scalar is: YAML 1.2's core schema, and its tags.

use saphyr_parser::Tag;

use super::Kind;

/// Why a scalar has no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// A whole number beyond 64 bits, or a number beyond a double.
    TooLarge,
    /// `.inf` or `.nan`.
    NotFinite,
    /// A tag that floe does not read.
    Tag,
    /// The text does not fit the tag.
    TagValue,
}

/// The value of a scalar.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Kind, Refused> {
    let Some(tag) = tag else {
        return if plain { core(text) } else { Ok(Kind::Str(text.to_owned())) };
    };
    if tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty() {
        return Ok(Kind::Str(text.to_owned()));
    }
    let Some(core_tag) = core_tag(tag) else { return Err(Refused::Tag) };
    let wanted = |kind: Kind, fits: fn(&Kind) -> bool| if fits(&kind) { Ok(kind) } else { Err(Refused::TagValue) };
    match core_tag {
        "str" => Ok(Kind::Str(text.to_owned())),
        "null" => wanted(core(text)?, |kind| matches!(kind, Kind::Null)),
        "bool" => wanted(core(text)?, |kind| matches!(kind, Kind::Bool(_))),
        "int" => wanted(core(text)?, |kind| matches!(kind, Kind::Int(_))),
        "float" => match core(text)? {
            #[allow(clippy::cast_precision_loss, reason = "the user asked for a float")]
            Kind::Int(value) => Ok(Kind::Float(value as f64)),
            kind => wanted(kind, |kind| matches!(kind, Kind::Float(_))),
        },
        _ => Err(Refused::Tag),
    }
}

/// The name of a tag of the core schema: `str` for `!!str`, and for `!<tag:yaml.org,2002:str>`, which is the same.
pub(super) fn core_tag(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() {
        return Some(&tag.suffix);
    }
    tag.suffix.strip_prefix("tag:yaml.org,2002:").filter(|_| tag.handle.is_empty())
}

fn core(text: &str) -> Result<Kind, Refused> {
    // Most scalars are words: only these first letters can begin anything else.
    match text.as_bytes().first() {
        None | Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'+' | b'-' | b'.' | b'0'..=b'9') => {}
        Some(_) => return Ok(Kind::Str(text.to_owned())),
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => return number(text).unwrap_or_else(|| Ok(Kind::Str(text.to_owned()))),
    })
}

fn number(text: &str) -> Option<Result<Kind, Refused>> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(octal) = text.strip_prefix("0o") {
        return octal.bytes().all(|b| matches!(b, b'0'..=b'7')).then(|| radix(octal, 8)).filter(|_| !octal.is_empty());
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return hex.bytes().all(|b| b.is_ascii_hexdigit()).then(|| radix(hex, 16)).filter(|_| !hex.is_empty());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits(unsigned) {
        return Some(text.parse().map(Kind::Int).map_err(|_| Refused::TooLarge));
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(Refused::NotFinite));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_float =
        (digits(whole) && (fraction.is_empty() || digits(fraction))) || (whole.is_empty() && digits(fraction));
    let exponent_fits = exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    if !is_float || !exponent_fits {
        return None;
    }
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    Some(value.map(Kind::Float).ok_or(Refused::TooLarge))
}

fn radix(digits: &str, radix: u32) -> Result<Kind, Refused> {
    i64::from_str_radix(digits, radix).map(Kind::Int).map_err(|_| Refused::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Result<Kind, Refused> {
        resolve(text, true, None)
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Ok(Kind::Null), "{text:?}");
        }
        for (text, value) in [("0", 0), ("-7", -7), ("+7", 7), ("010", 10), ("0o10", 8), ("0xfF", 255)] {
            assert_eq!(plain(text), Ok(Kind::Int(value)), "{text:?}");
        }
        for (text, value) in [("1.5", 1.5), ("-.5", -0.5), ("1.", 1.0), ("1e3", 1000.0), ("+1.5E-1", 0.15)] {
            assert_eq!(plain(text), Ok(Kind::Float(value)), "{text:?}");
        }
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "tRue",
            "nul",
            "1.0.0",
            "1_000",
            "0b1",
            "0o",
            "0o8",
            "0x",
            "0xg",
            "-0x1",
            ".",
            "-",
            "+",
            "e3",
            "1e",
            "1e+",
            ".e3",
            "1:30",
            "2026-01-01",
            "nan",
            "inf",
            "-.nan",
            "½",
            "1 2",
        ] {
            assert_eq!(plain(text), Ok(Kind::Str(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn numbers_without_a_value_are_refused() {
        for text in ["9223372036854775808", "-9223372036854775809", "0xffffffffffffffffff", "1e999"] {
            assert_eq!(plain(text), Err(Refused::TooLarge), "{text:?}");
        }
        for text in [".inf", "-.INF", "+.Inf", ".nan", ".NaN"] {
            assert_eq!(plain(text), Err(Refused::NotFinite), "{text:?}");
        }
    }

    #[test]
    fn tags_of_the_core_schema_count() {
        let tag = |suffix: &str| Tag { handle: "tag:yaml.org,2002:".to_owned(), suffix: suffix.to_owned() };
        assert_eq!(resolve("1", true, Some(&tag("str"))), Ok(Kind::Str("1".to_owned())));
        assert_eq!(resolve("1", false, Some(&tag("int"))), Ok(Kind::Int(1)));
        let verbatim = Tag { handle: String::new(), suffix: "tag:yaml.org,2002:str".to_owned() };
        assert_eq!(resolve("1", true, Some(&verbatim)), Ok(Kind::Str("1".to_owned())));
        assert_eq!(resolve("1", true, Some(&tag("float"))), Ok(Kind::Float(1.0)));
        assert_eq!(resolve("x", true, Some(&tag("int"))), Err(Refused::TagValue));
        assert_eq!(resolve("x", true, Some(&tag("binary"))), Err(Refused::Tag));
        let own = Tag { handle: "!".to_owned(), suffix: "vault".to_owned() };
        assert_eq!(resolve("x", true, Some(&own)), Err(Refused::Tag));
    }
}
