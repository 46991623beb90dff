//! `floe env sync` and `floe env list`: real environments, made by the real pip and the real uv; most of them from a folder of
//! small wheels, so that it is known what can be had.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use floe_tests::redact::redact;
use floe_tests::wheels::Wheels;
use floe_tests::{Project, Run, dbt, python, workspace};
use regex::Regex;

/// Who installs.
#[derive(Debug, Clone, Copy)]
enum Tool {
    Pip,
    Uv,
}

/// The command `floe …` with pip, or with uv too, that looks for packages in a folder and nowhere else.
fn floe(project: &Project, tool: Tool, wheels: &Wheels, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", wheels.path());
    if let Tool::Uv = tool {
        command.env("PATH", path_with_uv()).env("UV_OFFLINE", "1").env("UV_FIND_LINKS", wheels.path());
    }
    command
}

fn path_with_uv() -> OsString {
    let uv = python::environment("resolver", &workspace::root().join("scripts/requirements/resolver.txt")).join("bin");
    // Behind the others: that folder has a Python too.
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&path).chain([uv])).expect("a PATH")
}

fn sync(project: &Project, tool: Tool, wheels: &Wheels, arguments: &[&str]) -> Run {
    Run::of(&mut floe(project, tool, wheels, &[&["env", "sync"], arguments].concat()))
}

/// What was printed, without what differs; lines of progress sorted, since computes are made side by side.
fn said(project: &Project, run: &Run) -> String {
    let mut lines: Vec<_> = run.stderr.lines().collect();
    let progress = Regex::new("^[a-z]+: (resolving|installing|waiting|ready)").expect("a pattern");
    let count = lines.iter().take_while(|line| progress.is_match(line)).count();
    lines[..count].sort_unstable();
    let stderr = if lines.is_empty() { String::new() } else { lines.join("\n") + "\n" };
    let sorted = Run { status: run.status, stdout: run.stdout.clone(), stderr, took: run.took };
    let mut text = redact(project, &sorted.transcript());
    for (pattern, name) in [
        (r"\(\d+\.\d s\)", "([s])"),
        (r"(?m)^(.*  )\d\.\d+\.\d+ +(\.floe)", "$1[python]  $2"),
        (r#""python": "[0-9.]+""#, "\"python\": \"[python]\""),
        (r"PYTHON +", "PYTHON  "),
        (r"python3 is 3[0-9.]+", "python3 is [python]"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, name).into_owned();
    }
    text
}

fn environment(project: &Project, compute: &str) -> PathBuf {
    project.path(&format!(".floe/python/{compute}"))
}

/// The version of the module `tiny` in a compute's environment.
fn tiny(project: &Project, compute: &str) -> String {
    let python = environment(project, compute).join("bin/python");
    let run = Run::of(Command::new(python).args(["-I", "-c", "import tiny; print(tiny.VERSION)"])).expect(0);
    run.stdout.trim().to_owned()
}

fn needs(packages: &str) -> String {
    format!("{{name: one, plugin: packages, config: {{packages: [{packages}]}}}}")
}

/// A product on one compute that needs `tiny`, and a folder that has one.
fn one() -> (Project, Wheels) {
    let project = Project::new().with_fixtures(&["packages"]).approving("one", &[&needs("\"tiny>=1,<2\"")]);
    let wheels = Wheels::new();
    wheels.add("tiny", "1.0", &[]);
    (project, wheels)
}

/// Requirements that exclude each other, in one product.
fn conflicting() -> (Project, Wheels) {
    let project = Project::new().with_fixtures(&["packages"]).approving(
        "new",
        &[
            "{name: new, plugin: packages, config: {packages: [\"tiny>=2,<3\"], python: \">=3.10,<3.14\"}}",
            "{name: old, plugin: packages, config: {packages: [\"tiny>=1,<2\", \"user>=1,<2\"]}}",
        ],
    );
    let wheels = Wheels::new();
    wheels.add("tiny", "1.0", &[]);
    wheels.add("tiny", "2.0", &[]);
    wheels.add("user", "1.0", &["tiny<2"]);
    (project, wheels)
}

/// Every file and link below a folder, with when it was changed.
fn times(folder: &Path, found: &mut Vec<(PathBuf, SystemTime)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let meta = entry.path().symlink_metadata().expect("its times");
        found.push((entry.path(), meta.modified().expect("a time")));
        if meta.is_dir() {
            times(&entry.path(), found);
        }
    }
}

