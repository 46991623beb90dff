//! What must hold of every reader, whatever it is given. Used by the fuzz targets, and by the stable test that replays
//! their corpora (`host/tests/fuzz_corpus.rs`).

use floe::compile::artifacts::read;
use floe::compile::parity::compare::compare;
use floe::diagnostics::{Diagnostic, Report, TextStyle};
use floe::documents;
use floe::plugins::trust::Lock;

/// A manifest.
pub(crate) fn manifest(bytes: &[u8]) {
    let problems = match documents::decode("manifest.yaml".into(), "the manifest", bytes.to_vec()) {
        Ok(source) => {
            let (manifest, problems) = documents::parse_manifest(&source);
            said_or_read(manifest.is_some(), &problems);
            problems
        }
        Err(problem) => vec![*problem],
    };
    can_be_shown(problems);
}

/// A spec.
pub(crate) fn spec(bytes: &[u8]) {
    let problems = match documents::decode("floe.yaml".into(), "the spec", bytes.to_vec()) {
        Ok(source) => {
            let (spec, problems) = documents::parse_spec(&source);
            said_or_read(spec.is_some(), &problems);
            problems
        }
        Err(problem) => vec![*problem],
    };
    can_be_shown(problems);
}

/// A lock.
pub(crate) fn lock(bytes: &[u8]) {
    let (lock, problems) = Lock::from_bytes("floe.lock".into(), bytes.to_vec());
    said_or_read(lock.is_some(), &problems);
    can_be_shown(problems);
}

/// Artifacts. Those that can be read are in parity with themselves.
pub(crate) fn artifacts(bytes: &[u8]) {
    let problems = match documents::decode("compiled_artifacts.json".into(), "the artifacts", bytes.to_vec()) {
        Ok(source) => match read::parse(&source) {
            Ok(artifacts) => {
                let found = compare(&artifacts, &artifacts);
                assert!(found.diagnostics.is_empty() && found.differing() == 0, "{found:?}");
                Vec::new()
            }
            Err(problems) => {
                said_or_read(false, &problems);
                problems
            }
        },
        Err(problem) => vec![*problem],
    };
    can_be_shown(problems);
}

fn said_or_read(is_read: bool, problems: &[Diagnostic]) {
    assert!(is_read || problems.iter().any(Diagnostic::is_error), "refused without a word");
}

/// Every diagnostic can be shown to people and to machines, and says how to mend it.
fn can_be_shown(problems: Vec<Diagnostic>) {
    for problem in &problems {
        assert!(!problem.message.is_empty() && !problem.help.is_empty(), "{problem:?}");
    }
    let report = Report::new(problems);
    let text = report.to_text(TextStyle::default(), "id");
    assert_eq!(text.is_empty(), report.is_empty());
    for object in report.to_json("id") {
        for span in object["spans"].as_array().into_iter().flatten() {
            assert!(span["line"].as_u64() > Some(0) && span["column"].as_u64() > Some(0), "{object}");
        }
    }
}
