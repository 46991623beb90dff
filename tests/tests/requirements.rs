//! `docs/requirements.md` says the truth: every requirement stands there once, and what it names is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use floe_tests::workspace;
use regex::Regex;

/// All that was asked for: the ids of the two requirement documents, and their edge cases and scenarios, numbered in order.
/// The documents lie outside of the repository; this list changes when they do, and with nothing else.
const IDS: &str = "
    FR-001 FR-002 FR-003 FR-004 FR-004a FR-005 FR-006 FR-007 FR-008 FR-009 FR-010 FR-011 FR-012 FR-013 FR-014 FR-015
    FR-016 FR-017 FR-018 FR-019 FR-020 FR-021 FR-022 FR-023 FR-024
    REQ-011 REQ-012 REQ-013 REQ-014 REQ-015 REQ-016 REQ-017 REQ-018 REQ-019 REQ-020 REQ-021 REQ-022 REQ-023 REQ-024
    SC-001 SC-002 SC-003 SC-004 SC-005 SC-006 SC-007 SC-008 SC-009
    EC-1 EC-2 EC-3 EC-4 EC-5 EC-6
    US-1.1 US-1.2 US-1.3 US-2.1 US-2.2 US-2.3 US-2.4 US-3.1 US-3.2 US-3.3 US-4.1 US-4.2 US-4.3 US-5.1 US-5.2 US-5.3
    US-6.1 US-6.2 US-6.3 US-7.1 US-7.2 US-7.3
";

/// One line of the tables.
struct Row {
    id: String,
    status: String,
    code: Vec<String>,
    tests: Vec<String>,
}

/// The lines of all tables, and those that are none.
fn rows(document: &str, problems: &mut Vec<String>) -> Vec<Row> {
    let mut rows = Vec::new();
    for line in document.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, status, code, tests, _] = cells.as_slice() else {
            problems.push(format!("not six cells: {line}"));
            continue;
        };
        if *id != "id" && !id.starts_with("---") {
            rows.push(Row {
                id: (*id).to_owned(),
                status: (*status).to_owned(),
                code: named(id, code, problems),
                tests: named(id, tests, problems),
            });
        }
    }
    rows
}

/// What a cell names: `…` or [text](page), with commas; nothing where it is a dash.
fn named(id: &str, cell: &str, problems: &mut Vec<String>) -> Vec<String> {
    if cell == "—" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for part in cell.split(", ") {
        let code = part.strip_prefix('`').and_then(|part| part.strip_suffix('`'));
        let page =
            part.split_once("](").and_then(|(_, page)| page.strip_suffix(')')).map(|page| format!("docs/{page}"));
        match code.map(ToOwned::to_owned).or(page) {
            Some(name) => found.push(name),
            None => problems.push(format!("{id}: neither a name in backticks nor a link: {part}")),
        }
    }
    found
}

/// The folders of the workspace's crates, by name.
fn crates() -> BTreeMap<String, PathBuf> {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let root = read(&workspace::root().join("Cargo.toml"));
    let members = root.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).expect("members");
    let name = Regex::new(r#"(?m)^name = "([^"]+)"$"#).expect("a pattern");
    members
        .split(',')
        .map(|member| workspace::root().join(member.trim().trim_matches('"')))
        .map(|folder| (name.captures(&read(&folder.join("Cargo.toml"))).expect("a name")[1].to_owned(), folder))
        .collect()
}

/// Whether `crate/file::function` is a test that runs.
fn is_test(test: &str, crates: &BTreeMap<String, PathBuf>) -> bool {
    let Some((path, function)) = test.split_once("::") else { return false };
    let Some((name, file)) = path.split_once('/') else { return false };
    let Some(folder) = crates.get(name) else { return false };
    // Between `#[test]` and the function there may be more attributes and comments.
    let pattern =
        format!(r"#\[test\]((?:\s*(?:#\[[^\]]*\]|//[^\n]*))*)\s*(?:pub )?fn {}\s*\(", regex::escape(function));
    let pattern = Regex::new(&pattern).expect("a pattern");
    let places = ["tests", "src"].map(|place| folder.join(place).join(file));
    let files = places.iter().flat_map(|place| [place.with_extension("rs"), place.join("mod.rs")]);
    files.filter_map(|file| fs::read_to_string(file).ok()).any(|text| {
        pattern.captures_iter(&text).any(|found| !found[1].contains("#[ignore") && !found[1].contains("#[cfg"))
    })
}

