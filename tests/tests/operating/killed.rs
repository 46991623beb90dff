//! A run that is interrupted or killed: nothing is left behind, and `--resume` does the rest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use floe_tests::Project;
use floe_tests::background::{signal, wait_until};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{QUICK, alone, errors, floe, is_built, result, results, two_files};

/// The processes in whose arguments a text stands, by their ids.
fn processes(text: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let mine = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    mine.filter(|id| {
        let arguments = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&arguments).contains(text)
    })
    .collect()
}

/// A run whose model `slow` has begun.
struct Running<'p> {
    project: &'p Project,
    child: Child,
}

impl<'p> Running<'p> {
    fn start(project: &'p Project) -> Self {
        let child = project
            .command(&["run", "--format", "json"])
            .env_remove("FLOE_PLUGIN_PATH")
            .stdin(Stdio::null())
            .stdout(fs::File::create(project.root().join("stdout")).expect("a file"))
            .stderr(Stdio::null())
            .spawn()
            .expect("floe starts");
        let running = Self { project, child };
        // What runs beside it ends first, so that every run is the same.
        wait_until("slow begins and stg_orders ends", || {
            let journal = running.journal();
            let has =
                |event: &str, node: &str| journal.iter().any(|line| line["event"] == event && line["node"] == node);
            has("node_started", "model.shop.slow") && has("node", "model.shop.stg_orders")
        });
        running
    }

    fn journal(&self) -> Vec<Value> {
        let runs = fs::read_dir(self.project.path(".floe/runs")).into_iter().flatten().flatten();
        let journals: Vec<PathBuf> =
            runs.map(|run| run.path().join("run.jsonl")).filter(|path| path.exists()).collect();
        let text = journals.first().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn dbt(&self) -> u32 {
        let launcher = self.project.path(".floe/launcher/launch.py").canonicalize().expect("the launcher");
        let found = processes(launcher.to_str().expect("a path in UTF-8"));
        *found.first().expect("dbt runs")
    }

    /// How it ended, and how long that took.
    fn end(mut self) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        let mut status = None;
        wait_until("the run ends", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        (status.and_then(|status| status.code()), begun.elapsed())
    }
}

fn nothing_is_left(project: &Project) {
    let place = project.product().canonicalize().expect("the product");
    wait_until("every process of the run ends", || processes(place.to_str().expect("UTF-8")).is_empty());
    no_half_file(&project.path(".floe"));
}

/// Nothing that was being written lies about.
fn no_half_file(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let is_kind = |kind: &str| path.extension().is_some_and(|extension| extension == kind);
        assert!(!name.starts_with(".tmp") && !is_kind("new"), "{}", path.display());
        if path.is_dir() && !path.is_symlink() {
            no_half_file(&path);
        } else if is_kind("json") {
            let text = fs::read(&path).expect("it can be read");
            assert!(serde_json::from_slice::<Value>(&text).is_ok(), "{} is half a document", path.display());
        }
    }
}

/// The rest, and nothing else, is done by a resumed run.
fn resumes(project: &Project, outcome: &str) {
    let status = floe(project, &["status", "--format", "json"]).expect(0).json();
    assert_eq!(status["runs"][0]["outcome"], outcome, "{status:#}");
    project.write("models/staging/slow.sql", QUICK);
    let rest = floe(project, &["run", "--resume", "--format", "json"]).expect(0);
    assert_eq!(
        results(&rest),
        [
            "model apart on vault: success",
            "model behind on shop: success",
            "model sales on vault: success",
            "model slow on shop: success",
        ]
    );
    is_built(project);
    let done = floe(project, &["status", "--format", "json"]).expect(0).json();
    assert_eq!(done["runs"][0]["resumes"], status["runs"][0]["run"]);
    assert_eq!(done["runs"][0]["resume_command"], Value::Null);
    let again = floe(project, &["run", "--resume"]).expect(0);
    assert!(again.stderr.contains("F0835"), "{}", again.stderr);
}

#[test]
fn interrupted_once() {
    let _alone = alone();
    let project = two_files();
    let running = Running::start(&project);
    signal(running.child.id(), Signal::INT);
    let (code, took) = running.end();
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_secs(10), "{took:?}");
    let answer: Value =
        serde_json::from_slice(&fs::read(project.root().join("stdout")).expect("its answer")).expect("JSON");
    insta::assert_snapshot!("an_interrupted_run", errors(&project, &answer));
    assert_eq!(answer["runs"][0]["outcome"], "interrupted");
    let of = |name: &str| {
        let found = answer["results"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name));
        found.map(|one| one["status"].clone())
    };
    assert_eq!(of("slow"), Some(json!("interrupted")));
    assert_eq!(of("apart"), Some(json!("skipped")));
    nothing_is_left(&project);
    resumes(&project, "interrupted");
}

