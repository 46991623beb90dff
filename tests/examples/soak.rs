//! An accelerated soak of `floe health --watch`: `cargo run --release -p floe-tests --example soak -- MINUTES`.
//!
//! A real server, or the best stand-in that there is, for each engine, behind a relay that refuses, cuts and freezes its connections, in
//! a rhythm of its own; a PostgreSQL that is stopped and started; an address that swallows everything; a DuckDB file that somebody
//! else writes all the time; and workers that are killed. It writes down what it did and what the watch told, and what the watch
//! held: open files, threads and memory. It fails where an outage was not told in time, where something was told that was none, or
//! where what is held grows.
#![allow(clippy::print_stdout, reason = "it is a tool for a terminal")]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use floe_tests::background::{Background, children_of, signal_if_there};
use floe_tests::engines::{self, Engine};
use floe_tests::servers::faults::{BlackHole, Manner, server};
use floe_tests::servers::postgres::{Postgres, USER};
use floe_tests::servers::relay::Relay;
use floe_tests::{Project, dbt, say};
use rustix::process::Signal;
use serde_json::{Value, json};

/// The time between two checks.
const INTERVAL: Duration = Duration::from_millis(300);

/// What a compute that went down must have been told within, and one that came back: the pauses have grown by then.
const DOWN: Duration = Duration::from_millis(2_300);
const UP: Duration = Duration::from_secs(15);

/// Tells how long a disruption lasts, and which comes next: the same in every soak.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn seconds(&mut self, from: u64, below: u64) -> Duration {
        Duration::from_millis(from * 1000 + self.next((below - from) * 1000))
    }
}

/// What the watch told, with the time at which it was read.
#[derive(Default)]
struct Told(Mutex<Vec<(Instant, Value)>>);

impl Told {
    fn all(&self) -> std::sync::MutexGuard<'_, Vec<(Instant, Value)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The states that a compute was told to be in after a moment, unhealthy or not.
    fn states(&self, compute: &str, after: Instant) -> Vec<(Instant, bool)> {
        let all = self.all();
        let of_it = all.iter().filter(|(at, event)| {
            *at >= after
                && event["compute"] == compute
                && event["event"] == "status"
                && event["previous"] != event["status"]
        });
        of_it.map(|(at, event)| (*at, event["status"] == "unhealthy")).collect()
    }
}

/// What one engine went through.
#[derive(Default, Debug)]
struct Account {
    outages: usize,
    cuts: usize,
    frozen: usize,
    slowest_down: Duration,
    slowest_up: Duration,
    faults: Vec<String>,
}

/// Something that can be taken away and given back.
trait Breakable {
    fn down(&mut self);
    fn up(&mut self);
    /// Breaks what is there; a new connection works. Says how, or does nothing.
    fn disturb(&mut self, chance: &mut Chance) -> Option<&'static str>;
}

impl Breakable for Relay {
    fn down(&mut self) {
        self.refuse();
    }

    fn up(&mut self) {
        self.listen();
    }

    fn disturb(&mut self, chance: &mut Chance) -> Option<&'static str> {
        if chance.next(2) == 0 {
            self.cut();
            Some("cut")
        } else {
            self.freeze();
            Some("frozen")
        }
    }
}

impl Breakable for Postgres {
    fn down(&mut self) {
        self.stop();
    }

    fn up(&mut self) {
        self.start_again();
    }

    fn disturb(&mut self, _: &mut Chance) -> Option<&'static str> {
        self.sql("shop", &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'"));
        Some("cut")
    }
}

