//! Parity holds whatever spelling YAML allows: 10,000 documents into which a selection of a compute was put are refused
//! for it, and 10,000 that only look alike are not.
//!
//! The documents are the same in every run; `FLOE_PARITY_SEED=N` makes others, `FLOE_PARITY_CASES=N` more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why")]

mod documents;
mod emit;
mod insert;
mod tape;
mod tree;

use floe::compile::parity::selections::undeclared;
use floe::compile::schema::SettingsSchema;
use floe::diagnostics::codes::documents::PARITY;
use floe::diagnostics::{Diagnostic, Source};
use floe::documents::{parse_manifest, parse_spec, yaml};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use documents::Kind;
use tape::Tape;

fn number(variable: &str, otherwise: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// As many as are promised.
fn cases() -> u64 {
    number("FLOE_PARITY_CASES", 10_000)
}

/// Runs a property over tapes of choices, which shrink towards the plainest document.
fn check(cases: u64, property: impl Fn(&mut Tape) -> Result<(), TestCaseError>) {
    let cases = u32::try_from(cases).expect("some cases");
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number("FLOE_PARITY_SEED", 24).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let outcome = runner.run(&tape::strategy(), |choices| property(&mut Tape::new(choices)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A schema that has a setting `compute`, as dbt-databricks has, or one that takes all and names nothing.
fn schema(has_compute: bool) -> SettingsSchema {
    let schema = if has_compute {
        json!({"type": "object", "properties": {"compute": {"type": "object"}}})
    } else {
        json!({"type": "object", "additionalProperties": true})
    };
    SettingsSchema::new("p", schema).expect("a schema")
}

/// All that reader and compiler say of a document, where no plugin is asked but for its schema.
fn problems(kind: Kind, text: &str, schema: &SettingsSchema) -> Vec<Diagnostic> {
    let source = Source::new("document.yaml", text);
    match kind {
        Kind::Spec => parse_spec(&source).1,
        Kind::Manifest => {
            let (manifest, mut problems) = parse_manifest(&source);
            for environment in manifest.iter().flat_map(|manifest| &manifest.environments) {
                let settings = environment.connections.iter().map(|connection| &connection.settings);
                problems.extend(settings.filter_map(|settings| undeclared(settings, &environment.name, schema)));
            }
            problems
        }
    }
}

/// What the text stands for, without what the emitter put at the top for its aliases.
fn meaning(text: &str) -> Option<Value> {
    let mut value = yaml::parse(&Source::new("document.yaml", text)).0?.to_json();
    value.as_object_mut()?.retain(|key, _| !key.starts_with(emit::HOISTED));
    Some(value)
}

fn fail(message: &str, text: &str, problems: &[Diagnostic]) -> TestCaseError {
    let said: Vec<_> = problems.iter().map(|problem| problem.to_text("id")).collect();
    TestCaseError::fail(format!("{message}\n{text}\n{}", said.join("\n")))
}

#[test]
fn every_selection_under_an_environment_is_found() {
    let none = schema(false);
    check(cases(), |tape| {
        let kind = tape.pick(&[Kind::Spec, Kind::Manifest]);
        let mut tree = documents::valid(tape, kind, documents::Maps::None);
        insert::selection(tape, kind, &mut tree);
        let text = emit::document(tape, &tree);
        if meaning(&text).as_ref() != Some(&tree.to_json()) {
            return Err(fail("the emitter wrote something else", &text, &[]));
        }
        let found = problems(kind, &text, &none);
        match found.as_slice() {
            [only] if *only.code == PARITY && only.is_error() && !only.labels.is_empty() => Ok(()),
            _ => Err(fail("not exactly the selection was found", &text, &found)),
        }
    });
}

#[test]
fn nothing_that_looks_alike_is_refused() {
    let databricks = schema(true);
    check(cases(), |tape| {
        let kind = tape.pick(&[Kind::Spec, Kind::Manifest]);
        let tree = documents::valid(tape, kind, documents::Maps::Declared);
        let text = emit::document(tape, &tree);
        if meaning(&text).as_ref() != Some(&tree.to_json()) {
            return Err(fail("the emitter wrote something else", &text, &[]));
        }
        let found = problems(kind, &text, &databricks);
        if found.is_empty() { Ok(()) } else { Err(fail("a valid document is refused", &text, &found)) }
    });
}

/// The generators reach what they are for: without this the two tests above could pass on dull documents.
#[test]
fn the_documents_are_as_varied_as_yaml_is() {
    let seen = std::cell::RefCell::new(std::collections::BTreeMap::<&str, usize>::new());
    let marks = [
        ("a merge key", "<<: *"),
        ("a list of merges", "<<: ["),
        ("a merge written out", "<<: {"),
        ("an escaped key", "\\x"),
        ("an escaped key in another way", "\\u00"),
        ("a tagged key", "!!str "),
        ("a key on a line of its own", "? "),
        ("an anchor", "&h"),
        ("an alias", "*h"),
        ("an alias as a key", "*k"),
        ("a flow mapping", "{"),
        ("a flow list", "["),
        ("a byte order mark", "\u{feff}"),
        ("lines that end in CRLF", "\r\n"),
        ("a comment", "# "),
        ("a block text", "|-"),
        ("a directive", "%YAML"),
        ("a letter beyond ASCII", "ü"),
    ];
    check(2_000, |tape| {
        let kind = tape.pick(&[Kind::Spec, Kind::Manifest]);
        let mut tree = documents::valid(tape, kind, documents::Maps::None);
        insert::selection(tape, kind, &mut tree);
        let text = emit::document(tape, &tree);
        for (what, mark) in marks {
            *seen.borrow_mut().entry(what).or_default() += usize::from(text.contains(mark));
        }
        Ok(())
    });
    let seen = seen.into_inner();
    for (what, _) in marks {
        assert!(seen[what] >= 50, "{what} in {} documents only: {seen:#?}", seen[what]);
    }
}
