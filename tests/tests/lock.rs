//! `floe plugin lock` and `verify`, and what a lock forbids. What is forbidden is forbidden before anything is executed.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use floe_tests::fixtures::{fixture, private};
use floe_tests::redact::redact;
use floe_tests::{Project, Run, forge};

fn said(project: &Project, arguments: &[&str], code: i32) -> String {
    let run = project.floe(arguments).expect(code);
    format!("$ floe {}\n{}\n", redact(project, &arguments.join(" ")), redact(project, &run.transcript()))
}

/// What a command says as text and as JSON, with the exit status that it must have.
fn both(project: &Project, arguments: &[&str], code: i32) -> String {
    said(project, arguments, code) + &said(project, &[arguments, &["--format", "json"]].concat(), code)
}

fn lock(project: &Project) -> String {
    fs::read_to_string(project.path("floe.lock")).expect("a lock")
}

/// A product on these fixtures, locked.
fn locked(names: &[&str]) -> Project {
    let project = Project::new().with_fixtures(names).approving(names[0], names);
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    project
}

/// A product on a plugin with a private library, locked.
fn locked_private() -> (Project, PathBuf) {
    let (plugin, library) = private();
    let project = Project::new().approving("private", &["private"]);
    project.install("libprivate.so", |to| assert!(fs::copy(plugin, to).is_ok()));
    let place = project.root().join("lib/libfloe_private.so");
    fs::create_dir(project.root().join("lib")).expect("a folder");
    fs::set_permissions(project.root().join("lib"), Permissions::from_mode(0o755)).expect("its permissions");
    fs::copy(library, &place).expect("a copy");
    fs::set_permissions(&place, Permissions::from_mode(0o644)).expect("its permissions");
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    (project, place)
}

/// Appends a byte, which the loader does not mind.
fn alter(file: &Path) {
    let mut bytes = fs::read(file).expect("a file");
    bytes.push(0);
    fs::write(file, bytes).expect("written");
}

fn was_loaded(project: &Project) -> bool {
    project.root().join("home/private-library-was-loaded").exists()
}

fn refuses_everywhere(project: &Project, codes: &[&str]) {
    for command in [["compile"].as_slice(), &["plan"], &["health"], &["plugin", "verify"]] {
        let found = project.floe(&[command, &["--format", "json"]].concat()).expect(1).diagnostics();
        let found: Vec<_> = found.iter().map(|one| one["code"].as_str().expect("a code")).collect();
        assert_eq!(found, codes, "{command:?}");
    }
}