/// Outages and disturbances of one engine, until the end; each is compared with what the watch tells.
fn torment(name: &str, it: &mut dyn Breakable, mut chance: Chance, told: &Told, over: &AtomicBool) -> Account {
    let mut account = Account::default();
    while !over.load(Ordering::Relaxed) {
        let quiet = Instant::now();
        thread::sleep(chance.seconds(2, 6));
        if chance.next(3) == 0 {
            match it.disturb(&mut chance) {
                Some("cut") => account.cuts += 1,
                Some(_) => account.frozen += 1,
                None => {}
            }
            thread::sleep(chance.seconds(3, 6));
        }
        for (_, unhealthy) in told.states(name, quiet) {
            if unhealthy {
                account.faults.push(format!("{name} was told to be unhealthy while a new connection worked"));
            }
        }
        if over.load(Ordering::Relaxed) {
            break;
        }
        let begun = Instant::now();
        it.down();
        account.outages += 1;
        match wait_for(
            || told.states(name, begun).into_iter().find(|(_, unhealthy)| *unhealthy),
            Duration::from_secs(20),
        ) {
            Some((at, _)) => {
                let took = at - begun;
                account.slowest_down = account.slowest_down.max(took);
                if took > DOWN {
                    account.faults.push(format!("{name}: an outage was told after {took:?}"));
                }
            }
            None => account.faults.push(format!("{name}: an outage was never told")),
        }
        thread::sleep(chance.seconds(1, 4));
        let back = Instant::now();
        it.up();
        match wait_for(
            || told.states(name, back).into_iter().find(|(_, unhealthy)| !*unhealthy),
            Duration::from_secs(40),
        ) {
            Some((at, _)) => {
                let took = at - back;
                account.slowest_up = account.slowest_up.max(took);
                if took > UP {
                    account.faults.push(format!("{name}: its return was told after {took:?}"));
                }
            }
            None => account.faults.push(format!("{name}: its return was never told")),
        }
    }
    account
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>, patience: Duration) -> Option<T> {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if let Some(found) = look() {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Open files, threads, and KiB of memory, of the watch and of its workers.
fn held(watch: u32) -> [u64; 6] {
    let of = |process: u32| {
        let count =
            |folder: &str| fs::read_dir(format!("/proc/{process}/{folder}")).map_or(0, |all| all.count() as u64);
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        [count("fd"), count("task"), memory.trim().trim_end_matches(" kB").parse().unwrap_or_default()]
    };
    let workers: Vec<_> = children_of(watch).into_iter().map(of).collect();
    let sum = |at: usize| workers.iter().map(|one| one[at]).sum();
    let [files, threads, memory] = of(watch);
    [files, threads, memory, sum(0), sum(1), sum(2)]
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn median(looks: &[[u64; 6]], at: usize) -> u64 {
    let mut all: Vec<u64> = looks.iter().map(|look| look[at]).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

#[allow(clippy::too_many_lines, reason = "one story")]
fn main() -> ExitCode {
    let minutes: f64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(60.0);
    let whole = Duration::from_secs_f64(minutes * 60.0);
    let running = engines::start();
    let hole = BlackHole::start();
    let mut postgres = Postgres::start();
    postgres.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}"));
    let remote: Vec<_> = running.iter().filter(|one| one.engine.is_remote()).collect();
    let mut relays: Vec<(&str, Relay)> = remote.iter().map(|one| (one.engine.name, Relay::to(one.port))).collect();
    let named = |name: &str, plugin: &str, port: u16| {
        let mut compute: Value = serde_json::from_str(&Engine::named(plugin).compute(port)).expect("JSON");
        compute["name"] = name.into();
        compute["plugin"] = plugin.into();
        compute.to_string()
    };
    let mut computes: Vec<String> = relays.iter().map(|(name, relay)| named(name, name, relay.port)).collect();
    computes.push(named("duckdb", "duckdb", 0));
    computes.push(named("postgres", "redshift", postgres.port));
    computes.push(named("hole", "redshift", hole.port));
    let project = Project::new().approving("duckdb", &computes.iter().map(String::as_str).collect::<Vec<_>>());

    // A receiver that takes everything.
    let receiver = server(Manner::Answers(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let mut command = project.command(&[
        "health",
        "--watch",
        "--format",
        "json",
        "--interval",
        &format!("{}ms", INTERVAL.as_millis()),
        "--timeout",
        "3",
    ]);
    command.env_remove("FLOE_PLUGIN_PATH").envs(engines::variables());
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{receiver}"));
    command.env("OTEL_METRIC_EXPORT_INTERVAL", "5000");
    let watch = Background::start(&mut command);
    let (told, over, done) = (Told::default(), AtomicBool::new(false), AtomicBool::new(false));
    let begun = Instant::now();

    let mut accounts = BTreeMap::new();
    let (mut looks, mut kills, mut opened) = (Vec::new(), 0_usize, Value::Null);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut known = 0;
            while !done.load(Ordering::Relaxed) {
                let text = watch.stdout_from(known);
                let whole = text.rfind('\n').map_or(0, |end| end + 1);
                for line in text[..whole].lines() {
                    let event = serde_json::from_str(line).expect("a line is JSON");
                    told.all().push((Instant::now(), event));
                }
                known += whole as u64;
                thread::sleep(Duration::from_millis(10));
            }
        });
        // Everybody is told of once before anything happens.
        let first = wait_for(|| (told.all().len() >= computes.len()).then_some(()), Duration::from_mins(1));
        assert!(first.is_some(), "not all computes were told of: {}", watch.stdout());
        let writer = scope.spawn(|| write_all_the_time(&project, &over));
        let mut threads = Vec::new();
        for (number, (name, relay)) in relays.iter_mut().enumerate() {
            let (told, over, name) = (&told, &over, *name);
            let chance = Chance(number as u64 + 1);
            threads.push((name, scope.spawn(move || torment(name, relay, chance, told, over))));
        }
        let (told_2, over_2, pg) = (&told, &over, &mut postgres);
        threads.push(("postgres", scope.spawn(move || torment("postgres", pg, Chance(99), told_2, over_2))));
        let mut chance = Chance(7);
        while begun.elapsed() < whole {
            thread::sleep(Duration::from_secs(5));
            let look = held(watch.process());
            looks.push(look);
            println!(
                "{:>5} s  floe: {} files, {} threads, {} KiB; workers: {} files, {} threads, {} KiB; {} events",
                begun.elapsed().as_secs(),
                look[0],
                look[1],
                look[2],
                look[3],
                look[4],
                look[5],
                told.all().len()
            );
            if looks.len() % 12 == 0 {
                let workers = children_of(watch.process());
                let at = usize::try_from(chance.next(workers.len().max(1) as u64)).unwrap_or_default();
                kills += usize::from(workers.get(at).is_some_and(|worker| signal_if_there(*worker, Signal::KILL)));
            }
        }
        over.store(true, Ordering::Relaxed);
        for (name, thread) in threads {
            accounts.insert(name, thread.join().expect("no panic"));
        }
        opened = writer.join().expect("no panic");
        done.store(true, Ordering::Relaxed);
    });
    let children = children_of(watch.process());
    let ended = watch.end(Signal::TERM);
    thread::sleep(Duration::from_millis(300));
    let left = children.iter().filter(|child| fs::exists(format!("/proc/{child}")).unwrap_or(false)).count();

    let all = told.all();
    let count = |event: &str| all.iter().filter(|(_, told)| told["event"] == event).count();
    let hole_states = all.iter().filter(|(_, told)| told["compute"] == "hole" && told["event"] == "status").count();
    let duckdb_states = all.iter().filter(|(_, told)| told["compute"] == "duckdb" && told["event"] == "status").count();
    let part = looks.len() / 6;
    let (early, late) = (&looks[part.min(looks.len())..(2 * part).min(looks.len())], &looks[looks.len() - part..]);
    let kinds = ["files", "threads", "KiB", "files of workers", "threads of workers", "KiB of workers"];
    let held: BTreeMap<_, _> =
        kinds.iter().enumerate().map(|(at, name)| (*name, json!([median(early, at), median(late, at)]))).collect();
    let mut faults: Vec<String> = accounts.values().flat_map(|account| account.faults.clone()).collect();
    for (at, name) in kinds.iter().enumerate() {
        let (before, after) = (median(early, at), median(late, at));
        let allowed = if at % 3 == 2 { before + before / 10 } else { before + 1 };
        if after > allowed {
            faults.push(format!("{name} grew from {before} to {after}"));
        }
    }
    if hole_states != 1 {
        faults.push(format!("the black hole was told of {hole_states} times"));
    }
    if duckdb_states != 1 {
        faults.push(format!("DuckDB was told of {duckdb_states} times"));
    }
    if ended.code != Some(0) || left > 0 {
        faults.push(format!("it ended with {:?}, and {left} workers are left", ended.code));
    }
    say(&format!(
        "{}",
        json!({
            "minutes": minutes,
            "engines": accounts.iter().map(|(name, account)| (*name, json!({
                "outages": account.outages, "cuts": account.cuts, "frozen": account.frozen,
                "slowest_down_ms": milliseconds(account.slowest_down), "slowest_up_ms": milliseconds(account.slowest_up),
            }))).collect::<BTreeMap<_, _>>(),
            "events": all.len(), "status": count("status"), "reconnected": count("reconnected"),
            "workers_killed": kills, "worker_restarted": count("worker_restarted"),
            "duckdb_written": opened,
            "held, second sixth and last sixth": held,
            "end_ms": milliseconds(ended.took),
            "faults": faults,
        })
    ));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Opens the DuckDB file for writing again and again, as dbt would: how often it could, and how often not.
fn write_all_the_time(project: &Project, over: &AtomicBool) -> Value {
    let script = "import duckdb, sys, time\ndone = failed = 0\nwhile sys.stdin.read(1) == 'x':\n    try:\n        c = \
                  duckdb.connect('shop.duckdb'); c.sql('create or replace table t as select 1'); c.close(); done += 1\n    \
                  except Exception: failed += 1\nprint(done, failed)";
    let mut child = Command::new(dbt::program().parent().expect("bin/").join("python"))
        .args(["-c", script])
        .current_dir(project.product())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    while !over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(700));
        if std::io::Write::write_all(&mut stdin, b"x").is_err() {
            break;
        }
        let _ = std::io::Write::flush(&mut stdin);
    }
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (done, failed) = text.split_once(' ').unwrap_or_default();
    json!({"done": done, "failed": failed})
}