fn side_by_side(tool: Tool, name: &str) {
    let (project, wheels) = conflicting();
    let list = |name: &str, arguments: &[&str]| {
        let run = project.floe(&[&["env", "list"], arguments].concat()).expect(0);
        insta::assert_snapshot!(name, said(&project, &run));
    };
    if let Tool::Pip = tool {
        list("list-before.text", &[]);
        list("list-before.json", &["--format", "json"]);
    }
    insta::assert_snapshot!(name, said(&project, &sync(&project, tool, &wheels, &[]).expect(0)));
    assert_eq!((tiny(&project, "new").as_str(), tiny(&project, "old").as_str()), ("2.0", "1.0"));
    assert_eq!(fs::read_to_string(project.path(".floe/.gitignore")).expect("the file"), "*\n");

    // Again: there is neither Python nor uv nor anything else that could be started, and nothing is written.
    let (mut before, mut after) = (Vec::new(), Vec::new());
    times(&project.path(".floe"), &mut before);
    let again = Run::of(project.command(&["env", "sync", "--format", "json"]).env("PATH", "/nowhere")).expect(0);
    times(&project.path(".floe"), &mut after);
    assert_eq!(before, after);
    if let Tool::Pip = tool {
        insta::assert_snapshot!("sync-again.json", said(&project, &again));
        list("list-after.text", &[]);
        project.approve(
            "one",
            &[&needs("\"tiny>=1,<2\""), "{name: new, plugin: packages, config: {packages: [\"tiny>=2,<4\"]}}"],
        );
        list("list-stale.text", &[]);
    }
}

#[test]
fn requirements_that_exclude_each_other_live_side_by_side_by_pip() {
    side_by_side(Tool::Pip, "sync-pip.text");
}

#[test]
fn requirements_that_exclude_each_other_live_side_by_side_by_uv() {
    side_by_side(Tool::Uv, "sync-uv.text");
}

fn lock_is_honoured(tool: Tool) {
    let (project, wheels) = one();
    let _ = sync(&project, tool, &wheels, &[]).expect(0);
    let lock = fs::read_to_string(project.path(".floe/python/one.lock")).expect("the lock");
    assert!(lock.lines().any(|line| line == "tiny==1.0"), "{lock}");

    // A newer version appears, and the environment is lost: the lock decides.
    wheels.add("tiny", "1.1", &[]);
    fs::remove_file(environment(&project, "one")).expect("the link was there");
    let run = sync(&project, tool, &wheels, &["--format", "json"]).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "created");
    assert_eq!(tiny(&project, "one"), "1.0");
    assert_eq!(fs::read_to_string(project.path(".floe/python/one.lock")).expect("the lock"), lock);

    // A pin that was changed by hand counts.
    fs::write(project.path(".floe/python/one.lock"), lock.replace("tiny==1.0", "tiny==1.1")).expect("the lock");
    let run = sync(&project, tool, &wheels, &["--format", "json"]).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "updated");
    assert_eq!(tiny(&project, "one"), "1.1");

    // Only an upgrade resolves anew, and it leaves one environment.
    wheels.add("tiny", "1.2", &[]);
    let run = sync(&project, tool, &wheels, &["--format", "json"]).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "reused");
    let run = sync(&project, tool, &wheels, &["--upgrade", "--compute", "one", "--format", "json"]).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "updated");
    assert_eq!(tiny(&project, "one"), "1.2");
    assert_eq!(fs::read_dir(project.path(".floe/python/.envs")).expect("the folder").count(), 1);

    // Other requirements are resolved anew by themselves.
    wheels.add("tiny", "2.0", &[]);
    project.approve("one", &[&needs("\"tiny>=2,<3\"")]);
    let _ = sync(&project, tool, &wheels, &[]).expect(0);
    assert_eq!(tiny(&project, "one"), "2.0");
}

#[test]
fn the_lock_is_honoured_by_pip() {
    lock_is_honoured(Tool::Pip);
}

#[test]
fn the_lock_is_honoured_by_uv() {
    lock_is_honoured(Tool::Uv);
}

