//! Plugins in workers: what each misbehaviour costs. The fixtures are built by a nested cargo, which does nothing when they are fresh.

#![allow(clippy::unwrap_used, reason = "a failure is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use floe::diagnostics::Diagnostic;
use floe::plugins::{Launcher, Limits, PluginHost, Scrubber, SearchOptions, Worker};
use floe_plugin_api::serde_json::{Map, json};
use floe_plugin_api::{CheckRequest, ComputeConfig, ConnectionResult, ConnectionStatus};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse/battery+staple";

/// The folder in which the fixtures lie, as `lib<name>.so`.
fn fixtures() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let profile = Path::new(env!("CARGO_BIN_EXE_floe")).parent().unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "floe-fixture-misbehaving", "--examples"]);
        if profile.file_name().is_some_and(|name| name == "release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the fixtures do not build");
        profile.join("examples")
    })
}

/// A plugins folder that holds one fixture.
struct Folder(TempDir);

impl Folder {
    fn with(fixtures: &[&str]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in fixtures {
            folder.add(name, &format!("{name}.so"));
        }
        folder
    }

    fn add(&self, fixture: &str, file: &str) -> PathBuf {
        let library =
            format!("{}{}{}", std::env::consts::DLL_PREFIX, fixture.replace('-', "_"), std::env::consts::DLL_SUFFIX);
        let to = self.0.path().join(file);
        std::fs::copy(fixtures().join(library), &to).unwrap();
        to
    }

    fn host(&self) -> PluginHost {
        let options = SearchOptions { plugins_dir: Some(self.0.path().to_owned()), ..SearchOptions::default() };
        let limits = Limits { load: Duration::from_secs(2), address_space: Some(1 << 30), ..Limits::default() };
        PluginHost::discover(&options, Launcher::new(env!("CARGO_BIN_EXE_floe"))).with_limits(limits)
    }
}

fn check_request(plugin: &str) -> CheckRequest {
    let mut connection = Map::new();
    connection.insert("password".to_owned(), json!(PASSWORD));
    let config = ComputeConfig::new(plugin, plugin).with_connection(connection);
    CheckRequest::new(config, "dev", "/tmp", 1000, "test")
}

fn check(worker: &mut Worker, plugin: &str) -> Result<ConnectionResult, Diagnostic> {
    worker.call(&check_request(plugin), Duration::from_secs(3))
}

/// Everything that one check of a fixture says, as `F0000 error: message`.
fn outcome(fixture: &str) -> Vec<String> {
    let folder = Folder::with(&[fixture]);
    let host = folder.host();
    let said = run(&host, fixture);
    let place = folder.0.path().display().to_string();
    said.iter()
        .map(|found| {
            let level = if found.is_error() { "error" } else { "warning" };
            format!("{} {level}: {}", found.code.id, found.message.replace(&place, "DIR"))
        })
        .collect()
}

fn run(host: &PluginHost, name: &str) -> Vec<Diagnostic> {
    let plugin = match host.find(name) {
        Ok(plugin) => plugin,
        Err(found) => return vec![found],
    };
    let mut worker = match host.start(plugin) {
        Ok(worker) => worker,
        Err(found) => return vec![found],
    };
    worker.set_scrubber(Scrubber::new([PASSWORD]));
    let mut said = Vec::new();
    match check(&mut worker, name) {
        Ok(result) => assert!(!format!("{result:?}").contains("correct horse"), "{result:?}"),
        Err(found) => {
            assert!(found.kind.is_some(), "{found:?}");
            if let Some(cause) = worker.cause_of_death() {
                assert_eq!(cause, &found);
                assert_eq!(check(&mut worker, name).unwrap_err(), found, "no cascade");
            }
            said.push(found);
        }
    }
    said.extend(worker.finish());
    said
}

#[test]
fn a_good_plugin_answers() {
    let folder = Folder::with(&["good"]);
    let host = folder.host();
    let mut worker = host.start(host.find("good").unwrap()).unwrap();
    let result = check(&mut worker, "good").unwrap();
    assert_eq!(result.status, ConnectionStatus::Healthy);
    assert_eq!(worker.finish(), []);
}

