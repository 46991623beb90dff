//! Engines that are stopped, restarted, cut off, or never answer.

use std::thread;
use std::time::{Duration, Instant};

use floe_tests::servers::faults::{BlackHole, Manner, server};
use floe_tests::servers::postgres::{PASSWORD, Postgres, USER};
use floe_tests::servers::relay::Relay;
use floe_tests::{Project, show};
use rustix::process::Signal;

use super::{is, redshift, watch};

const FROM_ENV: &str = "{source: env, name: PG_PASSWORD}";
const INTERVAL: Duration = Duration::from_secs(1);

fn grant(server: &Postgres) {
    server.sql("shop", &format!("GRANT CREATE ON SCHEMA public TO {USER}"));
}

/// SC-007.
#[test]
fn an_engine_that_is_stopped_and_restarted() {
    let mut server = Postgres::start();
    grant(&server);
    let project = Project::new().approving("wh", &[&redshift("wh", server.port, FROM_ENV)]);
    let watch = watch(&project, "1s", &["--timeout", "5"]);
    let first = watch.until("healthy", |event| is(event, "wh", "healthy"));
    assert_eq!((&first["reconnected"], &first["previous"]), (&false.into(), &serde_json::Value::Null));
    let before = server.backends(USER);
    // Some checks later it is still the same backend, and nothing is said.
    thread::sleep(3 * INTERVAL);
    assert_eq!(server.backends(USER), before);
    assert_eq!(watch.events().len(), 1, "{:?}", watch.events());

    server.stop();
    let stopped = Instant::now();
    let down = watch.until("unhealthy", |event| is(event, "wh", "unhealthy"));
    let detected = stopped.elapsed();
    assert!(detected < INTERVAL + Duration::from_secs(2), "{detected:?}");
    assert_eq!(
        (&down["previous"], &down["reason"], &down["code"]),
        (&"healthy".into(), &"refused".into(), &"F0702".into())
    );
    assert!(down["help"].as_str().is_some_and(|help| help.contains("port")), "{down:#}");

    server.start_again();
    let restarted = Instant::now();
    let up = watch.until_after(2, "healthy again", |event| is(event, "wh", "healthy"));
    let recovered = restarted.elapsed();
    // Pauses have grown meanwhile, to 25 s at most.
    assert!(recovered < Duration::from_secs(25), "{recovered:?}");
    assert_eq!((&up["previous"], &up["reconnected"]), (&"unhealthy".into(), &true.into()));
    // One incident has one id.
    assert_eq!(up["correlation_id"], down["correlation_id"]);
    let after = server.backends(USER);
    assert!(!after.is_empty() && after != before, "a backend of its own on the server: {before} {after}");
    thread::sleep(2 * INTERVAL);
    assert_eq!(server.backends(USER), after, "which stays");
    show(&format!("PostgreSQL stopped: told after {detected:?}; restarted: told after {recovered:?}"));

    let ended = watch.end(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD));
    assert_eq!(server.backends(USER), "", "nobody is left on the server");
}

/// A restart between two checks is no failure.
#[test]
fn a_connection_that_breaks_between_checks_is_opened_anew_before_anything_is_reported() {
    let server = Postgres::start();
    grant(&server);
    let relay = Relay::to(server.port);
    let project = Project::new().approving("wh", &[&redshift("wh", relay.port, FROM_ENV)]);
    let watch = watch(&project, "1s", &["--timeout", "5"]);
    watch.until("healthy", |event| is(event, "wh", "healthy"));
    relay.cut();
    let event = watch.until_after(1, "reconnected", |_| true);
    assert_eq!(event["event"], "reconnected", "{event:#}");
    assert_eq!(relay.opened(), 2);
    // As where the machine behind it has lost its power.
    relay.freeze();
    let event = watch.until_after(2, "reconnected", |_| true);
    assert_eq!(event["event"], "reconnected", "{event:#}");
    assert_eq!(relay.opened(), 3);
    assert_eq!(watch.end(Signal::INT).code, Some(0));
}

#[test]
fn one_that_never_answers_neither_delays_nor_hides_another_and_the_watch_still_ends_at_once() {
    let (hole, silent) = (BlackHole::start(), server(Manner::Silent));
    let project = Project::new().approving(
        "duckdb",
        &[
            "{name: duckdb, config: {path: ':memory:'}}",
            &redshift("hole", hole.port, FROM_ENV),
            &redshift("silent", silent, FROM_ENV),
        ],
    );
    let begun = Instant::now();
    let watch = watch(&project, "200ms", &["--timeout", "6"]);
    let first = watch.until("an event", |_| true);
    assert!(is(&first, "duckdb", "healthy"), "{first:#}");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    let hole = watch.until("unhealthy", |event| is(event, "hole", "unhealthy"));
    let silent = watch.until("unhealthy", |event| is(event, "silent", "unhealthy"));
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    assert_eq!((&hole["reason"], &silent["reason"]), (&"connect_timeout".into(), &"deadline".into()));
    // In the middle of the next checks.
    thread::sleep(Duration::from_millis(500));
    let ended = watch.end(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(1), "{:?}", ended.took);
}