#[test]
fn a_lock_pins_what_is_found_and_stays_as_it_is() {
    let project = Project::new().with_fixtures(&["good", "twin_a", "noisy"]);
    project.approve("good", &["good", "{name: lake, plugin: twin_a}", "{name: pond, plugin: twin_a}"]);
    let mut all = both(&project, &["plugin", "verify"], 1);
    all += &both(&project, &["plugin", "lock", "--check"], 1);
    assert!(!project.path("floe.lock").exists());
    all += &said(&project, &["plugin", "lock"], 0);
    all += &redact(&project, &lock(&project));
    let first = lock(&project);
    all += &both(&project, &["plugin", "lock"], 0);
    all += &said(&project, &["plugin", "lock", "--check"], 0);
    all += &both(&project, &["plugin", "verify"], 0);
    assert_eq!(lock(&project), first, "byte for byte");
    for command in ["compile", "plan", "health"] {
        let _ = project.floe(&[command, "--locked"]).expect(0);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_lock_follows_the_manifest_and_the_plugins() {
    let project = locked(&["good", "twin_a"]);
    let newer = |record: &mut serde_json::Map<String, serde_json::Value>| record["version"] = "1.1.0".into();
    let riscv = project.root().join("riscv.so");
    forge::for_riscv(fixture("good"), &riscv);
    let addition = format!("linux-riscv64={}", riscv.display());
    let mut all = both(&project, &["plugin", "lock", "--add", &addition], 0);
    all += &said(&project, &["plugin", "lock"], 0);
    project.install("libgood.so", |to| forge::with_record(fixture("good"), to, newer));
    let noisy = fixture("noisy");
    project.install("libnoisy.so", |to| assert!(fs::copy(noisy, to).is_ok()));
    project.approve("good", &["good", "noisy"]);
    let before = lock(&project);
    all += &both(&project, &["plugin", "lock", "--check"], 1);
    assert_eq!(lock(&project), before, "a check writes nothing");
    all += &both(&project, &["plugin", "lock"], 0);
    all += &said(&project, &["plugin", "verify"], 0);
    insta::assert_snapshot!(all);
}

#[test]
fn other_platforms_are_added_and_stay() {
    let project = locked(&["good"]);
    let (linux, mac) = (project.root().join("good-riscv.so"), project.root().join("good.dylib"));
    forge::for_riscv(fixture("good"), &linux);
    forge::for_macos(fixture("good"), &mac);
    let additions = [format!("linux-riscv64={}", linux.display()), format!("macos-aarch64={}", mac.display())];
    let mut all = said(&project, &["plugin", "lock", "--add", &additions[0], "--add", &additions[1]], 0);
    all += &said(&project, &["plugin", "lock"], 0);
    all += &redact(&project, &lock(&project));
    insta::assert_snapshot!(all);
}

#[test]
fn what_does_not_fit_is_not_added_and_the_lock_stays_whole() {
    let project = locked(&["good"]);
    let before = lock(&project);
    let place = |name: &str| project.root().join(name);
    forge::for_riscv(fixture("good"), &place("riscv.so"));
    forge::for_riscv(fixture("noisy"), &place("other.so"));
    forge::with_record(fixture("good"), &place("newer"), |record| record["version"] = "9.0.0".into());
    forge::for_riscv(&place("newer"), &place("newer.so"));
    fs::write(place("text.so"), "no library").expect("written");
    let add = |platform: &str, file: &str| format!("{platform}={}", place(file).display());
    let mut all = String::new();
    for additions in [
        vec![add("linux-aarch64", "riscv.so")],
        vec![add("linux-riscv64", "other.so")],
        vec![add("linux-riscv64", "newer.so")],
        vec![add("linux-riscv64", "text.so"), add("linux-riscv64", "nothing.so")],
        vec![add("linux-riscv64", "riscv.so"), add("linux-riscv64", "riscv.so")],
    ] {
        let mut arguments = vec!["plugin", "lock"];
        arguments.extend(additions.iter().flat_map(|addition| ["--add", addition]));
        all += &said(&project, &arguments, 1);
    }
    for wrong in ["riscv.so", "windows-x86_64=riscv.so", "linux-x86_64="] {
        all += &said(&project, &["plugin", "lock", "--add", wrong], 2);
    }
    project.approve("good", &["{name: good, version: \">=2\"}", "nonesuch"]);
    all += &both(&project, &["plugin", "lock"], 1);
    all += &said(&project, &["plugin", "verify"], 1);
    assert_eq!(lock(&project), before);
    insta::assert_snapshot!(all);
}

#[test]
fn a_tampered_plugin_is_refused_unexecuted() {
    let project = locked(&["traces"]);
    let plugin = project.install("libtraces.so", |to| forge::tampered(fixture("traces"), to));
    refuses_everywhere(&project, &["F0516"]);
    let mut all = both(&project, &["compile"], 1);
    all += &both(&project, &["health"], 1);
    all += &said(&project, &["plan"], 1);
    all += &both(&project, &["plugin", "verify"], 1);
    assert!(!Path::new(&format!("{}.trace", plugin.display())).exists(), "something of it was executed");
    insta::assert_snapshot!(all);
    // The control: the very same file is executed where no lock forbids it.
    fs::remove_file(project.path("floe.lock")).expect("removed");
    let _ = project.floe(&["compile"]);
    assert!(Path::new(&format!("{}.trace", plugin.display())).exists());
}

#[test]
fn an_upgrade_without_a_new_lock_says_which_version_was_pinned() {
    let project = locked(&["good"]);
    project.install("libgood.so", |to| {
        forge::with_record(fixture("good"), to, |record| record["version"] = "1.1.0".into());
    });
    insta::assert_snapshot!(said(&project, &["compile"], 1));
    let edited = lock(&project);
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    let mixed = lock(&project).replace("1.1.0", "1.0.0");
    assert_ne!(mixed, edited);
    project.write("floe.lock", &mixed);
    insta::assert_snapshot!(said(&project, &["plugin", "verify"], 1));
}

#[test]
fn a_private_library_is_pinned_too() {
    let (project, library) = locked_private();
    assert!(lock(&project).contains("\n\"libfloe_private.so\" = "), "{}", lock(&project));
    let _ = project.floe(&["compile", "--locked"]).expect(0);
    assert!(was_loaded(&project), "the control: it is loaded where it is whole");
    fs::remove_file(project.root().join("home/private-library-was-loaded")).expect("removed");

    alter(&library);
    refuses_everywhere(&project, &["F0516"]);
    let mut all = both(&project, &["compile"], 1);
    all += &said(&project, &["plugin", "verify"], 1);
    // Another plugin, and its library too: both are named.
    alter(&project.plugins().join("libprivate.so"));
    all += &said(&project, &["health"], 1);
    all += &said(&project, &["plugin", "verify"], 1);
    assert!(!was_loaded(&project), "something of it was executed");
    all += &said(&project, &["plugin", "lock"], 0);
    insta::assert_snapshot!(all);
}

#[test]
fn a_private_library_that_is_gone_or_new_is_refused() {
    let (project, library) = locked_private();
    let elsewhere = project.root().join("libfloe_private.so");
    fs::rename(&library, &elsewhere).expect("moved");
    let mut all = said(&project, &["compile"], 1);
    // A build for newer processors would come first.
    fs::rename(&elsewhere, &library).expect("moved");
    let level = library.with_file_name("glibc-hwcaps").join("x86-64-v2");
    fs::create_dir_all(&level).expect("folders");
    for folder in [level.as_path(), level.parent().expect("a folder")] {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("its permissions");
    }
    let newer = level.join("libfloe_private.so");
    fs::copy(&library, &newer).expect("a copy");
    alter(&newer);
    all += &said(&project, &["compile"], 1);
    all += &said(&project, &["plugin", "lock"], 1);
    fs::remove_dir_all(library.with_file_name("glibc-hwcaps")).expect("removed");
    let _ = project.floe(&["compile", "--locked"]).expect(0);
    // One that the lock does not know, as if the plugin had been pinned without it.
    let without = lock(&project)
        .lines()
        .filter(|line| !line.contains("libraries") && !line.contains("floe_private"))
        .fold(String::new(), |text, line| text + line + "\n");
    project.write("floe.lock", &without);
    all += &said(&project, &["compile"], 1);
    fs::remove_file(&library).expect("removed");
    fs::create_dir(&library).expect("a folder");
    all += &said(&project, &["plugin", "verify"], 1);
    insta::assert_snapshot!(all);
}

/// What the system's loader takes in place of a pinned library is found out once it is loaded, at the latest.
#[test]
fn a_library_that_the_loader_takes_from_elsewhere_is_refused() {
    let (project, library) = locked_private();
    let plugin = project.plugins().join("libprivate.so");
    let asks = project.root().join("asks.so");
    forge::with_record(&plugin, &asks, |record| record["env"] = serde_json::json!(["LD_LIBRARY_PATH"]));
    fs::rename(&asks, &plugin).expect("moved");
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    let _ = project.floe(&["compile", "--locked"]).expect(0);
    let elsewhere = project.root().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    fs::copy(&library, elsewhere.join("libfloe_private.so")).expect("a copy");
    let run = Run::of(project.command(&["compile"]).env("LD_LIBRARY_PATH", &elsewhere)).expect(1);
    insta::assert_snapshot!(redact(&project, &run.transcript()));
}

#[test]
fn locked_wants_a_lock_and_every_plugin_in_it() {
    let project = Project::new().with_fixtures(&["good", "twin_a"]).approving("good", &["good"]);
    let mut all = String::new();
    for command in ["compile", "plan", "health"] {
        all += &said(&project, &[command, "--locked"], 1);
    }
    let _ = project.floe(&["plugin", "lock"]).expect(0);
    project.approve("good", &["good", "twin_a"]);
    for command in ["compile", "health"] {
        let _ = project.floe(&[command]).expect(0);
    }
    all += &both(&project, &["compile", "--locked"], 1);
    all += &both(&project, &["health", "--locked"], 1);
    all += &said(&project, &["plugin", "verify"], 1);
    // Another platform's pin is none for this one.
    project.write("floe.lock", &lock(&project).replace(std::env::consts::ARCH, "riscv64"));
    project.approve("good", &["good"]);
    all += &said(&project, &["plan", "--locked"], 1);
    insta::assert_snapshot!(all);
}

#[test]
fn what_others_can_write_is_a_warning_until_there_is_a_lock() {
    let (project, library) = locked_private();
    let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("its permissions");
    open(&library, 0o666);
    let mut all = said(&project, &["compile"], 1);
    open(&library, 0o644);
    open(&project.plugins(), 0o777);
    all += &both(&project, &["compile"], 1);
    all += &said(&project, &["plugin", "verify"], 1);
    fs::remove_file(project.path("floe.lock")).expect("removed");
    all += &said(&project, &["compile"], 0);
    insta::assert_snapshot!(all);
}

#[test]
fn a_lock_that_cannot_be_read_forbids_everything() {
    let project = locked(&["traces"]);
    let good = lock(&project);
    let mut all = String::new();
    for text in [
        good.replacen("\n[[plugin]]", "\n<<<<<<< HEAD\n[[plugin]]", 1),
        good.replace("version = 1\n", "version = 2\n"),
        good.replace("sha256 = \"", "sha256 = \"X"),
        good.replace("sha256", "sha512"),
    ] {
        project.write("floe.lock", &text);
        all += &said(&project, &["compile"], 1);
    }
    all += &said(&project, &["health", "--format", "json"], 1);
    all += &said(&project, &["plugin", "lock"], 1);
    all += &said(&project, &["plugin", "verify"], 1);
    assert_eq!(lock(&project), good.replace("sha256", "sha512"));
    fs::remove_file(project.path("floe.lock")).expect("removed");
    fs::create_dir(project.path("floe.lock")).expect("a folder");
    all += &both(&project, &["plan"], 1);
    assert!(!project.plugins().join("libtraces.so.trace").exists());
    insta::assert_snapshot!(all);
}

#[test]
fn a_manifest_alone_and_a_spec_alone_can_be_locked() {
    let project = Project::new().with_fixtures(&["good"]).approving("good", &["good"]);
    let conf = project.root().join("conf");
    fs::create_dir(&conf).expect("a folder");
    fs::rename(project.path("manifest.yaml"), conf.join("manifest.yaml")).expect("moved");
    let manifest = conf.join("manifest.yaml");
    let manifest = manifest.to_str().expect("UTF-8");
    let run =
        Run::of(project.command(&["plugin", "lock", "--manifest", manifest]).current_dir(project.root())).expect(0);
    assert!(conf.join("floe.lock").exists());
    let mut all = redact(&project, &run.transcript());
    project.write("floe.yaml", "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop}\nplatform: {manifest: ../conf/manifest.yaml}\n");
    let _ = project.floe(&["compile", "--locked"]).expect(0);
    all += &said(&project, &["plugin", "verify"], 0);
    // Without a manifest it is DuckDB, and the lock lies beside the spec; here there is no such plugin.
    project.write("floe.yaml", "apiVersion: floe.dev/v1\nkind: FloeSpec\nmetadata: {name: shop}\n");
    let plugins = project.plugins();
    all += &said(&project, &["plugin", "lock", "--plugins-dir", plugins.to_str().expect("UTF-8")], 1);
    fs::remove_file(project.path("floe.yaml")).expect("removed");
    fs::remove_file(project.path("dbt_project.yml")).expect("removed");
    all += &said(&project, &["plugin", "lock"], 1);
    insta::assert_snapshot!(all);
}
