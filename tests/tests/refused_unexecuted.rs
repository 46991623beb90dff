//! What is refused is refused before anything of it is executed. The fixture `traces` leaves a file beside itself as
//! soon as the system's loader has it in hand.

use std::path::{Path, PathBuf};

use floe_tests::fixtures::fixture;
use floe_tests::redact::redact;
use floe_tests::{Project, forge};

fn trace(library: &Path) -> PathBuf {
    let mut name = library.as_os_str().to_owned();
    name.push(".trace");
    PathBuf::from(name)
}

/// Runs every command that looks at plugins on one that is forged from `traces`, and returns what they say.
fn refused(write: impl FnOnce(&Path, &Path)) -> String {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good", "traces"]);
    let library = project.install("libtraces.so", |to| write(fixture("traces"), to));
    let path = library.to_str().expect("a path in UTF-8");
    let mut said = String::new();
    for (arguments, code) in [
        (vec!["plugin", "list"], 0),
        (vec!["plugin", "inspect", path], 1),
        (vec!["plugin", "inspect", "traces"], 1),
        (vec!["compile"], 1),
        (vec!["health"], 1),
        (vec!["plan"], 1),
        (vec!["schema", "plugin", "traces"], 1),
    ] {
        let run = project.floe(&arguments).expect(code);
        assert!(!trace(&library).exists(), "{arguments:?} executed something of the plugin");
        if arguments[0] == "compile" {
            said = redact(&project, &run.transcript());
        }
    }
    said
}

#[test]
fn the_trace_is_left_where_the_plugin_is_used() {
    let project = Project::new().with_fixtures(&["traces"]).approving("traces", &["traces"]);
    let library = project.plugins().join("libtraces.so");
    let path = library.to_str().expect("a path in UTF-8");
    for arguments in [vec!["plugin", "list"], vec!["plugin", "inspect", path], vec!["plugin", "inspect", "traces"]] {
        let _ = project.floe(&arguments).expect(0);
        assert!(!trace(&library).exists(), "{arguments:?} needs nothing of the plugin executed");
    }
    let _ = project.floe(&["compile"]).expect(0);
    assert!(trace(&library).exists(), "the other tests here would show nothing");
}

#[test]
fn api_2_0_0() {
    insta::assert_snapshot!(refused(|from, to| forge::with_api_version(from, to, "2.0.0")));
}

#[test]
fn api_1_999_0() {
    insta::assert_snapshot!(refused(|from, to| forge::with_api_version(from, to, "1.999.0")));
}

#[test]
fn api_0_9_0() {
    insta::assert_snapshot!(refused(|from, to| forge::with_api_version(from, to, "0.9.0")));
}

#[test]
fn api_garbage() {
    insta::assert_snapshot!(refused(|from, to| forge::with_api_version(from, to, "garbage")));
}

#[test]
fn a_record_that_is_no_json() {
    insta::assert_snapshot!(refused(forge::with_garbage_record));
}

#[test]
fn a_record_that_is_none() {
    insta::assert_snapshot!(refused(forge::with_broken_magic));
}

#[test]
fn another_machine() {
    insta::assert_snapshot!(refused(forge::for_riscv));
}

#[test]
fn another_system() {
    insta::assert_snapshot!(refused(forge::for_macos));
}

#[test]
fn half_a_file() {
    insta::assert_snapshot!(refused(forge::truncated));
}

#[test]
fn a_version_that_the_manifest_does_not_want() {
    let project = Project::new().with_fixtures(&["traces"]);
    project.approve("traces", &["{name: traces, version: \">=2\"}"]);
    let run = project.floe(&["compile"]).expect(1);
    assert!(!trace(&project.plugins().join("libtraces.so")).exists());
    insta::assert_snapshot!(redact(&project, &run.transcript()));
}
