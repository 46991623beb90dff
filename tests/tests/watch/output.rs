//! What a watch prints, for people and for machines, and how it is told what it cannot do.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use floe_tests::Project;
use floe_tests::background::{Background, children_of, signal_if_there, wait_until};
use floe_tests::redact::redact;
use rustix::process::Signal;

use super::{command, redshift};

/// One that is well, and one where nobody listens.
fn two() -> Project {
    let refused = redshift("wh", 1, "{source: env, name: PG_PASSWORD}");
    Project::new().with_fixtures(&["good"]).approving("good", &["{name: good, config: {}}", &refused])
}

#[test]
fn for_people_and_for_machines() {
    let project = two();
    for (name, format) in [("text", "text"), ("json", "json")] {
        let arguments = ["health", "--watch", "--interval", "1s", "--format", format, "--compute", "wh"];
        let watch = Background::start(project.command(&arguments).env("PG_PASSWORD", "x"));
        wait_until("a line", || watch.stdout().contains('\n'));
        let ended = watch.end(Signal::TERM);
        assert_eq!(ended.code, Some(0));
        insta::assert_snapshot!(name, redact(&project, &ended.stdout));
        assert_eq!(ended.stderr, "");
    }
}

/// `floe health --watch | head -1`.
#[test]
fn it_ends_where_nobody_reads_any_more() {
    let project = two();
    let mut child =
        command(&project, "100ms", &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("floe starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert!(line.contains("\"event\":\"status\""), "{line}");
    let mut status = None;
    // It tells something when a worker has died.
    wait_until("it ends", || {
        for worker in children_of(child.id()) {
            signal_if_there(worker, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(100));
        status = child.try_wait().expect("it can be waited for");
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(0));
}

#[test]
fn what_cannot_be_watched() {
    let project = two();
    let transcript = |arguments: &[&str]| redact(&project, &project.floe(arguments).transcript());
    insta::assert_snapshot!("unknown_compute", transcript(&["health", "--watch", "--compute", "goood"]));
    insta::assert_snapshot!("unknown_environment", transcript(&["health", "--watch", "--env", "nowhere"]));
    insta::assert_snapshot!("interval", transcript(&["health", "--watch", "--interval", "10"]));
    insta::assert_snapshot!("interval_without_watch", transcript(&["health", "--interval", "10s"]));
    insta::assert_snapshot!("too_seldom", transcript(&["health", "--watch", "--interval", "1m", "--deny-warnings"]));
}
