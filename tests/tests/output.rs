//! What every command prints, for people and for machines; help, usage errors, and no colour.

use floe_tests::redact::redact;
use floe_tests::{Project, Run};

/// A product on two fixture computes, so that nothing of an engine's own words stands in here.
fn project() -> Project {
    let project = Project::new().with_fixtures(&["good", "twin_a"]).approving(
        "good",
        &["{name: good, config: {path: shop.duckdb}}", "{name: lake, plugin: twin_a, config: {threads: 8}}"],
    );
    project.write("seeds/countries.csv", "code,name\nde,Germany\n");
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
         platform: {manifest: manifest.yaml}\ntransforms:\n  - {path: models/staging/}\n  \
         - {path: models/marts/, compute: lake, workload_size: large, tags: [marts]}\n\
         environments: [{name: dev, vars: {start: \"2026-01-01\"}}, {name: prod}]\n",
    );
    project
}

fn said(project: &Project, arguments: &[&str]) -> String {
    let run = project.floe(arguments);
    assert!(!run.stdout.contains('\x1b') && !run.stderr.contains('\x1b'), "colour where nobody sees it");
    format!("$ floe {}\n{}", redact(project, &arguments.join(" ")), redact(project, &run.transcript()))
}

/// A snapshot of a command as text and as JSON.
fn snapshot(name: &str, project: &Project, arguments: &[&str]) {
    insta::assert_snapshot!(format!("{name}.text"), said(project, arguments));
    let json = [arguments, &["--format", "json"]].concat();
    let _ = project.floe(&json).json();
    insta::assert_snapshot!(format!("{name}.json"), said(project, &json));
}

#[test]
fn compile() {
    let project = project();
    snapshot("compile", &project, &["compile"]);
    snapshot("compile-check", &project, &["compile", "--check"]);
    let artifacts = floe_tests::tree::tree(&project.path("target/floe"));
    let texts =
        artifacts.iter().map(|(path, bytes)| format!("=== {}\n{}", path.display(), String::from_utf8_lossy(bytes)));
    insta::assert_snapshot!("artifacts", redact(&project, &texts.collect::<Vec<_>>().join("\n")));
}

#[test]
fn compile_with_errors_shows_all_of_them() {
    let project = project();
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
         platform: {manifest: manifest.yaml}\ntransforms:\n  - {path: models/stagign/}\n  \
         - {path: models/marts/, compute: laek}\n  - {path: models/staging/, computer: good}\n",
    );
    snapshot("compile-errors", &project, &["compile"]);
}

#[test]
fn compile_with_wrong_settings() {
    let project = project().approving("good", &["{name: good, config: {paht: x, password: hunter2, schema: 7}}"]);
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
         platform: {manifest: manifest.yaml}\n",
    );
    snapshot("compile-settings", &project, &["compile"]);
    assert!(
        !said(&project, &["compile", "--format", "json"]).contains("\"hunter2"),
        "a literal secret is not repeated"
    );
}

#[test]
fn plan() {
    let project = project().with_environments(&[("good", "good"), ("lake", "good")]);
    snapshot("plan-refused", &project, &["plan"]);
    project.write(
        "floe.yaml",
        "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop, version: 1.0.0}\n\
         platform: {manifest: manifest.yaml}\ntransforms: [{path: models/staging/}, {name: sales, workload_size: large}]\n",
    );
    snapshot("plan", &project, &["plan"]);
    insta::assert_snapshot!("plan.dot", said(&project, &["plan", "--as", "dot"]));
    insta::assert_snapshot!("plan.shell", said(&project, &["plan", "--as", "shell"]));
    insta::assert_snapshot!("env-activate", said(&project, &["env", "activate", "--compute", "good"]));
    snapshot("env-list", &project, &["env", "list"]);
    snapshot("env-sync", &project, &["env", "sync"]);
}

#[test]
fn health() {
    snapshot("health", &project(), &["health"]);
}

#[test]
fn plugin_list() {
    let project = project();
    project.install("notes.so", |to| std::fs::write(to, "no plugin").expect("a file"));
    let plugins = project.plugins();
    snapshot("plugin-list", &project, &["plugin", "list", "--plugins-dir", plugins.to_str().expect("UTF-8")]);
}