#[track_caller]
fn costs(fixture: &str, expected: &str) {
    // The fixtures are built first, which takes a minute where they are new.
    drop(Folder::with(&[fixture]));
    let begin = Instant::now();
    let said = outcome(fixture);
    // Not a measurement: only that it ends by itself, on a busy machine too.
    assert!(begin.elapsed() < Duration::from_secs(30), "{fixture} took {:?}", begin.elapsed());
    assert_eq!(said, [expected.to_owned()], "{fixture}");
}

/// Replaces bytes of a file by as many others.
fn patch(file: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_crash_costs_one_error() {
    costs(
        "panics",
        "F0615 error: plugin panics (DIR/panics.so) failed: validate_connection panicked: the panic of a fixture",
    );
    costs(
        "panics-in-constructor",
        "F0602 error: plugin panics-in-constructor (DIR/panics-in-constructor.so) cannot be loaded: the constructor panicked: \
         the panic of a fixture that is made",
    );
    costs("aborts", "F0603 error: plugin aborts (DIR/aborts.so) died of signal 6 (aborted) during validate_connection");
    costs(
        "segfaults",
        "F0603 error: plugin segfaults (DIR/segfaults.so) died of signal 11 (segmentation fault) during validate_connection",
    );
    costs(
        "segfaults-on-load",
        "F0603 error: plugin segfaults-on-load (DIR/segfaults-on-load.so) died of signal 11 (segmentation fault) while it \
         was being loaded",
    );
    costs(
        "overflows-stack",
        "F0603 error: plugin overflows-stack (DIR/overflows-stack.so) died of signal 6 (aborted) during \
         validate_connection; its last words: fatal runtime error: stack overflow, aborting",
    );
}

#[test]
fn leaving_without_an_answer_costs_one_error() {
    costs(
        "exits-zero",
        "F0603 error: plugin exits-zero (DIR/exits-zero.so) exited with status 0 during validate_connection",
    );
    costs(
        "exits-zero-on-load",
        "F0603 error: plugin exits-zero-on-load (DIR/exits-zero-on-load.so) exited with status 0 while it was being loaded",
    );
    costs(
        "closes-everything",
        "F0603 error: plugin closes-everything (DIR/closes-everything.so) closed its connection to floe during \
         validate_connection",
    );
}

#[test]
fn being_late_costs_one_error() {
    costs(
        "hangs",
        "F0605 error: plugin hangs (DIR/hangs.so) was stopped during validate_connection: it took longer than 3 s",
    );
    costs(
        "hangs-on-load",
        "F0605 error: plugin hangs-on-load (DIR/hangs-on-load.so) was stopped while it was being loaded: it took longer than 2 s",
    );
    costs(
        "hangs-in-constructor",
        "F0605 error: plugin hangs-in-constructor (DIR/hangs-in-constructor.so) was stopped while it was being loaded: it \
         took longer than 2 s",
    );
    // Writes into the host's socket too, as if an answer were on its way.
    costs(
        "drips",
        "F0605 error: plugin drips (DIR/drips.so) was stopped during validate_connection: it took longer than 3 s",
    );
}

#[test]
fn excess_costs_one_error() {
    costs(
        "huge",
        "F0609 error: plugin huge (DIR/huge.so) answered 17.0 MiB during validate_connection; an answer has at most 16 MiB",
    );
    costs(
        "eats-memory",
        "F0604 error: plugin eats-memory (DIR/eats-memory.so) ran out of memory during validate_connection; a worker may use \
         1 GiB; its last words: memory allocation of 268435456 bytes failed",
    );
}

#[test]
fn what_was_left_behind_is_killed_and_told() {
    costs(
        "leaves-child",
        "F0621 error: plugin leaves-child (DIR/leaves-child.so) left a process behind (sleep); it was killed",
    );
    // Of its shell, `setsid` or `sleep`, whichever it was at that moment.
    let said = outcome("leaves-daemon");
    let left = "F0621 error: plugin leaves-daemon (DIR/leaves-daemon.so) left a process behind (";
    assert!(said.len() == 1 && said[0].starts_with(left), "{said:?}");
}

#[test]
fn noise_and_leaks_are_warnings() {
    costs(
        "noisy",
        "F0620 warning: plugin noisy (DIR/noisy.so) wrote 72 bytes to standard output, which is not its own",
    );
    costs(
        "leaks-secret",
        "F0622 warning: plugin leaks-secret (DIR/leaks-secret.so) gave away a secret in its answer to validate_connection, \
         its log; it was replaced by ***",
    );
}

#[test]
fn a_bad_neighbour_costs_nothing() {
    let folder = Folder::with(&["good", "twin_a", "twin_b", "segfaults", "exits-zero-on-load"]);
    let host = folder.host();
    let names = ["good", "segfaults", "twin_a", "exits-zero-on-load", "twin_b"];
    let host = &host;
    let errors: Vec<_> = std::thread::scope(|scope| {
        let started: Vec<_> = names.iter().map(|name| scope.spawn(move || run(host, name).len())).collect();
        started.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(errors, [0, 1, 0, 1, 0]);
}

#[test]
fn what_the_loader_refuses_is_told_in_its_words() {
    let folder = Folder::with(&[]);
    patch(&folder.add("good", "good.so"), "libgcc_s.so.1", "libnope0.so.1");
    patch(
        &folder.add("traces", "traces.so"),
        "_1as_0lib_1header_0root_bmodule_bloader",
        "_1as_0lib_1header_0root_bmodule_bloadex",
    );
    let host = folder.host();
    let said = run(&host, "good");
    let words = "cannot be loaded: libnope0.so.1: cannot open shared object file: No such file or directory";
    assert!(said.len() == 1 && said[0].message.ends_with(words), "{said:?}");
    assert!(said[0].help.starts_with("install the library that it needs; floe plugin inspect"), "{said:?}");
    let said = run(&host, "traces");
    let words = "cannot be loaded: it has a floe record but not the entry point of a floe plugin";
    assert!(said.len() == 1 && said[0].message.ends_with(words), "{said:?}");
}

#[test]
fn a_record_that_lies_is_found_out() {
    let folder = Folder::with(&[]);
    let file = folder.add("good", "good.so");
    patch(&file, r#""version":"1.0.0""#, r#""version":"9.9.9""#);
    let said = run(&folder.host(), "good");
    assert_eq!(said.len(), 1);
    let expected = r#"is not what its record says: version is "9.9.9" there and "1.0.0" when loaded"#;
    assert!(said[0].message.ends_with(expected), "{said:?}");
}

#[test]
fn an_api_that_does_not_fit_is_refused_before_anything_is_executed() {
    let (from, crate_version) =
        (r#""floe_api_version":"1.0.0","plugin_api_version":"0.1.0""#, r#","plugin_api_version":"#);
    for (api, rest) in [("2.0.0", "\"0.1.0\""), ("1.999.0", "\"0.1\""), ("g&rb!", "\"0.1.0\"")] {
        let folder = Folder::with(&[]);
        let file = folder.add("traces", "traces.so");
        patch(&file, from, &format!("\"floe_api_version\":\"{api}\"{crate_version}{rest}"));
        let said = run(&folder.host(), "traces");
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].code.id, "F0510", "{said:?}");
        assert!(said[0].message.contains(api), "{said:?}");
        assert!(!file.with_extension("so.trace").exists(), "{api} was executed");
    }
    // The trace would have been left.
    let folder = Folder::with(&["traces"]);
    assert_eq!(run(&folder.host(), "traces"), []);
    assert!(folder.0.path().join("traces.so.trace").exists());
}

#[test]
fn files_that_are_no_plugins_fail_only_who_asks_for_them() {
    let folder = Folder::with(&["good"]);
    let whole = std::fs::read(folder.add("traces", "cut.so")).unwrap();
    std::fs::write(folder.0.path().join("cut.so"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.0.path().join("libfloe_plugin_text.so"), "not a library\n").unwrap();
    let mut foreign = whole;
    foreign[18..20].copy_from_slice(&183_u16.to_le_bytes());
    std::fs::write(folder.0.path().join("foreign.so"), foreign).unwrap();
    let host = folder.host();
    assert_eq!(host.list().len(), 4);
    assert_eq!(run(&host, "good"), []);
    for (name, code) in [("cut", "F0506"), ("text", "F0505"), ("traces", "F0507"), ("goood", "F0501")] {
        let said = run(&host, name);
        assert_eq!((said.len(), said[0].code.id), (1, code), "{said:?}");
    }
    assert_eq!(run(&host, "goood")[0].help, "did you mean good? floe plugin list shows what there is");
}

#[test]
fn two_plugins_of_one_name_in_one_folder_are_an_error_and_in_two_a_shadow() {
    let (one, two) = (Folder::with(&["good"]), Folder::with(&["good", "traces"]));
    let variable = std::env::join_paths([one.0.path(), two.0.path()]).unwrap();
    let options = SearchOptions { path_variable: Some(variable), ..SearchOptions::default() };
    let host = PluginHost::discover(&options, Launcher::new(env!("CARGO_BIN_EXE_floe")));
    let shadows: Vec<_> = host.list().iter().map(|found| found.shadowed_by.is_some()).collect();
    assert_eq!(shadows, [false, true, false]);
    assert!(host.find("good").unwrap().path.starts_with(one.0.path()));

    two.add("good", "again.so");
    std::os::unix::fs::symlink("traces.so", two.0.path().join("traces-link.so")).unwrap();
    let host = two.host();
    let said = host.find("good").unwrap_err();
    assert!(said.message.ends_with("has 2 plugins good: again.so, good.so"), "{said:?}");
    assert!(host.find("traces").is_ok(), "two names of one file are one plugin");
}

#[test]
fn a_file_that_changes_after_its_inspection_is_not_used() {
    let folder = Folder::with(&["good"]);
    let (host, file) = (folder.host(), folder.0.path().join("good.so"));
    let other = folder.add("good", "other");
    std::fs::rename(other, &file).unwrap();
    let said = run(&host, "good")[0].to_text("id").replace(folder.0.path().to_str().unwrap(), "[folder]");
    insta::assert_snapshot!(said);

    let host = folder.host();
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(run(&host, "good")[0].code.id, "F0607", "written in place");
}

#[test]
fn a_file_that_others_can_write_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&["good"]);
    let file = folder.0.path().join("good.so");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let said = run(&folder.host(), "good");
    assert_eq!((said.len(), said[0].code.id, said[0].is_error()), (1, "F0512", false), "{said:?}");
    assert_eq!(said[0].help, format!("chmod go-w {}", file.display()));
}

#[test]
fn a_plugin_sees_what_it_asks_for() {
    let folder = Folder::with(&["sees-env"]);
    let host = folder.host();
    let mut worker = host.start(host.find("sees-env").unwrap()).unwrap();
    let seen = format!("{:?}", check(&mut worker, "sees-env").unwrap().details.other);
    // Set by cargo for this test; and the base list.
    assert!(!seen.contains("CARGO") && seen.contains("PATH"), "{seen}");
}

/// A program that is a worker in name only.
fn impostor(script: &str) -> Diagnostic {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with(&["good"]);
    let program = folder.0.path().join("impostor");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let options = SearchOptions { plugins_dir: Some(folder.0.path().to_owned()), ..SearchOptions::default() };
    let limits = Limits { load: Duration::from_millis(500), ..Limits::default() };
    let host = PluginHost::discover(&options, Launcher::new(&program)).with_limits(limits);
    let begin = Instant::now();
    let said = host.start(host.find("good").unwrap()).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert_eq!(said.code.id, "F0601", "{said:?}");
    said
}

#[test]
fn the_host_never_blocks_on_a_worker() {
    let said = impostor("exec yes");
    let text = said.to_text("id");
    let program = text.split_whitespace().find(|word| word.starts_with('/')).unwrap().trim_end_matches(':');
    insta::assert_snapshot!(text.replace(program, "[program]"));
    assert!(impostor("exec yes >&2").message.ends_with("it does not answer"));
    assert!(impostor("exec sleep 60").message.ends_with("it does not answer"));
    // The child holds the socket open after the parent's end.
    assert!(impostor("sleep 60 <&0 & exit 3").message.ends_with("it exited with status 3 before it was ready"));
    assert!(impostor("echo garbage >&0; sleep 60").message.ends_with("it does not speak floe's protocol"));
}

#[test]
fn a_worker_ends_with_its_host() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut worker = Command::new(env!("CARGO_BIN_EXE_floe"));
    let mut worker = worker.arg("__floe-worker").stdin(std::os::fd::OwnedFd::from(theirs)).spawn().unwrap();
    drop(ours);
    assert!(worker.wait().unwrap().code().is_some());

    let by_hand = Command::new(env!("CARGO_BIN_EXE_floe")).arg("__floe-worker").output().unwrap();
    assert_eq!(by_hand.status.code(), Some(2));
}
