//! Writes `profiles.yml`, and what else others read as YAML.
//!
//! dbt reads it by YAML 1.1, where a bare `on` is a truth and `1_0` a number. So every scalar is written as JSON, which both
//! versions read alike, and only the blocks are YAML's. No library writes for a 1.1 reader. The one exception are large and
//! small numbers, which 1.1 takes for texts unless they have a point and the exponent a sign.

use std::fmt::Write as _;

use serde_json::Value;

/// The document as YAML, with a comment on top.
pub(crate) fn document(comment: &str, value: &Value) -> String {
    let mut text = String::new();
    for line in comment.lines() {
        let _ = writeln!(text, "# {line}");
    }
    block(&mut text, value, 0);
    text
}

fn block(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let _ = write!(text, "{:indent$}{}:", "", self::key(key));
                child(text, value, indent);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(text, "{:indent$}-", "");
                child(text, item, indent);
            }
        }
        scalar => {
            let _ = writeln!(text, "{:indent$}{}", "", self::scalar(scalar));
        }
    }
}

/// What stands behind a key or a dash: a scalar on the same line, anything else below.
fn child(text: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            text.push('\n');
            block(text, value, indent + 2);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(text, value, indent + 2);
        }
        scalar => {
            let _ = writeln!(text, " {}", self::scalar(scalar));
        }
    }
}

/// A key stays bare where no reader could take it for anything but text.
fn key(key: &str) -> String {
    let bare = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && !matches!(key, "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
    if bare { key.to_owned() } else { scalar(&Value::from(key)) }
}

/// A scalar, or an empty collection, as JSON.
fn scalar(value: &Value) -> String {
    let json = match value {
        Value::Number(number) if number.is_f64() => float(&number.to_string()),
        value => value.to_string(),
    };
    if !json.contains(['\u{7f}', '\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']) {
        return json;
    }
    // Line breaks and unprintables to YAML 1.1, plain characters to JSON.
    json.chars()
        .map(|c| match c {
            '\u{7f}' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

/// `1e16` as `1.0e+16`, which is a number in YAML 1.1 too.
fn float(json: &str) -> String {
    let Some((number, exponent)) = json.split_once(['e', 'E']) else { return json.to_owned() };
    let point = if number.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{number}{point}e{sign}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_are_json_and_blocks_are_yaml() {
        let value = json!({
            "jaffle": {"target": "dev", "outputs": {"dev": {
                "type": "duckdb", "threads": 4, "extensions": ["httpfs", {"name": "x", "repo": "on"}],
                "settings": {"On": true, "empty": {}, "on": 1, "apiVersion": "v1"}, "none": null,
            }}},
        });
        insta::assert_snapshot!(document("made by floe\ndo not edit", &value), @r#"
        # made by floe
        # do not edit
        jaffle:
          target: "dev"
          outputs:
            dev:
              type: "duckdb"
              threads: 4
              extensions:
                - "httpfs"
                -
                  name: "x"
                  repo: "on"
              settings:
                "On": true
                empty: {}
                "on": 1
                apiVersion: "v1"
              none: null
        "#);
    }

    #[test]
    fn numbers_are_numbers_to_yaml_1_1() {
        for (number, text) in [(1e16, "1.0e+16"), (1.5e300, "1.5e+300"), (1e-9, "1.0e-9"), (0.5, "0.5"), (2.0, "2.0")] {
            assert_eq!(scalar(&json!(number)), text);
        }
    }

    #[test]
    fn line_breaks_of_yaml_are_escaped() {
        assert_eq!(scalar(&json!("a\u{2028}b\u{85}\n")), r#""a\u2028b\u0085\n""#);
    }
}
