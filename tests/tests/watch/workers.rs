//! Plugins' processes that die, and what a long watch takes of the machine.

use std::fs;
use std::thread;
use std::time::Duration;

use floe_tests::background::{Background, signal, wait_until};
use floe_tests::servers::postgres::{USER, shared};
use floe_tests::{Project, show};
use rustix::process::Signal;

use super::{is, redshift, watch};

#[test]
fn a_worker_that_is_killed_is_started_anew_and_the_compute_stays_healthy() {
    let project = Project::new().approving("duckdb", &["{name: duckdb, config: {path: ':memory:'}}"]);
    let watch = watch(&project, "300ms", &[]);
    watch.until("healthy", |event| is(event, "duckdb", "healthy"));
    let [worker] = watch.children()[..] else { panic!("one worker: {:?}", watch.children()) };
    signal(worker, Signal::KILL);
    let event = watch.until_after(1, "another event", |_| true);
    assert_eq!(event["event"], "worker_restarted", "{event:#}");
    wait_until("it has one worker again", || watch.children().len() == 1 && watch.children()[0] != worker);
    let children = watch.children();
    let ended = watch.end(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    wait_until("its worker is gone", || {
        children.iter().all(|child| !fs::exists(format!("/proc/{child}")).unwrap_or(true))
    });
}

#[test]
fn a_plugin_that_dies_in_every_check_is_unhealthy_and_the_others_are_not() {
    let project = Project::new()
        .with_fixtures(&["aborts", "good"])
        .approving("good", &["{name: good, config: {}}", "{name: bad, plugin: aborts, config: {}}"]);
    let watch = watch(&project, "200ms", &[]);
    let bad = watch.until("unhealthy", |event| is(event, "bad", "unhealthy"));
    assert_eq!(bad["kind"], "plugin_execution", "{bad:#}");
    watch.until("healthy", |event| is(event, "good", "healthy"));
    thread::sleep(Duration::from_secs(2));
    assert_eq!(watch.events().len(), 2, "it is told once: {:?}", watch.events());
}

/// What the process and its workers hold: open files, threads, and memory in KiB.
fn held(watch: &Background) -> (usize, usize, u64) {
    let processes: Vec<u32> = std::iter::once(watch.process()).chain(watch.children()).collect();
    let count = |folder: &str| -> usize {
        processes.iter().map(|id| fs::read_dir(format!("/proc/{id}/{folder}")).map_or(0, Iterator::count)).sum()
    };
    let memory = |id: &u32| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB").to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default()
    };
    (count("fd"), count("task"), processes.iter().map(memory).sum())
}

#[test]
fn files_threads_and_memory_stay_flat() {
    let server = shared();
    server.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}"));
    let project = Project::new().approving(
        "wh",
        &[
            &redshift("wh", server.port, "{source: env, name: PG_PASSWORD}"),
            &redshift("wrong", 1, "{source: env, name: PG_PASSWORD}"),
            "{name: duckdb, config: {path: ':memory:'}}",
        ],
    );
    let watch = watch(&project, "100ms", &[]);
    watch.until("healthy", |event| is(event, "wh", "healthy"));
    watch.until("healthy", |event| is(event, "duckdb", "healthy"));
    watch.until("unhealthy", |event| is(event, "wrong", "unhealthy"));
    let settled = || {
        // In the pauses nothing is open for a moment only.
        (0..20)
            .map(|_| {
                thread::sleep(Duration::from_millis(13));
                held(&watch)
            })
            .min()
            .expect("a look")
    };
    thread::sleep(Duration::from_secs(3));
    let before = settled();
    thread::sleep(Duration::from_secs(12));
    let after = settled();
    show(&format!("open files, threads, KiB: {before:?} then {after:?}"));
    assert_eq!((before.0, before.1), (after.0, after.1));
    assert!(after.2 < before.2 + 2048, "{before:?} {after:?}");
}
