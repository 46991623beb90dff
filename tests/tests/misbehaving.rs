//! Plugins that misbehave: each costs one clear diagnostic that names it, in bounded time, and never the host, nor
//! another plugin.
//!
//! The table that is printed, and kept as a snapshot, says for each fixture what `floe compile` and `floe health` say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use floe_tests::fixtures::fixture;
use floe_tests::redact::redact;
use floe_tests::show;
use floe_tests::{Project, Run, forge};
use serde_json::Value;

/// Writes a file in the place of a plugin.
type Forge = fn(&Path);

/// Plugins that are built, and which of `floe compile` and `floe health` fail where one is approved.
const BUILT: &[(&str, Fails)] = &[
    ("aborts", Fails::Both),
    ("closes-everything", Fails::Both),
    ("drips", Fails::Both),
    ("eats-memory", Fails::Both),
    ("escapes", Fails::Compile),
    ("exits-zero", Fails::Both),
    ("exits-zero-on-load", Fails::Both),
    ("good", Fails::None),
    ("hangs", Fails::Both),
    ("hangs-in-constructor", Fails::Both),
    ("hangs-on-load", Fails::Both),
    ("huge", Fails::Both),
    ("leaks-secret", Fails::None),
    ("leaves-child", Fails::Both),
    ("leaves-daemon", Fails::Both),
    ("noisy", Fails::None),
    ("over-limits", Fails::Compile),
    ("overflows-stack", Fails::Both),
    ("panics", Fails::Both),
    ("panics-in-constructor", Fails::Both),
    ("segfaults", Fails::Both),
    ("segfaults-on-load", Fails::Both),
    ("unbounded", Fails::Compile),
];

/// Files that are made: what no compiler would write.
const FORGED: &[(&str, Forge)] = &[
    ("liar-name", |to| {
        forge::with_record(fixture("good"), to, |record| record["name"] = "liar-name".into());
    }),
    ("liar-version", |to| {
        forge::with_record(fixture("good"), to, |record| {
            record["version"] = "7.0.0".into();
        });
    }),
    ("api-2-0-0", |to| forged_api(to, "api-2-0-0", "2.0.0")),
    ("api-1-999-0", |to| forged_api(to, "api-1-999-0", "1.999.0")),
    ("api-garbage", |to| forged_api(to, "api-garbage", "garbage")),
    ("truncated", |to| {
        renamed(to, "truncated");
        forge::truncated(to, to);
    }),
    ("other-machine", |to| {
        renamed(to, "other-machine");
        forge::for_riscv(to, to);
    }),
    ("other-class", |to| {
        renamed(to, "other-class");
        forge::for_i386(to, to);
    }),
    ("other-system", |to| {
        renamed(to, "other-system");
        forge::for_macos(to, to);
    }),
    ("broken-record", |to| forge::with_garbage_record(fixture("good"), to)),
    ("broken-magic", |to| forge::with_broken_magic(fixture("good"), to)),
    ("text", |to| fs::write(to, "#!/bin/sh\necho no plugin\n").expect("a file")),
    ("empty", |to| fs::write(to, "").expect("a file")),
    ("other-library", |to| {
        fs::copy(format!("/lib/{}-linux-gnu/libm.so.6", std::env::consts::ARCH), to)
            .map(drop)
            .expect("the C library's mathematics");
    }),
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fails {
    Both,
    Compile,
    None,
}

const SECRET: &str = "hunter2 \"ünder\" %&+/ lock\\key";

fn renamed(to: &Path, name: &str) {
    forge::with_record(fixture("good"), to, |record| record["name"] = name.into());
}

fn forged_api(to: &Path, name: &str, version: &str) {
    forge::with_record(fixture("good"), to, |record| {
        record["name"] = name.into();
        record["floe_api_version"] = version.into();
    });
}

/// What one fixture costs where a manifest approves it beside a good one.
struct Seen {
    compile: Run,
    health: Run,
    /// With a manifest that does not name it.
    unnamed: Run,
    text: String,
}

fn project(name: &str, forged: Option<Forge>) -> Project {
    let project = Project::new().with_fixtures(&["twin_a"]);
    project.install(&format!("lib{name}.so"), |to| match forged {
        Some(forge) => forge(to),
        None => fs::copy(fixture(name), to).map(drop).expect("the fixture can be copied"),
    });
    let config = match name {
        "leaks-secret" => "{password: {secret: {source: env, name: FIXTURE_SECRET}}}".to_owned(),
        "leaves-child" | "leaves-daemon" => format!("{{path: {}/pid}}", project.root().display()),
        _ => "{}".to_owned(),
    };
    // This one gives its right name.
    let plugin = if name == "liar-version" { "good" } else { name };
    project.approve("twin_a", &["twin_a", &format!("{{name: subject, plugin: {plugin}, config: {config}}}")]);
    project
}

fn run(project: &Project, arguments: &[&str]) -> Run {
    Run::of(project.command(arguments).env("FIXTURE_SECRET", SECRET))
}

fn look(name: &str, forged: Option<Forge>) -> Seen {
    let project = project(name, forged);
    let compile = run(&project, &["compile", "--format", "json"]);
    assert_nothing_is_left(&project, name);
    let health = run(&project, &["health", "--timeout", "3", "--format", "json"]);
    assert_nothing_is_left(&project, name);
    assert_no_secret(&project, &[&compile, &health]);
    project.approve("twin_a", &["twin_a"]);
    let unnamed = run(&project, &["compile", "--format", "json"]);

    let mut text = format!("{name}\n");
    for (command, run) in [("compile", &compile), ("health", &health)] {
        let _ = writeln!(text, "  floe {command}: exit {}", run.code().map_or("?".to_owned(), |code| code.to_string()));
        for diagnostic in run.diagnostics() {
            let of = |key: &str| diagnostic[key].as_str().unwrap_or("-").to_owned();
            let _ = writeln!(text, "    {} {}: {}", of("code"), of("severity"), of("message"));
            let _ = writeln!(text, "      help: {}", of("help"));
        }
    }
    let text = redact(&project, &text);
    Seen { compile, health, unnamed, text }
}

/// No process that the plugin started is there any more.
fn assert_nothing_is_left(project: &Project, name: &str) {
    let Ok(pid) = fs::read_to_string(project.root().join("pid")) else {
        assert!(!name.starts_with("leaves-"), "{name} wrote no pid: the fixture did nothing");
        return;
    };
    let status = fs::read_to_string(format!("/proc/{}/status", pid.trim())).unwrap_or_default();
    let there = status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'));
    assert!(!there, "{name} left process {pid}:\n{status}");
    let _ = fs::remove_file(project.root().join("pid"));
}

fn assert_no_secret(project: &Project, runs: &[&Run]) {
    let json = serde_json::to_string(SECRET).expect("JSON");
    let ways = [SECRET, &json, "hunter2", "aHVudGVyM", "%22", "%26%2B"];
    let artifacts = floe_tests::tree::tree(&project.path("target"));
    let texts = runs.iter().flat_map(|run| [run.stdout.clone(), run.stderr.clone()]);
    let files = artifacts.into_values().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    for text in texts.chain(files) {
        for way in ways {
            assert!(!text.contains(way), "{way} is shown in:\n{text}");
        }
    }
}

fn status_of<'a>(health: &'a Value, compute: &str) -> &'a Value {
    let computes = health["computes"].as_array().expect("computes");
    &computes.iter().find(|entry| entry["compute"] == compute).expect("an entry of the compute")["status"]
}

