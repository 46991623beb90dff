//! A version 1.1 of the boundary, made from this one by `tests/later/added.patch`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::workspace;

/// What was built against API 1.1.
#[derive(Debug)]
pub struct Later {
    /// A host.
    pub host: PathBuf,
    /// A plugin.
    pub plugin: PathBuf,
}

/// Builds both, once a test process.
///
/// # Panics
/// Where the patch does not fit `plugin-api/` any more, or the build fails.
pub fn later() -> &'static Later {
    static BUILT: OnceLock<Later> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = workspace::target_dir().join("floe-tests/later");
        write_workspace(&folder);
        // The versions of everything else are those of the checkout's Cargo.lock.
        let arguments = ["build", "--release", "--offline", "-p", "floe-later", "--bins", "--examples"];
        let built = workspace::build(workspace::cargo().args(arguments).current_dir(&folder));
        Later { host: workspace::target_dir().join("release/floe-later-host"), plugin: built["later"].clone() }
    })
}

/// The crates lie in other places than in the checkout: cargo names what it builds by a crate's place in its workspace,
/// and the build folder is the same.
fn write_workspace(folder: &Path) {
    let root = workspace::root();
    let _ = fs::remove_dir_all(folder);
    copy(&root.join("tests/later"), &folder.join("next/later"));
    for sources in ["plugin-api/src", "plugin-api/abi"] {
        copy(&root.join(sources), &folder.join("next").join(sources));
    }
    copy(&root.join("tests/fixtures/misbehaving/src"), &folder.join("next/misbehaving/src"));
    for file in ["Cargo.toml", "build.rs"] {
        copy(&root.join("plugin-api").join(file), &folder.join("next/plugin-api").join(file));
    }
    copy(&root.join("Cargo.lock"), &folder.join("Cargo.lock"));

    let manifest = read(&root.join("tests/fixtures/misbehaving/Cargo.toml"));
    let without_examples = manifest.split("[[example]]").next().expect("a first part").to_owned();
    write(&folder.join("next/misbehaving/Cargo.toml"), &without_examples);

    let manifest = read(&root.join("Cargo.toml"));
    let lines = manifest.lines().map(|line| match line.split(" = ").next() {
        Some("members") => "members = [\"next/*\", \"next/plugin-api/abi\"]",
        Some("default-members") => "",
        // The version of every crate but floe-plugin-abi: nothing of it may matter to a plugin.
        Some("version") => "version = \"0.2.0\"",
        Some("floe-plugin-abi") => "floe-plugin-abi = { path = \"next/plugin-api/abi\" }",
        Some("floe-plugin-api") => "floe-plugin-api = { path = \"next/plugin-api\" }",
        _ => line,
    });
    write(&folder.join("Cargo.toml"), &lines.collect::<Vec<_>>().join("\n"));

    let output = Command::new("git")
        .args(["apply", "--unsafe-paths", "--directory"])
        .arg(folder.join("next"))
        .arg(root.join("tests/later/added.patch"))
        .current_dir("/")
        .output()
        .expect("git can be started");
    assert!(output.status.success(), "added.patch: {}", String::from_utf8_lossy(&output.stderr));
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder of the checkout") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::create_dir_all(to.parent().expect("a file in a folder")).expect("a folder");
        // Not `fs::copy`: what is older than the last build counts as built.
        write(to, &read(from));
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