/// Ways to fail, after a success: each leaves the environment of before.
fn failures(tool: Tool) -> String {
    let (project, wheels) = one();
    let _ = sync(&project, tool, &wheels, &[]).expect(0);
    let link = fs::read_link(environment(&project, "one")).expect("a link");
    let lock = fs::read_to_string(project.path(".floe/python/one.lock")).expect("the lock");
    let mut all = String::new();
    let mut check = |run: Run| {
        let run = run.expect(1);
        assert!(!run.transcript().contains("s3cret"), "{}", run.transcript());
        assert_eq!(fs::read_link(environment(&project, "one")).expect("a link"), link);
        assert_eq!(fs::read_to_string(project.path(".floe/python/one.lock")).expect("the lock"), lock);
        assert_eq!(tiny(&project, "one"), "1.0");
        assert_eq!(fs::read_dir(project.path(".floe/python/.envs")).expect("the folder").count(), 1);
        all += &said(&project, &run);
    };

    // An index that is not there, behind a login.
    let index = "http://me:s3cret@127.0.0.1:9/simple/";
    let mut command = floe(&project, tool, &wheels, &["env", "sync", "--upgrade"]);
    for name in ["PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS"] {
        command.env_remove(name);
    }
    command.env("PIP_INDEX_URL", index).env("PIP_RETRIES", "1").env("UV_HTTP_RETRIES", "0");
    if let Tool::Uv = tool {
        command.env("UV_INDEX_URL", index);
    }
    check(Run::of(&mut command));

    // A package that nobody has; requirements that exclude each other; what calls itself dbt and is none.
    wheels.add("tiny", "2.0", &[]);
    wheels.add("user", "1.0", &["tiny<2"]);
    wheels.add("dbt-core", "1.0", &[]);
    for packages in ["\"nonesuch>=1,<2\"", "\"tiny>=2,<3\", \"user>=1,<2\"", "\"dbt-core>=1,<2\""] {
        project.approve("one", &[&needs(packages)]);
        check(sync(&project, tool, &wheels, &[]));
        let run = project.floe(&["env", "list", "--format", "json"]).expect(0);
        assert_eq!(run.json()["environments"][0]["status"], "stale");
    }

    // With the requirements of before it is as good as before.
    project.approve("one", &[&needs("\"tiny>=1,<2\"")]);
    let run = Run::of(project.command(&["env", "sync", "--format", "json"]).env("PATH", "/nowhere")).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "reused");
    all
}

#[test]
fn a_failed_install_leaves_the_former_environment_by_pip() {
    insta::assert_snapshot!("failures-pip", failures(Tool::Pip));
}

#[test]
fn a_failed_install_leaves_the_former_environment_by_uv() {
    insta::assert_snapshot!("failures-uv", failures(Tool::Uv));
}

