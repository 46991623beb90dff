//! Settings that no sane person writes, and that come all the same: from generators, from mistakes, from an attacker.

use serde_json::{Value, json};

/// Texts, each with what it is.
pub(in crate::conformance) fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("an empty text", String::new()),
        ("a very long text", "x".repeat(1 << 20)),
        ("unicode", "\u{202e}\u{feff}e\u{301} \u{6f22}\u{5b57} \u{1d518} \u{1f980}".to_owned()),
        ("quotes", "'\"`\\;--/*".to_owned()),
        ("SQL", INJECTION.to_owned()),
        ("Jinja", "{{ 7 * 7 }}{% if x %}{# ".to_owned()),
        ("a shell command", "$(id) `id` ${HOME} | id & id\n".to_owned()),
        ("YAML", "a: b\n- !!python/object/apply:os.system [id] # &x *x".to_owned()),
        ("NUL", "a\0b".to_owned()),
        ("control characters", "\u{1}\u{7f}\u{1b}[31m\r\n\t".to_owned()),
    ]
}

/// SQL that ends a literal.
pub(in crate::conformance) const INJECTION: &str = "floe'; DROP TABLE floe; --";

/// Values of every type, for settings of another.
pub(in crate::conformance) fn values() -> Vec<(&'static str, Value)> {
    let deep = (0..100).fold(json!([]), |inner, _| json!([inner]));
    vec![
        ("null", Value::Null),
        ("true", json!(true)),
        ("-1", json!(-1)),
        ("the largest number", json!(u64::MAX)),
        ("1e308", json!(1e308)),
        ("a text", json!("floe")),
        ("an empty list", json!([])),
        ("an empty map", json!({})),
        ("a deep list", deep),
    ]
}