#[test]
fn interrupted_twice() {
    let _alone = alone();
    let project = two_files();
    let running = Running::start(&project);
    signal(running.child.id(), Signal::TERM);
    // Two of one kind at once may be one to the system.
    signal(running.child.id(), Signal::INT);
    let (code, took) = running.end();
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_secs(5), "{took:?}");
    nothing_is_left(&project);
    resumes(&project, "interrupted");
}

#[test]
fn floe_is_killed() {
    let _alone = alone();
    let project = two_files();
    let running = Running::start(&project);
    signal(running.child.id(), Signal::KILL);
    assert_eq!(running.end().0, None);
    nothing_is_left(&project);
    let status = floe(&project, &["status", "--format", "json"]).expect(0);
    assert_eq!(result(&status, "stg_orders")["status"], "success");
    // dbt outlived it a moment, and told what became of the model that ran.
    assert_eq!(result(&status, "slow")["status"], "interrupted");
    resumes(&project, "killed");
    // What was built before is known to whoever asks for it later.
    let owners = fs::read(project.path(".floe/dbt/dev/owners.json")).expect("who built what");
    let owners: Value = serde_json::from_slice(&owners).expect("JSON");
    assert_eq!(owners["nodes"]["model.shop.stg_orders"], "shop", "{owners:#}");
}

#[test]
fn dbt_is_killed() {
    let _alone = alone();
    let project = two_files();
    let running = Running::start(&project);
    signal(running.dbt(), Signal::KILL);
    assert_eq!(running.end().0, Some(1));
    nothing_is_left(&project);
    let status = floe(&project, &["status", "--format", "json"]).expect(0);
    assert_eq!(result(&status, "slow")["status"], "error");
    assert_eq!(result(&status, "behind")["because"], "model.shop.slow");
    // What does not depend on it went on, on the other compute.
    assert_eq!(result(&status, "apart")["status"], "success");
    project.write("models/staging/slow.sql", QUICK);
    let rest = floe(&project, &["run", "--resume", "--format", "json"]).expect(0);
    assert_eq!(
        results(&rest),
        ["model behind on shop: success", "model sales on vault: success", "model slow on shop: success"]
    );
    is_built(&project);
}

#[test]
fn a_worker_is_killed() {
    let _alone = alone();
    let project = two_files();
    let running = Running::start(&project);
    signal(running.child.id(), Signal::INT);
    assert_eq!(running.end().0, Some(130));
    let kept = fs::read_dir(project.path(".floe/runs")).expect("the runs").count();
    // The run that goes on with it stops while its plugins are asked.
    project.install("libhangs.so", |to| {
        fs::copy(floe_tests::fixtures::fixture("hangs"), to).expect("a plugin");
    });
    let manifest = fs::read_to_string(project.path("manifest.yaml")).expect("the manifest");
    let hanging = manifest.replace("    default: shop", "      - {name: late, plugin: hangs}\n    default: shop");
    project.write("manifest.yaml", &hanging);
    let mut command: Command = project.command(&["run", "--resume"]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(fs::File::create(project.root().join("stderr")).expect("a file"));
    let mut child = command.spawn().expect("floe starts");
    let plugin = project.plugins().join("libhangs.so").canonicalize().expect("the plugin");
    let worker = || {
        let children = processes("").into_iter().filter(|id| {
            let maps = fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
            maps.contains(plugin.to_str().expect("UTF-8"))
        });
        children.into_iter().next()
    };
    wait_until("the worker loads the plugin", || worker().is_some());
    signal(worker().expect("it is there"), Signal::KILL);
    let mut status = None;
    wait_until("floe ends", || {
        status = child.try_wait().expect("it can be waited for");
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(1));
    let said = fs::read_to_string(project.root().join("stderr")).expect("what it said");
    assert!(said.contains("late") && said.contains("signal 9"), "{said}");
    assert_eq!(fs::read_dir(project.path(".floe/runs")).expect("the runs").count(), kept, "nothing ran");
    nothing_is_left(&project);
    project.write("manifest.yaml", &manifest);
    resumes(&project, "interrupted");
}