/// Everything that is wrong with the document.
fn problems(document: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let rows = rows(document, &mut problems);
    let wanted: BTreeSet<&str> = IDS.split_whitespace().collect();
    for id in &wanted {
        match rows.iter().filter(|row| row.id == **id).count() {
            1 => {}
            count => problems.push(format!("{id} stands there {count} times")),
        }
    }
    let crates = crates();
    for Row { id, status, code, tests } in &rows {
        if !wanted.contains(id.as_str()) {
            problems.push(format!("{id} is no requirement"));
        }
        match status.as_str() {
            "done" if code.is_empty() => problems.push(format!("{id} is done, and no code does it")),
            "done" if tests.is_empty() => problems.push(format!("{id} is done, and no test shows it")),
            "done" | "planned" => {}
            other => problems.push(format!("{id} is neither done nor planned: {other}")),
        }
        let missing = code.iter().filter(|path| !workspace::root().join(path).exists());
        problems.extend(missing.map(|path| format!("{id}: there is no {path}")));
        let missing = tests.iter().filter(|test| !is_test(test, &crates));
        problems.extend(missing.map(|test| format!("{id}: there is no test {test}")));
    }
    problems
}

fn document() -> String {
    fs::read_to_string(workspace::root().join("docs/requirements.md")).expect("docs/requirements.md")
}

#[test]
fn every_requirement_is_tied_to_code_and_tests_that_are_there() {
    let problems = problems(&document());
    assert!(problems.is_empty(), "docs/requirements.md:\n{}", problems.join("\n"));
}

#[test]
fn a_table_that_lies_is_found_out() {
    let truth = document();
    let row = truth.lines().find(|line| line.starts_with("| FR-001 ")).expect("the row of FR-001");
    let test = "floe-plugin-api/refused::rustc_says_what_an_author_forgot";
    let code = "`plugin-api/src/plugin.rs`";
    assert!(row.contains("| done |") && row.contains(test) && row.contains(code), "{row}");
    let tests = row.split(" | ").find(|cell| cell.contains(test)).expect("the tests of FR-001");
    for (lie, said) in [
        (String::new(), "FR-001 stands there 0 times"),
        (format!("{row}\n{row}"), "FR-001 stands there 2 times"),
        (row.replace("FR-001", "FR-999"), "FR-999 is no requirement"),
        (row.replace("| done |", "| nearly |"), "FR-001 is neither done nor planned: nearly"),
        (row.replace(code, "—"), "FR-001 is done, and no code does it"),
        (row.replace(code, "`plugin-api/src/plug.rs`"), "FR-001: there is no plugin-api/src/plug.rs"),
        (row.replace(code, "the trait"), "FR-001: neither a name in backticks nor a link: the trait"),
        (row.replace(tests, "—"), "FR-001 is done, and no test shows it"),
        (
            row.replace("what_an_author_forgot", "nothing"),
            "FR-001: there is no test floe-plugin-api/refused::rustc_says_nothing",
        ),
        (row.replace("floe-plugin-api/refused", "floe-plugin/refused"), "there is no test floe-plugin/refused::"),
        // A function, and no test.
        (row.replace(test, "floe-tests/output::said"), "FR-001: there is no test floe-tests/output::said"),
        (row.replace(" | done", ""), "not six cells"),
    ] {
        let problems = problems(&truth.replace(row, &lie));
        assert!(
            problems.iter().any(|problem| problem.contains(said)),
            "{said} is not said of\n{lie}\nbut {problems:?}"
        );
    }
}
