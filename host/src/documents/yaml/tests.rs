//! What documents become, and what is said of those that are wrong.

use super::*;
use crate::diagnostics::Report;

fn read(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    parse(&Source::new("t.yaml", text))
}

fn json(text: &str) -> String {
    let (node, problems) = read(text);
    assert!(problems.is_empty(), "{problems:#?}");
    node.unwrap().to_json().to_string()
}

fn said(text: &str) -> String {
    let report = Report::new(read(text).1);
    assert!(!report.is_empty(), "{text:?} is fine");
    report.to_text(crate::diagnostics::TextStyle::default(), "id")
}

#[test]
fn documents_become_trees() {
    assert_eq!(
        json("a: 1\nb: [x, 'y', \"z\", 1.5, true, ~]\nc: {d: e}\nf:\n- g\n"),
        r#"{"a":1,"b":["x","y","z",1.5,true,null],"c":{"d":"e"},"f":["g"]}"#
    );
    assert_eq!(json("---\na: |\n  x\n  y\nb: >-\n  x\n  y\n"), r#"{"a":"x\ny\n","b":"x y"}"#);
    assert_eq!(json("\u{feff}a: ä\r\nb: c\r\n"), r#"{"a":"ä","b":"c"}"#);
    assert_eq!(json("'1': a\n\"\\x62\": !!str 1\n? c\n: d\n"), r#"{"1":"a","b":"1","c":"d"}"#);
    assert!(read("").0.is_none() && read("# nothing\n").0.is_none());
}

#[test]
fn every_node_knows_its_place() {
    let source = Source::new("t.yaml", "ä: {ö: [1, zwei]}\r\nliste:\r\n  - a: b\r\n    c: d\r\n\r\n# end\r\nlast:\r\n");
    let node = parse(&source).0.unwrap();
    let place = |pointer: &str| {
        let place = node.pointer(pointer).unwrap();
        (place.key.map(|span| span.text().to_owned()), place.node.span.text().to_owned())
    };
    assert_eq!(place("/ä/ö/1"), (None, "zwei".to_owned()));
    assert_eq!(place("/ä/ö"), (Some("ö".to_owned()), "[1, zwei]".to_owned()));
    assert_eq!(place("/ä").1, "{ö: [1, zwei]}");
    assert_eq!(place("/liste").1, "- a: b\r\n    c: d");
    assert_eq!(place("/liste/0/c"), (Some("c".to_owned()), "d".to_owned()));
    assert_eq!(place("/last"), (Some("last".to_owned()), "last".to_owned()));
    assert_eq!(format!("{:?}", node.pointer("/liste/0/c").unwrap().node.span), "t.yaml:4:8");
    assert!(node.pointer("/ä/x").is_none() && node.pointer("ä").is_none());
    assert_eq!(node.nearest("/ä/x/y").key_span().text(), "ä");
}

#[test]
fn a_byte_order_mark_does_not_move_places() {
    let node = read("\u{feff}a: ü\nb: c\n").0.unwrap();
    assert_eq!(node.get("b").unwrap().span.text(), "c");
    assert_eq!(node.entry("a").unwrap().key_span.text(), "a");
}

#[test]
fn aliases_and_merge_keys_are_resolved() {
    assert_eq!(
        json("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x\n"),
        r#"{"a":{"p":1,"q":2},"b":{"q":3,"p":1},"c":{"p":1,"q":2}}"#
    );
    assert_eq!(
        json("a: &x {p: 1}\nb: &y {p: 2, r: 3}\nc: {<<: [*x, *y]}\n"),
        r#"{"a":{"p":1},"b":{"p":2,"r":3},"c":{"p":1,"r":3}}"#
    );
    let long = (0..40).map(|i| format!("k{i}: {i}")).collect::<Vec<_>>().join(", ");
    assert!(json(&format!("a: &x {{{long}}}\nb: {{k3: own, <<: *x}}\n")).contains(r#""b":{"k3":"own","k0":0"#));
    assert_eq!(json("a: {\"<<\": 1}"), r#"{"a":{"<<":1}}"#);
}

#[test]
fn bombs_are_refused_in_no_time() {
    let levels = (1..20).map(|level| {
        let alias = format!("*a{}", level - 1);
        format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 10].join(", "))
    });
    let bomb = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()).chain(levels).collect::<String>();
    assert!(said(&bomb).contains("F0106"));
    assert!(said(&format!("a: &x \"{}\"\nb: [{}]\n", "y".repeat(1 << 20), "*x, ".repeat(10_000))).contains("F0106"));
    assert!(said(&"[".repeat(100_000)).contains("F010"));
    assert!(said(&"{a: ".repeat(70)).contains("F0105"));
    assert!(said(&"- ".repeat(100_000)).contains("F0105"));
    let deep = format!("a: &x {}1{}\nb: {}*x{}\n", "[".repeat(40), "]".repeat(40), "[".repeat(40), "]".repeat(40));
    assert!(said(&deep).contains("F0105"));
    assert!(said(&"x".repeat(MAX_BYTES + 1)).contains("F0106"));
}

#[test]
fn what_is_wrong_is_said_in_plain_words() {
    let documents = [
        "a: 1\nb: 2\na: 3\n",
        "a: {1: x, true: y, [z]: w}\n",
        "a: 1\n---\nb: 2\n",
        "a: !vault x\nb: !!int word\nc: !!binary eA==\nd: !own [x]\n",
        "a:\n\tb: 1\n",
        "a: 1\n\tb: 2\n",
        "a: {<<: 3}\nb: {<<: [1]}\n",
        "a: 99999999999999999999\nb: .inf\nc: -.NaN\n",
        "a: &x [*x]\n",
        "a: *nowhere\n",
        "a: {{ env_var('X') }}\n",
        "a: b\nc: {{ env_var('X') }}/y\n",
        "path: {product_slug}.duckdb\n",
        "a: b: c\n",
        "a: [1, 2\nb: 3\n",
        "a: {b: 1\nc: 2\n",
        "a: 'open\nb: c\n",
        "a: \"x\" y\n",
        "a: \"\\d\"\n",
        "a: @x\n",
        "a: `x`\n",
        "a:\n  b: 1\n c: 2\n",
        "a:\n  - b\n  c: d\n",
        "a: 1\n]\n",
        "a\nb: c\n",
        "a: - b\n",
        "a: b\u{7}\n",
        "a: b\0c\n",
        "a: 1\n\u{feff}b: 2\n",
        "%TAG ! x\n",
        "a: !h!x y\n",
        "a: |0\n  x\n",
    ];
    let all: Vec<String> = documents.iter().map(|text| format!("{text:?}\n{}", said(text))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn limits_are_named() {
    let bomb = format!("a: &a [x, x, x, x, x]\nb: &b [{0}]\nc: [{1}]\n", "*a, ".repeat(2000), "*b, ".repeat(100));
    let documents = ["[".repeat(70), bomb, "x".repeat(MAX_BYTES + 1)];
    insta::assert_snapshot!(documents.map(|text| said(&text)).join("\n"));
}