#[test]
fn plugin_inspect() {
    let project = project();
    let notes = project.install("notes.so", |to| std::fs::write(to, "no plugin").expect("a file"));
    snapshot("plugin-inspect", &project, &["plugin", "inspect", "good"]);
    snapshot("plugin-inspect-refused", &project, &["plugin", "inspect", notes.to_str().expect("UTF-8")]);
    snapshot("plugin-inspect-unknown", &project, &["plugin", "inspect", "nonesuch"]);
}

#[test]
fn schema() {
    let project = project();
    for arguments in [["schema", "manifest"].as_slice(), &["schema", "spec"], &["schema", "plugin", "good"]] {
        let run = project.floe(arguments).expect(0);
        assert_eq!(run.json()["$schema"], "https://json-schema.org/draft/2020-12/schema", "{arguments:?}");
    }
    insta::assert_snapshot!("schema-plugin", said(&project, &["schema", "plugin", "good"]));
}

#[test]
fn explain() {
    let project = project();
    snapshot("explain", &project, &["explain", "F0510"]);
    // Every code by itself is under a snapshot through this list and the texts of the library's own tests.
    insta::assert_snapshot!("explain-list", said(&project, &["explain"]));
    for line in project.floe(&["explain"]).expect(0).stdout.lines() {
        let code = line.split_whitespace().next().unwrap_or_default();
        let explained = project.floe(&["explain", code]).expect(0);
        assert!(explained.stdout.starts_with(code), "{}", explained.stdout);
    }
}

#[test]
fn completions_of_every_shell() {
    let project = project();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.floe(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("floe") && script.contains("compile"), "{shell}");
    }
}

#[test]
fn help_of_every_subcommand() {
    let project = project();
    for command in [
        "",
        "init",
        "compile",
        "plan",
        "run",
        "status",
        "dbt",
        "health",
        "parity",
        "plugin",
        "plugin list",
        "plugin inspect",
        "plugin new",
        "plugin test",
        "plugin lock",
        "plugin verify",
        "env",
        "env vars",
        "env sync",
        "env list",
        "env activate",
        "schema",
        "schema manifest",
        "schema plugin",
        "explain",
        "completions",
    ] {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let name = if command.is_empty() { "help".to_owned() } else { format!("help-{}", command.replace(' ', "-")) };
        insta::assert_snapshot!(name, said(&project, &arguments));
    }
}

#[test]
fn usage_errors() {
    let project = project();
    let mut all = String::new();
    for arguments in [
        [].as_slice(),
        &["--nonesuch"],
        &["complie"],
        &["compile", "extra"],
        &["compile", "--format", "xml"],
        &["health", "--timeout", "0"],
        &["health", "--timeout", "soon"],
        &["plugin"],
        &["plugin", "inspect"],
        &["explain", "F9999"],
        &["completions", "tcsh"],
    ] {
        let text = said(&project, arguments);
        assert_eq!(project.floe(arguments).code(), Some(2), "{text}");
        all.push_str(&text);
        all.push('\n');
    }
    insta::assert_snapshot!("usage", all);
}

#[test]
fn no_stack_traces_and_no_colour() {
    let project = project().approving("good", &["good", "nonesuch"]);
    for (name, value) in [("NO_COLOR", "1"), ("RUST_BACKTRACE", "full"), ("CLICOLOR_FORCE", "1")] {
        let run = Run::of(project.command(&["compile"]).env(name, value)).expect(1);
        let text = redact(&project, &run.transcript());
        assert!(!text.contains("stack backtrace") && !text.contains("panicked"), "{name}: {text}");
        if name == "NO_COLOR" {
            assert!(!text.contains('\x1b'), "{text}");
        }
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let project = project();
    let mut command = project.command(&["schema", "manifest"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().expect("floe starts");
    drop(child.stdout.take());
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{status}");
}

#[test]
fn nothing_to_compile() {
    let project = project();
    let empty = project.root().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    for arguments in [["compile"].as_slice(), &["plan"], &["health"]] {
        let run = Run::of(project.command(arguments).current_dir(&empty)).expect(1);
        insta::assert_snapshot!(format!("nothing-{}", arguments[0]), redact(&project, &run.transcript()));
    }
}
