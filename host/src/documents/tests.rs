//! Manifests and specs: what is read, and what is said of those that are wrong.

use super::*;
use crate::diagnostics::{Report, TextStyle, codes};
use proptest::prelude::*;
use serde_json::Value;

fn manifest(text: &str) -> Manifest {
    let (manifest, problems) = parse_manifest(&Source::new("manifest.yaml", text));
    assert!(problems.is_empty(), "{problems:#?}");
    manifest.unwrap()
}

fn spec(text: &str) -> Spec {
    let (spec, problems) = parse_spec(&Source::new("floe.yaml", text));
    assert!(problems.is_empty(), "{problems:#?}");
    spec.unwrap()
}

#[test]
fn the_manifest_of_the_design_is_read() {
    let manifest = manifest(include_str!("testdata/valid/manifest-design.yaml"));
    let computes = manifest.computes.unwrap();
    assert_eq!(computes.default.unwrap().value, "duckdb");
    let spark = &computes.approved[1];
    assert_eq!((spark.name.as_str(), spark.plugin()), ("spark_large", "spark"));
    let config = spark.config.as_ref().unwrap();
    assert_eq!((config.threads.as_deref(), config.timeout_seconds.as_deref()), (Some(&8), Some(&900)));
    assert_eq!(config.connection.to_json().to_string(), r#"{"host":"spark.svc","port":10000}"#);
    assert_eq!(spark.resources.large.as_ref().unwrap().memory_limit.as_ref().unwrap().as_str(), "32Gi");
    assert!(matches!(manifest.catalog.unwrap().login, manifest::CatalogLogin::Oauth2 { .. }));
    let prod = &manifest.environments[1].connections[0];
    assert_eq!(prod.settings.connection.to_json().to_string(), r#"{"host":"spark.prod"}"#);
    assert_eq!(format!("{:?}", prod.compute.span), "manifest.yaml:31:19");
}

#[test]
fn the_spec_of_the_design_is_read() {
    let spec = spec(include_str!("testdata/valid/spec-design.yaml"));
    assert_eq!(spec.metadata.name.value, "sales-analytics");
    let selected: Vec<_> =
        spec.transforms.iter().map(|one| format!("{} {}", one.selector.key(), one.selector.text().value)).collect();
    assert_eq!(
        selected,
        ["path models/", "path models/staging/", "name mart_sales", "path seeds/", "package elementary"]
    );
    assert_eq!(spec.transforms[2].depends_on[0].value, "stg_orders");
    assert_eq!(environments::names([], &spec), ["dev", "prod"]);
}

/// The documents of a corpus: what each is about, and its text.
fn corpus(text: &str) -> Vec<(&str, &str)> {
    let documents = text.split("--- ").skip(1);
    documents.map(|document| document.split_once('\n').expect("a title and a document")).collect()
}

const INVALID_MANIFESTS: &str = include_str!("testdata/invalid-manifest.yaml");
const INVALID_SPECS: &str = include_str!("testdata/invalid-spec.yaml");

fn valid(kind: &str) -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/documents/testdata/valid");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(kind))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    found.sort();
    assert!(found.len() > 2);
    found
}

fn manifest_problems(text: &str) -> Vec<Diagnostic> {
    parse_manifest(&Source::new("manifest.yaml", text)).1
}

fn spec_problems(text: &str) -> Vec<Diagnostic> {
    parse_spec(&Source::new("floe.yaml", text)).1
}

fn said(corpus_text: &str, problems: fn(&str) -> Vec<Diagnostic>) -> String {
    let one = |(title, text): (&str, &str)| {
        let report = Report::new(problems(text));
        assert!(report.has_errors(), "{title} is fine");
        format!("=== {title}\n\n{}", report.to_text(TextStyle::default(), "id"))
    };
    corpus(corpus_text).into_iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_wrong_in_a_manifest_is_said() {
    insta::assert_snapshot!(said(INVALID_MANIFESTS, manifest_problems));
}

#[test]
fn what_is_wrong_in_a_spec_is_said() {
    insta::assert_snapshot!(said(INVALID_SPECS, spec_problems));
}

#[test]
fn a_secret_that_is_written_out_is_shown_nowhere() {
    assert!(!said(INVALID_MANIFESTS, manifest_problems).contains("hunter2"));
}

#[test]
fn every_code_of_documents_is_under_a_snapshot() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/src/documents");
    let mut all = String::new();
    for folder in ["snapshots", "yaml/snapshots", "secrets/snapshots", "hierarchy/snapshots"] {
        for entry in std::fs::read_dir(format!("{here}/{folder}")).unwrap() {
            all += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
        }
    }
    let codes = [
        codes::documents::ALL,
        codes::manifest::ALL,
        // The rest is about what specs name in the dbt project.
        &[&codes::spec::SELECTOR, &codes::spec::PATH],
        &[&codes::machine::FILE_NOT_FOUND, &codes::machine::NOT_A_FILE],
    ];
    for code in codes.into_iter().flatten() {
        assert!(all.contains(&format!("[{}]", code.id)), "no snapshot shows {} {}", code.id, code.title);
    }
}

fn schema_agrees(schema: &Value, kind: &str, invalid: &str, problems: fn(&str) -> Vec<Diagnostic>) {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    let json = |text: &str| yaml::parse(&Source::new("t.yaml", text)).0.map(|node| node.to_json());
    for (title, text) in valid(kind) {
        assert!(problems(&text).is_empty(), "{title}: {:#?}", problems(&text));
        let json = json(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{title}: {errors:#?}");
    }
    for (title, text) in corpus(invalid) {
        let accepts = validator.is_valid(&json(text).unwrap());
        assert_eq!(accepts, title.ends_with("(schema accepts)"), "{title}");
    }
}

#[test]
fn the_schemas_agree_with_the_readers() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema::manifest_schema()));
    assert!(jsonschema::draft202012::meta::is_valid(&schema::spec_schema()));
    schema_agrees(&schema::manifest_schema(), "manifest", INVALID_MANIFESTS, manifest_problems);
    schema_agrees(&schema::spec_schema(), "spec", INVALID_SPECS, spec_problems);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| camino::Utf8PathBuf::try_from(folder.path().join(name)).unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    std::fs::write(path("latin1.yaml"), b"a: 1\nb: caf\xe9\n").unwrap();
    std::fs::write(path("utf16.yaml"), b"\xff\xfea\0:\0").unwrap();
    std::fs::write(path("empty.yaml"), b"# nothing\n").unwrap();
    std::fs::write(path("long.yaml"), vec![b'#'; yaml::MAX_BYTES + 1]).unwrap();
    let mut all = Vec::new();
    for name in ["missing.yaml", "folder", "latin1.yaml", "utf16.yaml", "empty.yaml", "long.yaml"] {
        let (manifest, problems) = load_manifest(&path(name));
        assert!(manifest.is_none());
        all.extend(problems);
        assert!(load_spec(&path(name)).0.is_none());
    }
    let text: Vec<_> = all.iter().map(|problem| problem.to_text("id")).collect();
    let text = text.join("\n\n").replace(folder.path().to_str().unwrap(), "conf");
    insta::assert_snapshot!(text);
}