#[test]
fn a_failed_install_fails_its_compute_alone() {
    let (project, wheels) = conflicting();
    fs::remove_file(wheels.path().join("tiny-2.0-py3-none-any.whl")).expect("it was there");
    let run = sync(&project, Tool::Pip, &wheels, &["--format", "json"]).expect(1);
    let answer = run.json();
    assert_eq!(answer["environments"][0]["status"], "missing");
    assert_eq!(answer["environments"][1]["made"], "created");
    assert_eq!(answer["diagnostics"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(tiny(&project, "old"), "1.0");
}

#[test]
fn what_cannot_be_done_is_said() {
    let (project, wheels) = one();
    let mut all = said(&project, &sync(&project, Tool::Pip, &wheels, &["--compute", "ome"]).expect(1));
    let python_of = |value: &str, path: Option<&str>| {
        let mut command = floe(&project, Tool::Pip, &wheels, &["env", "sync"]);
        command.env("FLOE_PYTHON", value);
        if let Some(path) = path {
            command.env("PATH", path);
        }
        said(&project, &Run::of(&mut command).expect(1))
    };
    all += &python_of("/nowhere/python3", None);
    all += &python_of("", Some("/nowhere"));
    project.approve("one", &["{name: one, plugin: packages, config: {packages: [\"tiny>=1,<2\"], python: \">=4\"}}"]);
    all += &python_of("python3", None);
    let _ = fs::remove_dir_all(project.path(".floe"));
    project.write(".floe/python", "in the way");
    all += &said(&project, &sync(&project, Tool::Pip, &wheels, &[]).expect(1));
    insta::assert_snapshot!("cannot", all);
}

#[test]
fn who_sets_only_pip_gets_pip() {
    let (project, wheels) = one();
    let mut command = floe(&project, Tool::Uv, &wheels, &["env", "sync"]);
    let run = Run::of(command.env_remove("UV_OFFLINE").env_remove("UV_FIND_LINKS")).expect(0);
    assert!(run.stderr.contains("with pip"), "{}", run.stderr);
}

#[test]
fn two_at_once_make_one() {
    let (project, wheels) = one();
    let start = || floe(&project, Tool::Pip, &wheels, &["env", "sync", "--format", "json"]);
    let made = std::thread::scope(|scope| {
        let running: Vec<_> = (0..2).map(|_| scope.spawn(|| Run::of(&mut start()).expect(0).json())).collect();
        let answers = running.into_iter().map(|one| one.join().expect("it ends"));
        let mut made: Vec<_> =
            answers.map(|json| json["environments"][0]["made"].as_str().unwrap_or_default().to_owned()).collect();
        made.sort();
        made
    });
    assert_eq!(made, ["created", "reused"]);
}

#[test]
fn an_environment_belongs_to_its_folder_and_not_to_the_project() {
    let (project, wheels) = one();
    let (other, _) = one();
    let shared = project.root().join("shared");
    fs::create_dir(&shared).expect("a folder");
    for project in [&project, &other] {
        fs::create_dir(project.path(".floe")).expect("a folder");
        symlink(&shared, project.path(".floe/python")).expect("a link");
    }
    let _ = sync(&project, Tool::Pip, &wheels, &[]).expect(0);
    let run = Run::of(other.command(&["env", "sync", "--format", "json"]).env("PATH", "/nowhere")).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "reused");
    drop(run);
    // Its programs are found without the project by which it was made.
    fs::remove_dir_all(project.product()).expect("it was there");
    assert_eq!(tiny(&other, "one"), "1.0");
    let _ = Run::of(Command::new(environment(&other, "one").join("bin/pip")).arg("--version")).expect(0);

    // Elsewhere they are not: it is made anew.
    fs::remove_file(other.path(".floe/python")).expect("the link");
    fs::rename(&shared, other.path(".floe/python")).expect("it can be moved");
    let run = sync(&other, Tool::Pip, &wheels, &["--format", "json"]).expect(0);
    assert_eq!(run.json()["environments"][0]["made"], "created");
    let _ = Run::of(Command::new(environment(&other, "one").join("bin/pip")).arg("--version")).expect(0);
}

/// Variables by which this machine's packages and certificates are found.
fn with_index(command: &mut Command) -> &mut Command {
    let wanted =
        |name: &str| ["PIP_", "UV_", "SSL_"].iter().any(|start| name.starts_with(start)) || name.ends_with("_PROXY");
    command.envs(std::env::vars().filter(|(name, _)| wanted(name)))
}

/// The real thing: dbt with its adapter, from the index, checked and run.
fn real(tool: Tool) {
    let project = Project::new().approving("duckdb", &["{name: duckdb, config: {path: shop.duckdb}}"]);
    let mut command = project.command(&["env", "sync"]);
    with_index(&mut command);
    if let Tool::Uv = tool {
        // Else the settings of this machine's pip are those that count.
        command.env("PATH", path_with_uv()).env("UV_CONFIG_FILE", empty_config(&project));
    }
    // As in many images: what is not compiled when it is installed never is.
    let run = Run::of(command.env("PYTHONDONTWRITEBYTECODE", "1")).expect(0);
    let libraries = fs::read_dir(project.path(".floe/python/duckdb/lib")).expect("lib/").flatten();
    let mut bytecode = libraries.map(|entry| entry.path().join("site-packages/dbt/cli/__pycache__"));
    assert!(bytecode.any(|folder| folder.is_dir()), "dbt is not compiled");
    let tool = format!("{tool:?}").to_lowercase();
    assert!(run.stderr.starts_with(&format!("duckdb: resolving 3 packages with {tool}\n")), "{}", run.stderr);
    let _ = project.floe(&["compile"]).expect(0);
    let program = environment(&project, "duckdb").join("bin/dbt");
    let profiles = project.path("target/floe/profiles/dev/duckdb");
    let build = Run::of(&mut dbt::command(&program, &project.product(), &profiles, &["build"])).expect(0);
    assert!(build.stdout.contains("PASS=2 WARN=0 ERROR=0"), "{}", build.stdout);
}

fn empty_config(project: &Project) -> PathBuf {
    project.write("uv-settings.toml", "");
    project.path("uv-settings.toml")
}

#[test]
fn dbt_with_its_adapter_by_pip() {
    real(Tool::Pip);
}

#[test]
fn dbt_with_its_adapter_by_uv() {
    real(Tool::Uv);
}