#[test]
fn each_costs_one_diagnostic_and_nothing_else() {
    let mut waiting: Vec<(&str, Fails, Option<Forge>)> =
        BUILT.iter().map(|(name, fails)| (*name, *fails, None)).collect();
    waiting.extend(FORGED.iter().map(|(name, forge)| (*name, Fails::Both, Some(*forge))));
    let waiting = Mutex::new(waiting);
    let seen = Mutex::new(BTreeMap::new());
    // Most of the time goes by in deadlines.
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let Some((name, fails, forge)) = waiting.lock().expect("a lock").pop() else { break };
                    let found = look(name, forge);
                    seen.lock().expect("a lock").insert(name, (fails, found));
                }
            });
        }
    });

    let seen = seen.into_inner().expect("a lock");
    let table: String = seen.values().map(|(_, seen)| seen.text.as_str()).collect();
    show(&table);
    for (name, (fails, seen)) in &seen {
        let expected = |failed: bool| Some(i32::from(failed));
        assert_eq!(seen.compile.code(), expected(*fails != Fails::None), "{name}: floe compile\n{}", seen.text);
        assert_eq!(seen.health.code(), expected(*fails == Fails::Both), "{name}: floe health\n{}", seen.text);
        assert_eq!(seen.unnamed.code(), Some(0), "{name}: no manifest names it\n{}", seen.unnamed.transcript());
        assert_eq!(status_of(&seen.health.json(), "twin_a"), "healthy", "{name}: the other compute answers");
        for run in [&seen.compile, &seen.health, &seen.unnamed] {
            assert!(run.took < Duration::from_mins(1), "{name}: took {:?}", run.took);
        }
        let mut count = BTreeMap::new();
        for (command, run) in [("compile", &seen.compile), ("health", &seen.health)] {
            count.insert(command, run.diagnostics().len());
        }
        let (compile, health) = expected_diagnostics(name, *fails);
        assert_eq!((count["compile"], count["health"]), (compile, health), "{name}\n{}", seen.text);
    }
    insta::assert_snapshot!("table", table);
}

fn expected_diagnostics(name: &str, fails: Fails) -> (usize, usize) {
    match (name, fails) {
        // The profile request holds no value of a secret, so there is nothing to leak; the check tells one warning
        // of its own and what was scrubbed.
        ("leaks-secret", _) => (0, 2),
        ("noisy", _) | (_, Fails::Both) => (1, 1),
        (_, Fails::Compile) => (1, 0),
        (_, Fails::None) => (0, 0),
    }
}
