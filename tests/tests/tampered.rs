//! One bit changed in a plugin's machine code. Nothing in the file itself can tell; its sha256 does, which
//! `floe plugin inspect` shows and the artifacts keep. (Holding a plugin to its sha256 is `floe.lock`'s.)

use floe_tests::fixtures::fixture;
use floe_tests::{Project, forge};

fn sha256(project: &Project) -> String {
    let json = project.floe(&["plugin", "inspect", "good", "--format", "json"]).expect(0).json();
    json["plugins"][0]["sha256"].as_str().expect("a sha256").to_owned()
}

#[test]
fn one_changed_bit_is_seen_in_the_sha256() {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    let whole = sha256(&project);
    let _ = project.floe(&["compile"]).expect(0);
    let artifacts = std::fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    assert!(artifacts.contains(&whole));
    project.install("libgood.so", |to| forge::tampered(fixture("good"), to));
    assert_ne!(sha256(&project), whole);
}
