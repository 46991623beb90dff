//! A watch opens a file once, and again when it has changed: as the operating system counts it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs::File;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use floe_plugin_api::{CheckRequest, ComputePlugin as _, ConnectionResult, ConnectionStatus};
use floe_plugin_duckdb::DuckDb;
use rustix::fd::OwnedFd;
use rustix::fs::inotify;
use serde_json::{Value, json};
use support::{compute, make_database, project};

/// What the plugin remembers is one for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check(settings: &Value, project: &Path, keep: bool) -> ConnectionResult {
    let request = CheckRequest::new(compute(settings), "dev", project.to_str().unwrap(), 10_000, "01J-test");
    let result = DuckDb.validate_connection(&request.with_keep_connection(keep)).unwrap();
    assert!(!result.connection_kept && !result.reconnected, "no file is held: {result:?}");
    result
}

/// How often a file is opened, by anybody.
struct Watch(OwnedFd);

impl Watch {
    fn of(path: &Path) -> Self {
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, path, inotify::WatchFlags::OPEN | inotify::WatchFlags::CLOSE).unwrap();
        Self(watch)
    }

    /// Since it was last asked. Events that follow each other and are the same are one for the system: so it tells the closing
    /// in between, too.
    fn opened(&self) -> usize {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut buffer);
        let mut count = 0;
        while let Ok(event) = reader.next() {
            count += usize::from(event.events().contains(inotify::ReadFlags::OPEN));
        }
        count
    }
}

/// Long enough ago for its time to tell changes.
fn settle(path: &Path) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_mins(1)).unwrap();
}

fn opens(result: &ConnectionResult) -> bool {
    assert_eq!(result.status, ConnectionStatus::Healthy, "{result:?}");
    result.steps.iter().any(|step| step.name == "open")
}

/// The next check opens it, and the one after that does not.
#[track_caller]
fn assert_opened_once(settings: &Value, project: &Path) {
    assert!(opens(&check(settings, project, true)) && !opens(&check(settings, project, true)));
}

/// A project with a database that has been left alone, `sales.duckdb`.
fn sales() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (folder, project) = project();
    let path = project.join("sales.duckdb");
    make_database(&path);
    settle(&path);
    (folder, project, path)
}

#[test]
fn a_file_is_opened_once_until_it_changes() {
    let _alone = alone();
    let (_folder, project, path) = sales();
    let settings = json!({"path": "sales.duckdb"});
    let first = check(&settings, &project, true);
    assert!(opens(&first));
    for _ in 0..3 {
        let next = check(&settings, &project, true);
        assert!(!opens(&next));
        assert_eq!((&next.message, &next.details), (&first.message, &first.details));
    }
    // Somebody writes, and may go on: it is left alone until that is over.
    make_more(&path, "more");
    assert!(!opens(&check(&settings, &project, true)), "it has just changed");
    settle(&path);
    assert_opened_once(&settings, &project);
    // A file of the same size and time, but another one.
    let copy = project.join("copy");
    std::fs::copy(&path, &copy).unwrap();
    let time = std::fs::metadata(&path).unwrap().modified().unwrap();
    File::options().append(true).open(&copy).unwrap().set_modified(time).unwrap();
    std::fs::rename(&copy, &path).unwrap();
    assert_opened_once(&settings, &project);
    // A check that keeps nothing opens it, and so does the one after it.
    assert!(opens(&check(&settings, &project, false)) && opens(&check(&settings, &project, true)));
}

fn make_more(path: &Path, name: &str) {
    let made = duckdb::Connection::open(path).unwrap();
    made.execute_batch(&format!("CREATE TABLE {name} AS SELECT range AS id FROM range(10); CHECKPOINT")).unwrap();
}

/// A log that somebody has left beside it, as where dbt was killed.
#[test]
fn a_log_beside_it_is_a_change() {
    let _alone = alone();
    let (_folder, project, _) = sales();
    let settings = json!({"path": "sales.duckdb"});
    assert_opened_once(&settings, &project);
    let log = project.join("sales.duckdb.wal");
    File::create(&log).unwrap();
    assert!(!opens(&check(&settings, &project, true)), "it has just come");
    settle(&log);
    assert_opened_once(&settings, &project);
    std::fs::remove_file(&log).unwrap();
    assert!(opens(&check(&settings, &project, true)), "it went");
}

/// A file that has just changed is opened where it never was, then when it has been left alone: its time may not tell the next
/// change yet, and whoever changes it may go on.
#[test]
fn a_file_that_has_just_changed_is_opened_once_and_again_when_it_is_left_alone() {
    let _alone = alone();
    let (_folder, project, path) = sales();
    let file = File::options().append(true).open(&path).unwrap();
    // Ahead of this machine's clock, so that the test does not depend on how fast it runs.
    file.set_modified(SystemTime::now() + Duration::from_mins(1)).unwrap();
    let settings = json!({"path": "sales.duckdb"});
    assert_opened_once(&settings, &project);
    settle(&path);
    assert_opened_once(&settings, &project);
}

/// As the operating system counts: looking opens the file once, and DuckDB once more.
#[test]
fn the_system_sees_it_looked_at_and_not_opened_by_duckdb() {
    let _alone = alone();
    let (_folder, project) = project();
    let (main, attached) = (project.join("sales.duckdb"), project.join("more.duckdb"));
    for path in [&main, &attached] {
        make_database(path);
        settle(path);
    }
    let settings = json!({"path": "sales.duckdb", "attach": [{"path": "more.duckdb"}]});
    let watches = [Watch::of(&main), Watch::of(&attached)];
    let count = |keep| {
        check(&settings, &project, keep);
        watches.each_ref().map(Watch::opened)
    };
    let first = count(true);
    assert!(first.iter().all(|opened| *opened >= 2), "{first:?}");
    for _ in 0..3 {
        assert_eq!(count(true), [1, 1]);
    }
    assert_eq!(count(false), first);
}

/// A watch does not make a dbt fail that opens the file again and again: DuckDB takes it for a moment as long as it opens it.
#[test]
fn who_opens_the_file_meanwhile_gets_it() {
    let _alone = alone();
    let (_folder, project, path) = sales();
    let settings = json!({"path": "sales.duckdb"});
    check(&settings, &project, true);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["the_other_process", "--exact", "--nocapture"])
        .env(OPEN, &path)
        // Its summary is not one of this run: "5 filtered out" would be tests that were skipped.
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut checks = 0;
    let ended = loop {
        check(&settings, &project, true);
        checks += 1;
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
    };
    assert!(ended.success() && checks > 3, "{ended} after {checks} checks");
}

const OPEN: &str = "FLOE_TEST_OPEN_AGAIN";

/// The other process: opens the file for reading, which changes nothing, while it asks for the lock of a writer. Does nothing
/// in an ordinary run.
#[test]
fn the_other_process() {
    let Some(path) = std::env::var_os(OPEN) else { return };
    for _ in 0..2_000 {
        let file = File::options().read(true).write(true).open(&path).unwrap();
        rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .expect("nobody has the file");
        std::thread::sleep(Duration::from_micros(500));
    }
}
