//! Artifacts that are read back, and what is said of those that cannot be.

use super::*;
use crate::diagnostics::{Report, TextStyle};

const GOOD: &str = r#"{
  "version": "1.7",
  "added": {"later": [1, 2.5, null]},
  "product": {"name": "shop", "more": true},
  "compute_registry": {
    "default": "duckdb",
    "computes": {"duckdb": {"plugin": "duckdb"}, "wh": {"plugin": "snowflake", "threads": 4}}
  },
  "transforms": [
    {"kind": "path", "selects": "models/a\u00fc", "compute": "wh"},
    {"compute": "duckdb", "selects": "b", "kind": "name", "tags": ["x"]}
  ],
  "plugins": {"duckdb": {"name": "duckdb", "version": "1.0.0", "target": "t", "sha256": "ab"}}
}
"#;

fn read(text: &str) -> Result<ReadArtifacts, Vec<Diagnostic>> {
    parse(&Source::new("target/floe/compiled_artifacts.json", text))
}

fn said(text: &str) -> String {
    let report = Report::new(read(text).expect_err("an error"));
    report.to_text(TextStyle::default(), "id")
}

#[test]
fn what_is_needed_is_read_with_its_places_and_the_rest_passed_over() {
    let artifacts = read(GOOD).unwrap();
    assert_eq!(artifacts.product.value, "shop");
    assert_eq!(artifacts.plugin("wh").unwrap().value, "snowflake");
    let transform = &artifacts.transforms[0];
    assert_eq!((transform.kind.as_str(), transform.selects.as_str()), ("path", "models/aü"));
    assert_eq!(transform.compute.span.text(), "\"wh\"");
    assert_eq!(format!("{:?}", transform.compute.span), "target/floe/compiled_artifacts.json:10:62");
    assert_eq!(artifacts.plugins["duckdb"].sha256.value, "ab");
    let marked = read(&format!("\u{feff}{GOOD}")).unwrap();
    assert_eq!(marked.transforms[0].compute.span.text(), "\"wh\"", "a byte order mark moves nothing");
}

#[test]
fn what_floe_compile_writes_is_read() {
    use crate::compile::artifacts as written;
    let artifacts = written::CompiledArtifacts {
        catalog: None,
        version: written::ARTIFACTS_VERSION,
        product: written::ProductRef { name: "shop".to_owned(), version: None },
        inheritance: Vec::new(),
        dbt: written::DbtProject { name: "shop".to_owned(), profile: "shop".to_owned() },
        environments: Vec::new(),
        compute_registry: written::ComputeRegistry {
            default: "nowhere".to_owned(),
            default_set_by: None,
            computes: BTreeMap::new(),
        },
        transforms: Vec::new(),
        plugins: BTreeMap::new(),
    };
    let mut text = Vec::new();
    artifacts.write_json(&mut text).unwrap();
    let errors = read(std::str::from_utf8(&text).unwrap()).expect_err("the default is no compute");
    assert_eq!(errors.len(), 1, "and that is all: {errors:#?}");
}

#[test]
fn what_is_no_artifacts_is_refused_with_its_place() {
    let cut = &GOOD[..GOOD.len() / 2];
    let documents = [
        "",
        "not json",
        "[1, 2]",
        "{}",
        "{\"version\": 1}",
        "{\"version\": \"2.0\", \"transforms\": 7}",
        "{\"version\": \"1.0\",\n \"product\": {}}",
        cut,
        &GOOD.replace("\"shop\"", "17"),
        &GOOD
            .replace("\"compute\": \"wh\"", "\"compute\": \"whh\"")
            .replace("\"default\": \"duckdb\"", "\"default\": \"ducdb\""),
        &GOOD.replace("\"selects\": \"b\", ", ""),
        &GOOD.replace("\"selects\": \"b\", \"kind\": \"name\"", "\"selects\": \"models/aü\", \"kind\": \"path\""),
        &GOOD.replace("\"plugin\": \"duckdb\"", "\"plugin\": [\"duckdb\"]"),
        "{\"version\": \"1.0\", \"version\": \"2.0\"}",
        &format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
    ];
    let all: Vec<String> =
        documents.iter().map(|text| format!("{}\n{}", text.chars().take(60).collect::<String>(), said(text))).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_value_may_be_as_deep_as_it_likes_where_nobody_looks() {
    let deep = GOOD.replace("[1, 2.5, null]", &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    // Read or refused, in no time and without running out of stack.
    let _ = read(&deep);
}
