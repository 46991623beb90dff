//! The errors that a plugin says: each kind has its code, its help line and the id of the command, for people and for
//! machines, whether a profile, a check or the finding of a check fails.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use floe_tests::Project;
use floe_tests::redact::redact;
use serde_json::Value;

/// A word of a plugin, the kind that floe reads from it, and the codes of an error and of an unhealthy engine.
const KINDS: [(&str, &str, &str, &str); 6] = [
    ("configuration", "configuration", "F0611", "F0701"),
    ("connection", "connection", "F0612", "F0702"),
    ("timeout", "timeout", "F0613", "F0703"),
    ("query", "query", "F0614", "F0704"),
    ("plugin_execution", "plugin_execution", "F0615", "F0705"),
    // A kind of a later version.
    ("quota", "unknown", "F0616", "F0702"),
];

/// A compute for every kind, named as it, with one of the fixture's settings; and a good one, which is the default.
fn project(setting: &str, more: &str) -> Project {
    let project = Project::new().with_fixtures(&["good", "says-errors"]);
    let mut computes = vec!["good".to_owned()];
    computes.extend(
        KINDS.map(|(kind, ..)| format!("{{name: {kind}, plugin: says-errors, config: {{{setting}: {kind}{more}}}}}")),
    );
    project.approve("good", &computes.iter().map(String::as_str).collect::<Vec<_>>());
    project
}

/// Expects one error for every kind, all with the id of one command, and the plugin's own help line or one of floe's.
fn assert_one_each(json: &Value, code: impl Fn(usize) -> &'static str, own_help: bool) {
    let diagnostics = json["diagnostics"].as_array().expect("diagnostics");
    assert_eq!(diagnostics.len(), KINDS.len(), "{json:#}");
    for (at, (word, kind, ..)) in KINDS.into_iter().enumerate() {
        let found: Vec<_> = diagnostics.iter().filter(|one| one["compute"] == word).collect();
        let [one] = found[..] else { panic!("{word}: {json:#}") };
        assert_eq!((&one["code"], &one["severity"]), (&code(at).into(), &"error".into()), "{one:#}");
        assert_eq!(one["kind"], kind, "{one:#}");
        let message = one["message"].as_str().unwrap_or_default();
        assert!(message.contains(&format!("the engine has a failure of kind {word}")), "{one:#}");
        let told = one["help"].as_str().unwrap_or_default();
        assert!(if own_help { told == help(word) } else { !told.is_empty() }, "{one:#}");
        assert!(one["spans"][0]["line"].as_u64().is_some_and(|line| line > 0), "{one:#}");
    }
    let ids: BTreeSet<_> = diagnostics.iter().map(|one| one["correlation_id"].as_str().unwrap_or_default()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
}

/// The help line of the fixture.
fn help(kind: &str) -> String {
    format!("mend the {kind}")
}

/// What people see of `floe ARGUMENTS`, and what machines see of it.
fn both(project: &Project, arguments: &[&str]) -> (String, Value) {
    let text = project.floe(arguments).expect(1).transcript();
    let json = project.floe(&[arguments, &["--format", "json"]].concat()).expect(1).json();
    (redact(project, &text), json)
}

#[test]
fn instead_of_a_profile() {
    let project = project("profile", "");
    let (text, json) = both(&project, &["compile"]);
    assert_one_each(&json, |at| KINDS[at].2, true);
    insta::assert_snapshot!(text);
    assert!(!project.path("target/floe").exists());
}

#[test]
fn instead_of_a_check() {
    let (text, json) = both(&project("check", ""), &["health"]);
    assert_one_each(&json, |at| KINDS[at].2, true);
    insta::assert_snapshot!(text);
}

#[test]
fn as_the_finding_of_a_check() {
    let project = project("finds", "");
    let (text, json) = both(&project, &["health"]);
    assert_one_each(&json, |at| KINDS[at].3, true);
    insta::assert_snapshot!(text);
    let computes = json["computes"].as_array().expect("computes");
    for (compute, status) in computes.iter().zip([["healthy"].as_slice(), &["unhealthy"; KINDS.len()]].concat()) {
        assert_eq!(compute["status"], status, "{compute:#}");
    }
    for (compute, (word, ..)) in computes[1..].iter().zip(KINDS) {
        assert_eq!((&compute["reason"], &compute["help"]), (&format!("says_{word}").into(), &help(word).into()));
    }
}

/// Floe gives a help line where a plugin gives none.
#[test]
fn without_help() {
    let mut seen = String::new();
    for (setting, command) in [("profile", "compile"), ("check", "health"), ("finds", "health")] {
        let (_, json) = both(&project(setting, ", curt: true"), &[command]);
        let code = |at: usize| if setting == "finds" { KINDS[at].3 } else { KINDS[at].2 };
        assert_one_each(&json, code, false);
        for one in json["diagnostics"].as_array().expect("diagnostics") {
            let of = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            let _ = writeln!(seen, "{setting} {} {}: {}", of("code"), of("kind"), of("help"));
        }
    }
    insta::assert_snapshot!(seen);
}

#[test]
fn each_alone_fails_the_command() {
    for (setting, command) in [("profile", "compile"), ("check", "health"), ("finds", "health")] {
        for (kind, ..) in KINDS {
            let compute = format!("{{name: engine, plugin: says-errors, config: {{{setting}: {kind}}}}}");
            let project = Project::new().with_fixtures(&["good", "says-errors"]).approving("good", &["good", &compute]);
            let found = project.floe(&[command, "--format", "json"]).expect(1).diagnostics();
            assert_eq!(found.len(), 1, "{setting} {kind}: {found:#?}");
        }
    }
}
