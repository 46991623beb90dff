//! Every diagnostic is under a snapshot: each code of `floe explain` stands in a snapshot that is committed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use floe_tests::{Project, workspace};
use regex::Regex;

/// Codes that stand in no snapshot, each with the reason. Few, and none that a test could provoke.
const EXEMPT: &[(&str, &str)] = &[];

/// Files below a folder that end in one of these ways.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "snap" || end == "rs") {
            found.push(path);
        }
    }
}

/// What snapshots hold: all of a `.snap` file, and of a Rust file what stands behind `@` in an `assert_…snapshot!`.
fn snapshots() -> String {
    let mut paths = Vec::new();
    for folder in ["host/src", "host/tests", "tests/tests"] {
        files(&workspace::root().join(folder), &mut paths);
    }
    let inline =
        Regex::new(r##"(?s)assert_(?:json_|debug_)?snapshot!\(.*?@(?:r#*)?"(.*?)"#*,?\s*\)"##).expect("a pattern");
    let mut all = String::new();
    for path in paths {
        // The lists of all codes show that none is forgotten, and nothing of what a diagnostic says.
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("output__explain")) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if path.extension().is_some_and(|end| end == "snap") {
            all.push_str(&text);
        } else {
            all.extend(inline.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
    all
}

#[test]
fn every_code_is_under_a_snapshot() {
    let explained = Project::new().floe(&["explain", "--format", "json"]).expect(0).json();
    let codes: BTreeSet<String> = explained["codes"]
        .as_array()
        .expect("codes")
        .iter()
        .map(|code| code["code"].as_str().expect("a code").to_owned())
        .collect();
    let shown: BTreeSet<String> = Regex::new(r"\bF0\d{3}\b")
        .expect("a pattern")
        .find_iter(&snapshots())
        .map(|found| found.as_str().to_owned())
        .collect();
    let exempt: BTreeSet<String> = EXEMPT.iter().map(|(code, _)| (*code).to_owned()).collect();

    let missing: Vec<_> = codes.difference(&shown).filter(|code| !exempt.contains(*code)).collect();
    assert!(missing.is_empty(), "under no snapshot: {missing:?}");
    let needless: Vec<_> = exempt.intersection(&shown).collect();
    assert!(needless.is_empty(), "exempt, and yet under a snapshot: {needless:?}");
    let unknown: Vec<_> = shown.union(&exempt).filter(|code| !codes.contains(*code)).collect();
    assert!(unknown.is_empty(), "in a snapshot, and yet no code: {unknown:?}");
}
