//! `floe plugin new`: what it writes, what it refuses, and that what it writes builds, passes its tests and works.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use floe_tests::redact::redact;
use floe_tests::tree::tree;
use floe_tests::{Project, Run, dist, workspace};

fn new(project: &Project, arguments: &[&str]) -> Run {
    project.floe(&[&["plugin", "new"], arguments].concat())
}

fn said(project: &Project, arguments: &[&str]) -> String {
    let text = format!("$ floe plugin new {}\n{}", arguments.join(" "), new(project, arguments).transcript());
    // The copy of floe-plugin-api has as many files as that has.
    regex::Regex::new(r"\(\d+ files")
        .expect("a pattern")
        .replace_all(&redact(project, &text), "([n] files")
        .into_owned()
}

/// Cargo in a crate, with what the checkout was built from and nothing else.
fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_NET_OFFLINE", "true")
        .env("FLOE", dist::floe())
        .env("CARGO_TARGET_DIR", workspace::target_dir().join("floe-tests/new"));
    command
}

fn passes(folder: &Path, arguments: &[&str]) -> String {
    let output = cargo(folder, arguments).output().expect("cargo can be started");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "cargo {}:\n{said}", arguments.join(" "));
    said
}

#[test]
fn it_says_what_it_wrote() {
    let project = Project::new();
    insta::assert_snapshot!("text", said(&project, &["nimbus"]));
    let json = new(
        &project,
        &["nimbus-cloud", "--engine", "Nimbus Cloud", "--adapter", "nimbus", "--out", "a/b", "--format", "json"],
    );
    let mut json = json.expect(0).json();
    let files = json["files"].as_array_mut().expect("files");
    files.retain(|file| !file["path"].as_str().expect("a path").contains("/floe-plugin-api/"));
    insta::assert_json_snapshot!("json", json);
}

#[test]
fn the_whole_crate() {
    let project = Project::new();
    let _ = new(&project, &["nimbus-cloud", "--engine", "Nimbus Cloud", "--adapter", "nimbus"]).expect(0);
    let files = tree(&project.path("floe-plugin-nimbus-cloud"));
    let (copied, own): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| path.starts_with("floe-plugin-api"));
    let texts =
        own.into_iter().map(|(path, text)| format!("=== {}\n{}", path.display(), String::from_utf8_lossy(text)));
    insta::assert_snapshot!("crate", texts.collect::<Vec<_>>().join("\n"));

    let checkout = tree(&workspace::root().join("plugin-api"));
    let inside = |path: &Path| path.strip_prefix("floe-plugin-api").expect("in the copy").to_owned();
    for (path, text) in &copied {
        match inside(path).to_str().expect("a path in UTF-8") {
            "Cargo.toml" | "abi/Cargo.toml" => {}
            "LICENSE" => assert_eq!(**text, fs::read(workspace::root().join("LICENSE")).expect("the license")),
            path => assert_eq!(checkout.get(Path::new(path)), Some(*text), "{path}"),
        }
    }
    let is_source = |path: &Path| path.extension().is_some_and(|end| end == "rs") && !path.starts_with("tests");
    let sources = checkout.keys().filter(|path| is_source(path));
    for source in sources {
        assert!(copied.iter().any(|(path, _)| inside(path) == *source), "{}", source.display());
    }
}

#[test]
fn nothing_is_replaced() {
    let project = Project::new();
    project.write("floe-plugin-a/thesis.txt", "years of work");
    fs::create_dir(project.path("floe-plugin-b")).expect("an empty folder");
    project.write("floe-plugin-c", "a file");
    let before = tree(&project.product());
    std::os::unix::fs::symlink("nowhere", project.path("floe-plugin-d")).expect("a link to nothing");
    let mut all = String::new();
    for name in ["a", "b", "c", "d"] {
        let _ = new(&project, &[name]).expect(1);
        all.push_str(&said(&project, &[name]));
    }
    insta::assert_snapshot!("refused-to-replace", all);
    assert!(project.path("floe-plugin-d").symlink_metadata().expect("the link").is_symlink());
    fs::remove_file(project.path("floe-plugin-d")).expect("the link can be removed");
    assert_eq!(tree(&project.product()), before);
    assert_eq!(fs::read_dir(project.path("floe-plugin-b")).expect("the empty folder").count(), 0);
}

#[test]
fn names_that_no_crate_can_have() {
    let project = Project::new();
    let before = tree(&project.product());
    let long = "a".repeat(64);
    let mut all = String::new();
    for arguments in [
        ["Nimbus"].as_slice(),
        &["nimbus cloud"],
        &["../nimbus"],
        &["9nimbus"],
        &[long.as_str()],
        &["api"],
        &["nimbus", "--adapter", "dbt-nimbus"],
        &["nimbus", "--engine", "\"Nimbus\""],
        &["Nimbus", "--engine", "", "--adapter", "Nimbus"],
    ] {
        let _ = new(&project, arguments).expect(1);
        all.push_str(&said(&project, arguments));
        all.push('\n');
    }
    insta::assert_snapshot!("names", all);
    assert_eq!(tree(&project.product()), before);
}

