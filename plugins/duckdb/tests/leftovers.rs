//! Nothing is left behind: no thread, no open file. A program of its own, as other tests have threads and files too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use serde_json::json;
use support::{check, make_database, project};

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn a_check_leaves_no_thread_and_no_open_file() {
    let (_folder, project) = project();
    make_database(&project.join("sales.duckdb"));
    let before = threads();
    let settings = json!({"path": "sales.duckdb", "settings": {"threads": 4, "memory_limit": "1GB"}});
    assert_eq!(check(&settings, &project).warnings, []);
    // The kernel takes a moment to forget a thread that has ended.
    for _ in 0..100 {
        if threads() <= before {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(threads() <= before);
    let open = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|path| path.starts_with(&project))
        .count();
    assert_eq!(open, 0);
}
