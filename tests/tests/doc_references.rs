//! What the documents for vendors and platform engineers name as proof is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use floe_tests::workspace;
use regex::Regex;

const DOCUMENTS: [&str; 3] = ["abi-stability.md", "packaging.md", "security-model.md"];

/// The names of all functions of the Rust sources below a folder.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    let function = Regex::new(r"(?m)^\s*(?:pub )?fn (\w+)\(").expect("a pattern");
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            found.extend(function.captures_iter(&text).map(|name| name[1].to_owned()));
        }
    }
}

/// What a document names in backticks and is not there.
fn missing(document: &str, functions: &BTreeSet<String>) -> Vec<String> {
    let named = Regex::new(r"`([^`\n]+)`").expect("a pattern");
    let place = Regex::new(r"^(host|plugin-api|plugins|tests|fuzz|scripts|docs)/[\w/.-]*$").expect("a pattern");
    let test = Regex::new(r"^\w+::([a-z0-9_]+)$").expect("a pattern");
    let is_there = |name: &str| {
        if place.is_match(name) {
            workspace::root().join(name).exists()
        } else {
            test.captures(name).is_none_or(|test| functions.contains(&test[1]))
        }
    };
    named.captures_iter(document).map(|name| name[1].to_owned()).filter(|name| !is_there(name)).collect()
}

#[test]
fn what_the_documents_name_is_there() {
    let mut known = BTreeSet::new();
    for folder in ["host/src", "tests/tests", "plugins", "plugin-api"] {
        functions(&workspace::root().join(folder), &mut known);
    }
    for name in DOCUMENTS {
        let document = fs::read_to_string(workspace::root().join("docs").join(name)).expect("the document");
        assert_eq!(missing(&document, &known), Vec::<String>::new(), "{name}");
    }
    let wrong = "`host/src/nowhere.rs`, `lock::nobody_is_tested`, `tests/tests/lock.rs`";
    assert_eq!(missing(wrong, &known), ["host/src/nowhere.rs", "lock::nobody_is_tested"]);
}
