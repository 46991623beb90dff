//! Replays the corpora of the fuzzers (`scripts/fuzz`), which hold what every fuzzer so far reached, and what it broke.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../../fuzz/fuzz_targets/readers.rs"]
mod readers;

/// As the fuzzers' own limit: the slowest takes milliseconds.
const MOST: Duration = Duration::from_secs(10);

fn replay(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut count = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let begun = Instant::now();
        let outcome = std::panic::catch_unwind(|| read(&bytes));
        assert!(outcome.is_ok(), "{} breaks the reader", path.display());
        assert!(begun.elapsed() < MOST, "{} takes {:?}", path.display(), begun.elapsed());
        count += 1;
    }
    assert!(count >= 10, "{} holds {count} files only", folder.display());
}

#[test]
fn manifests() {
    replay("manifest", readers::manifest);
}

#[test]
fn specs() {
    replay("spec", readers::spec);
}

#[test]
fn locks() {
    replay("lock", readers::lock);
}

#[test]
fn artifacts() {
    replay("artifacts", readers::artifacts);
}