#[test]
fn with_one_compute_that_is_the_default() {
    let manifest = manifest(include_str!("testdata/valid/manifest-one.yaml"));
    let computes = manifest.computes.unwrap();
    assert_eq!(computes.default.unwrap().value, "duckdb");
    let config = computes.approved[0].config.as_ref().unwrap();
    assert_eq!(config.threads.as_deref(), Some(&2), "by a merge key");
}

/// A text that is nearly a document: lines of valid ones, shuffled, cut and spoiled.
fn nearly_a_document() -> impl Strategy<Value = String> {
    let all: Vec<String> = valid("manifest").into_iter().chain(valid("spec")).map(|(_, text)| text).collect();
    let lines: Vec<String> = all.join("\n").lines().map(str::to_owned).collect();
    let line = prop_oneof![
        8 => proptest::sample::select(lines),
        1 => "[ \\t]{0,6}[-?:,{}&*!|>'\"%@`#a-z<~ ]{0,12}",
        1 => any::<String>(),
    ];
    proptest::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

/// Text of what means something to YAML.
const SPECIAL: &str =
    "([-?:,\\[\\]{}&*!|>'\"%@`#a<~. \\t\\n\\ré\u{feff}]|- |: |\n  |---\n|<<: |&a |\\*a |!!str |%TAG ){0,60}";

/// What a line of a valid document may be spoiled with; `None` takes the line away.
fn value() -> impl Strategy<Value = Option<&'static str>> {
    const VALUES: &[&str] = &[
        "",
        "3",
        "0",
        "-1",
        "1.5",
        "70",
        "true",
        "~",
        "text",
        "A b",
        "\"\"",
        "\" \"",
        "[]",
        "[a]",
        "[A, 1]",
        "{}",
        "{a: b}",
        "[{name: a}]",
        "{type: duckdb}",
        "{approved: [a]}",
        "{name: a}",
        "domain",
        "\"{{ env_var('X') }}\"",
        "../a",
        "/a",
        "{secret: {source: env, name: A}}",
        "{small: {cpu_limit: 1e3, memory_limit: .5}}",
        "[{name: a, vars: {}}]",
    ];
    proptest::option::weighted(0.8, proptest::sample::select(VALUES))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_makes_a_reader_panic(text in prop_oneof![any::<String>(), SPECIAL]) {
        let source = Source::new("t.yaml", text);
        let problems = [parse_manifest(&source).1, parse_spec(&source).1].concat();
        let _ = Report::new(problems).to_text(TextStyle::default(), "id");
    }

    #[test]
    fn what_a_reader_accepts_its_schema_accepts(document in 0..9_usize, line in 0..30_usize, value in value()) {
        let kind = if document % 3 == 2 { "spec" } else { "manifest" };
        let documents = valid(kind);
        let text = &documents[document % documents.len()].1;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = line % lines.len();
        match (value, lines[line].split_once(": ")) {
            (Some(value), Some((key, _))) => lines[line] = format!("{key}: {value}"),
            _ => drop(lines.remove(line)),
        }
        let source = Source::new("t.yaml", lines.join("\n"));
        let (problems, schema) = match kind {
            "spec" => (parse_spec(&source).1, schema::spec_schema()),
            _ => (parse_manifest(&source).1, schema::manifest_schema()),
        };
        if problems.is_empty() {
            let json = yaml::parse(&source).0.unwrap().to_json();
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            let errors: Vec<_> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
            prop_assert!(errors.is_empty(), "{:?}\n{}", errors, source.text());
        }
    }

    #[test]
    fn nothing_near_a_document_makes_a_reader_panic(text in nearly_a_document()) {
        let source = Source::new("t.yaml", text);
        for (is_read, problems) in [
            (parse_manifest(&source).0.is_some(), parse_manifest(&source).1),
            (parse_spec(&source).0.is_some(), parse_spec(&source).1),
        ] {
            prop_assert!(is_read || problems.iter().any(Diagnostic::is_error), "refused without a word");
            let _ = Report::new(problems).to_text(TextStyle::default(), "id");
        }
    }
}
