//! Several plugins in one product.

use std::fs;

use floe_tests::Project;
use floe_tests::redact::redact;

#[test]
fn two_plugins_of_one_source_load_together() {
    let project = Project::new().with_fixtures(&["twin_a", "twin_b"]).approving("twin_b", &["twin_a", "twin_b"]);
    let _ = project.floe(&["compile"]).expect(0);
    let artifacts = fs::read_to_string(project.path("target/floe/compiled_artifacts.json")).expect("artifacts");
    let artifacts: serde_json::Value = serde_json::from_str(&artifacts).expect("JSON");
    let sha256 = |plugin: &str| artifacts["plugins"][plugin]["sha256"].as_str().map(ToOwned::to_owned);
    assert!(sha256("twin_a").is_some() && sha256("twin_a") != sha256("twin_b"), "{artifacts:#}");

    let health = project.floe(&["health", "--format", "json"]).expect(0).json();
    let said: Vec<_> = health["computes"].as_array().expect("computes").iter().map(|c| c["message"].clone()).collect();
    assert_eq!(said, ["twin_a answers", "twin_b answers"]);
}

#[test]
fn two_computes_on_one_plugin() {
    let project = Project::new().with_fixtures(&["good"]);
    project.approve("left", &["{name: left, plugin: good}", "{name: right, plugin: good, config: {schema: other}}"]);
    let _ = project.floe(&["compile"]).expect(0);
    let profile = |compute: &str| {
        fs::read_to_string(project.path(&format!("target/floe/profiles/dev/{compute}/profiles.yml")))
            .expect("a profile")
    };
    assert!(profile("left").contains("main") && profile("right").contains("other"));
}

#[test]
fn two_files_of_one_name_in_one_folder() {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    project.install("libsame.so", |to| {
        fs::copy(floe_tests::fixtures::fixture("good"), to).expect("the fixture can be copied");
    });
    let run = project.floe(&["compile"]).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
}

#[test]
fn a_plugin_sees_the_variables_that_it_asks_for() {
    let project = Project::new().with_fixtures(&["sees-env"]).approving("sees-env", &["sees-env"]);
    let mut command = project.command(&["health", "--format", "json"]);
    command.env("FLOE_FIXTURE_WANTED", "1").env("FLOE_FIXTURE_OTHER", "1").env("AWS_SECRET_ACCESS_KEY", "x");
    let health = floe_tests::Run::of(&mut command).expect(0).json();
    let seen = health["computes"][0]["details"]["other"]["env"].to_string();
    assert!(seen.contains("FLOE_FIXTURE_WANTED"), "{seen}");
    assert!(!seen.contains("FLOE_FIXTURE_OTHER") && !seen.contains("AWS_SECRET"), "{seen}");
}