#[test]
fn what_is_not_there_and_what_cannot_be_written() {
    let project = Project::new();
    project.write("other/Cargo.toml", "[package]\nname = \"other\"\n");
    project.write("broken/Cargo.toml", "[package\n");
    project.write("bare/Cargo.toml", "[workspace]\n");
    let mut all = String::new();
    for arguments in [
        ["nimbus", "--plugin-api", "nowhere"].as_slice(),
        &["nimbus", "--plugin-api", "other"],
        &["nimbus", "--plugin-api", "broken"],
        &["nimbus", "--plugin-api", "bare"],
        &["nimbus", "--out", "/proc/nowhere/nimbus"],
        &["nimbus", "--out", "floe.yaml/nimbus"],
    ] {
        let _ = new(&project, arguments).expect(1);
        all.push_str(&said(&project, arguments));
        all.push('\n');
    }
    insta::assert_snapshot!("sources-and-places", all);
}

/// The crate lies outside of this workspace, with a lock file of its own, and is optimised for size.
#[test]
fn the_crate_builds_passes_its_tests_and_works() {
    let project = Project::new();
    let _ = new(&project, &["nimbus", "--engine", "Nimbus"]).expect(0);
    let folder = project.path("floe-plugin-nimbus");
    assert!(!folder.join("Cargo.lock").exists());
    passes(&folder, &["fmt", "--check"]);
    let built = workspace::build(&mut cargo(&folder, &["build", "--release"]));
    let lock = fs::read_to_string(folder.join("Cargo.lock")).expect("a lock of its own");
    assert_ne!(lock, fs::read_to_string(workspace::root().join("Cargo.lock")).expect("the checkout's lock"));
    assert!(lock.contains("name = \"floe-plugin-nimbus\"") && !lock.contains("name = \"duckdb\""), "{lock}");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("its manifest");
    assert!(manifest.contains("opt-level = \"z\""), "the checkout's own is 2");
    passes(&folder, &["clippy", "--release", "--all-targets", "--locked", "--", "-D", "warnings"]);
    let tests = passes(&folder, &["test", "--release", "--locked"]);
    assert!(tests.contains("7 passed; 0 failed") && tests.contains("test complies_with_floe ... ok"), "{tests}");

    let library = &built["floe_plugin_nimbus"];
    let inspected =
        project.floe(&["plugin", "inspect", library.to_str().expect("UTF-8"), "--format", "json"]).expect(0);
    let plugin = &inspected.json()["plugins"][0];
    assert_eq!(plugin["status"], "ok");
    assert_eq!((&plugin["record"]["name"], &plugin["record"]["version"]), (&"nimbus".into(), &"0.1.0".into()));
    works(&project, library);
}

/// In a product: the profile, the packages, a check of a server that is there, and a limit that dbt does not hold.
fn works(project: &Project, library: &PathBuf) {
    project.install("libfloe_plugin_nimbus.so", |to| {
        fs::copy(library, to).expect("the plugin can be copied");
    });
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let settings = "user: dbt, password: {secret: {source: env, name: NIMBUS_PASSWORD}}, database: shop, schema: marts";
    project.approve("nimbus", &[&format!("{{name: nimbus, config: {{host: 127.0.0.1, port: {port}, {settings}}}}}")]);
    let _ = project.floe(&["compile", "--deny-warnings"]).expect(0);
    let read = |path: &str| fs::read_to_string(project.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let profile = read("target/floe/profiles/dev/nimbus/profiles.yml").replace(&port.to_string(), "[port]");
    insta::assert_snapshot!("profile", format!("{profile}\n{}", read("target/floe/requirements/nimbus.txt")));

    let mut health = project.command(&["health"]);
    let health = Run::of(health.env("NIMBUS_PASSWORD", "hunter2")).expect(0).transcript();
    insta::assert_snapshot!("health", redact(project, &health).replace(&port.to_string(), "[port]"));

    project.approve(
        "nimbus",
        &[&format!(
            "{{name: nimbus, config: {{host: h, timeout_seconds: 9, connect_timeout_seconds: 2, {settings}}}}}"
        )],
    );
    insta::assert_snapshot!("limits", redact(project, &project.floe(&["compile"]).expect(0).transcript()));
}

/// rustfmt breaks lines by their length, and names have any.
#[test]
fn the_crate_is_formatted_whatever_its_name() {
    let project = Project::new();
    for (name, engine) in [("n", "N"), (&*"a".repeat(63), &*"Ω".repeat(40))] {
        let _ = new(&project, &[name, "--engine", engine]).expect(0);
        passes(&project.path(&format!("floe-plugin-{name}")), &["fmt", "--check"]);
    }
}

#[test]
fn the_crate_is_a_workspace_of_its_own_wherever_it_lies() {
    let project = Project::new();
    project.write("Cargo.toml", "[workspace]\nmembers = []\n");
    let _ = new(&project, &["first"]).expect(0);
    let _ = new(&project, &["second", "--plugin-api", "floe-plugin-first/floe-plugin-api"]).expect(0);
    let second = project.path("floe-plugin-second");
    assert!(!second.join("floe-plugin-api").exists(), "it needs no copy");
    for folder in [project.path("floe-plugin-first"), second] {
        let metadata = passes(&folder, &["metadata", "--format-version", "1", "--no-deps"]);
        assert!(
            metadata.contains(&format!("\"workspace_root\":\"{}\"", folder.canonicalize().expect("a path").display()))
        );
    }
    let manifest = fs::read_to_string(project.path("floe-plugin-second/Cargo.toml")).expect("its manifest");
    let absolute = project.product().canonicalize().expect("a path").join("floe-plugin-first/floe-plugin-api");
    assert!(manifest.contains(&format!("floe-plugin-api = {{ path = \"{}\" }}", absolute.display())), "{manifest}");
}
