//! Plugins in workers: what each misbehaviour costs. The fixtures are built by a nested cargo, which does nothing when they are fresh.

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
        let limits = Limits { load: Duration::from_secs(2), address_space: Some(2 << 30), ..Limits::default() };
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
    worker.call(&check_request(plugin), Duration::from_millis(700))
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
        Ok(worker) => worker.with_scrubber(Scrubber::new([PASSWORD])),
        Err(found) => return vec![found],
    };
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
    let begin = Instant::now();
    let said = outcome(fixture);
    assert!(begin.elapsed() < Duration::from_secs(5), "{fixture} took {:?}", begin.elapsed());
    assert_eq!(said, [expected.to_owned()], "{fixture}");
}

#[test]
fn show() {
    let mut names: Vec<_> = std::fs::read_dir("../tests/fixtures/misbehaving/examples")
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some())
        .map(|p| p.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    for name in names {
        let name = name.replace('_', "-");
        let begin = Instant::now();
        let said = outcome(&name);
        println!("{name:24} {:?} {said:#?}", begin.elapsed());
    }
}
