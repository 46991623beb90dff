//! A plugin does not have to be built as the host is.

use std::process::Command;

use floe_tests::show;
use floe_tests::{Project, workspace};

/// Compiles and checks a product on a fixture that was built with these arguments of cargo.
fn loads(example: &str, name: &str, toolchain: &[&str], profile: &[&str], target: &str) {
    let mut cargo = workspace::cargo();
    cargo.args(toolchain).args(["build", "--locked", "-p", "floe-fixture-misbehaving", "--example", example]);
    cargo.args(profile).env("CARGO_TARGET_DIR", workspace::target_dir().join(target));
    let built = workspace::build(&mut cargo);
    let project = Project::new().approving(name, &[name]);
    project.install("libother.so", |to| {
        std::fs::copy(&built[example], to).expect("the plugin can be copied");
    });
    let inspected = project.floe(&["plugin", "inspect", name, "--format", "json"]).expect(0);
    show(&format!("{name} was built by {}", inspected.json()["plugins"][0]["record"]["rustc"]));
    let _ = project.floe(&["compile"]).expect(0);
    let health = project.floe(&["health", "--format", "json"]).expect(0);
    assert_eq!(health.json()["computes"][0]["status"], "healthy");
}

#[test]
fn a_debug_build_loads() {
    loads("twin_b", "twin_b", &[], &[], "");
}

/// Where no nightly toolchain is installed this says so and shows nothing; the workspace's CI has one.
#[test]
fn a_nightly_build_loads_where_nightly_is_installed() {
    let listed = Command::new("rustup").args(["toolchain", "list"]).output();
    let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if !listed.lines().any(|line| line.starts_with("nightly")) {
        show("NOT SHOWN: no nightly toolchain is installed; a plugin of another rustc was not tried");
        return;
    }
    loads("good", "good", &["+nightly"], &["--release"], "floe-tests/nightly");
}
