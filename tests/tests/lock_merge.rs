//! Two people each add to one lock, on branches of their own, and git merges them.

use std::fs;
use std::process::Command;

use floe_tests::fixtures::fixture;
use floe_tests::{Project, Run, forge};

const ALL: &[&str] = &["good", "noisy", "twin_a", "twin_b"];

fn git(project: &Project, arguments: &[&str]) -> Run {
    Run::of(
        Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@acme.example", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(project.product())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", project.root().join("home")),
    )
}

fn commit_lock(project: &Project) {
    let _ = git(project, &["add", "floe.lock"]).expect(0);
    let _ = git(project, &["commit", "-qm", "lock"]).expect(0);
}

/// A repository that holds a lock of these plugins, in front of its two branches.
fn repository(names: &[&str], attributes: &str) -> Project {
    let project = Project::new().with_fixtures(ALL);
    let _ = git(&project, &["init", "-qb", "main"]).expect(0);
    project.write(".gitattributes", attributes);
    let _ = git(&project, &["add", ".gitattributes"]).expect(0);
    project.approve(names[0], names);
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    commit_lock(&project);
    let _ = git(&project, &["branch", "theirs"]).expect(0);
    project
}

fn lock_on(project: &Project, branch: &str, approved: &[&str], additions: &[String]) {
    let _ = git(project, &["checkout", "-q", branch]).expect(0);
    project.approve(approved[0], approved);
    let mut arguments = vec!["plugin", "lock"];
    arguments.extend(additions.iter().flat_map(|addition| ["--add", addition]));
    let _ = project.floe(&arguments).expect(0);
    commit_lock(project);
}

/// Merges, and expects a lock of these plugins that needs no further change.
fn merged(project: &Project, approved: &[&str]) -> String {
    let _ = git(project, &["checkout", "-q", "main"]).expect(0);
    let _ = git(project, &["merge", "-q", "theirs", "-m", "merge"]).expect(0);
    project.approve(approved[0], approved);
    let _ = project.floe(&["plugin", "lock", "--check"]).expect(0);
    let _ = project.floe(&["plugin", "verify"]).expect(0);
    let _ = project.floe(&["compile", "--locked"]).expect(0);
    fs::read_to_string(project.path("floe.lock")).expect("a lock")
}

#[test]
fn each_adds_a_plugin() {
    let project = repository(&["noisy"], "");
    lock_on(&project, "main", &["good", "noisy"], &[]);
    lock_on(&project, "theirs", &["noisy", "twin_a"], &[]);
    let lock = merged(&project, &["good", "noisy", "twin_a"]);
    assert_eq!(lock.matches("[[plugin]]").count(), 3, "{lock}");
}

#[test]
fn one_adds_a_plugin_and_one_adds_platforms() {
    let project = repository(&["good", "noisy"], "");
    let riscv = project.root().join("riscv.so");
    forge::for_riscv(fixture("good"), &riscv);
    lock_on(&project, "main", &["good", "noisy", "twin_a"], &[]);
    lock_on(&project, "theirs", &["good", "noisy"], &[format!("linux-riscv64={}", riscv.display())]);
    let lock = merged(&project, &["good", "noisy", "twin_a"]);
    assert_eq!(lock.matches("[[plugin]]").count(), 4, "{lock}");
}

/// At one place of the file, git leaves the choice to people, unless it is told to keep both.
#[test]
fn both_add_at_the_same_place_and_git_keeps_both() {
    let project = repository(&["good"], "floe.lock merge=union\n");
    lock_on(&project, "main", &["good", "twin_a"], &[]);
    lock_on(&project, "theirs", &["good", "twin_b"], &[]);
    let lock = merged(&project, &["good", "twin_a", "twin_b"]);
    assert_eq!(lock.matches("[[plugin]]").count(), 3, "{lock}");
    let before = lock;
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    assert_eq!(
        fs::read_to_string(project.path("floe.lock")).expect("a lock").matches("[[plugin]]").count(),
        3,
        "{before}"
    );
}

#[test]
fn both_add_platforms_of_one_plugin_at_the_same_place() {
    let project = repository(&["good"], "floe.lock merge=union\n");
    let (linux, mac) = (project.root().join("riscv.so"), project.root().join("mac.dylib"));
    forge::for_riscv(fixture("good"), &linux);
    forge::for_macos(fixture("good"), &mac);
    lock_on(&project, "main", &["good"], &[format!("macos-aarch64={}", mac.display())]);
    lock_on(&project, "theirs", &["good"], &[format!("linux-riscv64={}", linux.display())]);
    let lock = merged(&project, &["good"]);
    assert_eq!(lock.matches("[[plugin]]").count(), 3, "{lock}");
}

#[test]
fn without_that_a_conflict_is_told_and_resolved_by_keeping_both() {
    let project = repository(&["good"], "");
    lock_on(&project, "main", &["good", "twin_a"], &[]);
    lock_on(&project, "theirs", &["good", "twin_b"], &[]);
    let _ = git(&project, &["checkout", "-q", "main"]).expect(0);
    assert_ne!(git(&project, &["merge", "-q", "theirs", "-m", "merge"]).code(), Some(0));
    let run = project.floe(&["plugin", "lock", "--format", "json"]).expect(1);
    assert_eq!(run.diagnostics()[0]["code"], "F0514", "{}", run.stdout);
    let conflict = fs::read_to_string(project.path("floe.lock")).expect("a lock");
    let is_gits = |line: &&str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let both: String = conflict.lines().filter(|line| !is_gits(line)).map(|line| line.to_owned() + "\n").collect();
    project.write("floe.lock", &both);
    project.approve("good", &["good", "twin_a", "twin_b"]);
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    let _ = project.floe(&["compile", "--locked"]).expect(0);
}
