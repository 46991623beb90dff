//! A DuckDB file is dbt's: a watch neither holds it nor touches it while a run owns it.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use floe_tests::background::Background;
use floe_tests::{Project, dbt};
use rustix::process::Signal;

use super::{is, watch};

fn on_a_file() -> Project {
    Project::new().approving("duckdb", &["{name: duckdb, config: {path: shop.duckdb}}"])
}

/// Opens the database as dbt does, for writing, and says how often that failed.
fn write(project: &Project, times: usize) -> String {
    let script = "import duckdb, sys, time\nfailed = 0\nfor i in range(int(sys.argv[1])):\n    try:\n        \
                  c = duckdb.connect('shop.duckdb'); c.sql('create or replace table t as select 1'); c.close()\n    \
                  except Exception as e:\n        failed += 1; print(e, file=sys.stderr)\n    time.sleep(0.01)\nprint(failed)";
    let output = Command::new(dbt::program().parent().expect("bin/").join("python"))
        .args(["-c", script, &times.to_string()])
        .current_dir(project.product())
        .output()
        .expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Whether a process of the watch has the database open.
fn has_it_open(watch: &Background) -> bool {
    std::iter::once(watch.process()).chain(watch.children()).any(|id| {
        let files = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|path| path.ends_with("shop.duckdb"))
    })
}

#[test]
fn the_file_is_not_held_between_checks() {
    let project = on_a_file();
    assert_eq!(write(&project, 1), "0");
    let watch = watch(&project, "2s", &[]);
    watch.until("healthy", |event| is(event, "duckdb", "healthy"));
    for _ in 0..50 {
        assert!(!has_it_open(&watch));
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(write(&project, 20), "0");
}

/// It takes what a run takes: the lock of its environment.
#[test]
fn it_is_left_alone_while_a_run_goes_on() {
    let project = on_a_file();
    assert_eq!(write(&project, 1), "0");
    let folder = project.path(".floe/dbt/default");
    let environments = project.floe(&["health", "--format", "json"]).expect(0).json();
    let environment = environments["computes"][0]["environment"].as_str().expect("its name").to_owned();
    let folder = folder.with_file_name(&environment);
    fs::create_dir_all(&folder).expect("a folder");
    let lock = fs::File::create(folder.join("run.lock")).expect("the lock");
    lock.lock().expect("it is taken");
    let watch = watch(&project, "100ms", &[]);
    let event = watch.until("an event", |_| true);
    assert_eq!((&event["event"], &event["compute"]), (&"left_alone".into(), &"duckdb".into()), "{event:#}");
    for _ in 0..50 {
        assert!(!has_it_open(&watch));
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(write(&project, 20), "0");
    assert_eq!(watch.events().len(), 1);
    lock.unlock().expect("the run ends");
    watch.until("healthy", |event| is(event, "duckdb", "healthy"));
    let told: Vec<_> = watch.events().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(told, ["left_alone", "taken_up", "status"]);
    // While it is watched, a run begins.
    lock.lock().expect("it is taken");
    watch.until_after(3, "left alone", |event| event["event"] == "left_alone");
    assert_eq!(watch.end(Signal::TERM).code, Some(0));
}
