//! docs/tutorial-plugin.md is executed, from an empty folder to a profile that the new plugin wrote, and prints what it says.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use floe_tests::walk::{Block, blocks, walk};
use floe_tests::{dist, scripts, show, workspace};
use regex::Regex;

/// With an empty build folder, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(15);

/// Takes out what differs from machine to machine, of the document as of what was printed.
fn alike(text: &str, folder: &Path) -> String {
    let mut text = text.replace(folder.to_str().expect("a path in UTF-8"), "/home/you/nimbus");
    for (pattern, name) in [
        (r"[0-9a-f]{64}", "[sha256]"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]"),
        (r"rustc \d+\.\d+\.\d+[^\n]*?\)", "[rustc]"),
        (r"(x86_64|aarch64)-[a-z-]+(linux-gnu|darwin)", "[target]"),
        (r"(linux|macos)-(x86_64|aarch64)", "[platform]"),
        (r"\b[0-9A-F]{16}\b", "[key]"),
        (r"\b\d+ bytes", "[size]"),
        (r"\b\d+ files", "[n] files"),
        (r"\b\d+(\.\d+)? ms\b", "[ms]"),
        (r"\.dylib\b", ".so"),
        (r"needs +lib.*", "needs  [libraries]"),
        (r"dbt-nimbus is not installed in .*|dbt knows no adapter .*|python3 cannot be started.*", "[no adapter]"),
        (r"port [1-6]\d{4}\b", "port [port]"),
        (r"\b\d\.\d s\b", "[s]"),
        // Columns are as wide as what stands in them.
        (r"[ \t]{2,}", "  "),
        (r"[ \t]+\n", "\n"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, name).into_owned();
    }
    text.trim_matches('\n').to_owned()
}

fn differences(blocks: &[Block], printed: &[String], folder: &Path) -> String {
    let mut differences = String::new();
    for (block, printed) in blocks.iter().zip(printed) {
        let Some(shown) = &block.shown else { continue };
        if alike(shown, folder) != alike(printed, folder) {
            let printed = printed.replace(folder.to_str().expect("a path in UTF-8"), "/home/you/nimbus");
            let _ = writeln!(differences, "--- line {}, in place of what is shown there:\n{printed}", block.line);
        }
    }
    differences
}

fn home_of(variable: &str, folder: &str) -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").expect("a home")).join(folder);
    env::var_os(variable).map_or_else(home, PathBuf::from)
}

#[test]
fn a_newcomer_gets_from_an_empty_folder_to_a_profile() {
    let document = fs::read_to_string(workspace::root().join("docs/tutorial-plugin.md")).expect("the tutorial");
    let blocks = blocks(&document);
    let folder = tempfile::Builder::new().prefix("floe-tutorial-").tempdir().expect("a folder");
    let place = folder.path().canonicalize().expect("a path").join("work");
    let home = folder.path().join("home");
    for folder in [&place, &home] {
        fs::create_dir(folder).expect("a folder");
    }
    let path = env::var("PATH").expect("a path");
    let minisign = scripts::call("packages.sh", "minisign_program", &[]);
    let minisign = minisign.parent().expect("its folder").display();
    let mut shell = Command::new("bash");
    shell
        .current_dir(&place)
        .env_clear()
        .env("PATH", format!("{}:{minisign}:{path}", dist::dist().join("bin").display()))
        .env("HOME", &home)
        .env("LANG", "C.UTF-8")
        .env("CARGO_HOME", home_of("CARGO_HOME", ".cargo"))
        .env("RUSTUP_HOME", home_of("RUSTUP_HOME", ".rustup"))
        // What the checkout was built from is here, and nothing else is asked for.
        .env("CARGO_NET_OFFLINE", "true")
        // What comes out lies where the tutorial says; what lies between is kept from run to run.
        .env("CARGO_BUILD_BUILD_DIR", workspace::target_dir().join("floe-tests/tutorial"));
    let printed = walk(&blocks, &mut shell, PATIENCE);
    assert_eq!(printed.len(), blocks.len());
    show(&format!("walked {} blocks of the tutorial", blocks.len()));
    let differences = differences(&blocks, &printed, &place);
    assert!(differences.is_empty(), "the tutorial shows something else:\n{differences}");
}

#[test]
fn the_tutorial_ends_with_a_plugin_that_is_listed_compliant_approved_and_compiled() {
    let document = fs::read_to_string(workspace::root().join("docs/tutorial-plugin.md")).expect("the tutorial");
    let blocks = blocks(&document);
    for (command, shown) in [
        ("floe plugin new nimbus", "floe-plugin-api/"),
        ("floe plugin test", "0 failed"),
        ("floe plugin list", "nimbus"),
        ("floe plugin lock", "nimbus"),
        ("cat target/floe/profiles/dev/nimbus/profiles.yml", "port: 7433"),
        ("floe plugin verify", "as pinned"),
    ] {
        let has = |block: &Block| block.shown.as_ref().is_some_and(|text| text.contains(shown));
        assert!(blocks.iter().any(|block| block.commands.contains(command) && has(block)), "{command}: {shown}");
    }
    for command in ["cargo test", "floe compile", "kind: Manifest", "require_signature: true"] {
        assert!(blocks.iter().any(|block| block.commands.contains(command)), "{command}");
    }
}
