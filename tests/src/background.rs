//! A `floe` that goes on while the test looks at it and at what it says.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::PATIENCE;

/// Waits until something holds.
///
/// # Panics
/// Where it does not come to hold.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what} within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to a process.
///
/// # Panics
/// Where there is none.
pub fn signal(process: u32, signal: Signal) {
    assert!(signal_if_there(process, signal), "process {process} is there");
}

/// Sends a signal to a process, and says whether there was one.
pub fn signal_if_there(process: u32, signal: Signal) -> bool {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| kill_process(process, signal).is_ok())
}

/// What a process has started, and is there still.
pub fn children_of(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(text.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
    }
    found
}

/// A program that goes on, and what it has written so far. It is killed when this is dropped.
#[derive(Debug)]
pub struct Background {
    child: Child,
    output: TempDir,
}

impl Background {
    /// Starts it.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let output = tempfile::Builder::new().prefix("floe-output-").tempdir().expect("a temporary folder");
        let file = |name: &str| Stdio::from(File::create(output.path().join(name)).expect("a file"));
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        Self { child, output }
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it started, and is there still.
    pub fn children(&self) -> Vec<u32> {
        children_of(self.process())
    }

    /// Standard output so far.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.output.path().join("stdout")).unwrap_or_default()
    }

    /// Standard output from a byte on.
    pub fn stdout_from(&self, byte: u64) -> String {
        let mut text = String::new();
        let read = File::open(self.output.path().join("stdout")).and_then(|mut file| {
            file.seek(SeekFrom::Start(byte))?;
            file.read_to_string(&mut text)
        });
        drop(read);
        text
    }

    /// Standard error so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.output.path().join("stderr")).unwrap_or_default()
    }

    /// The JSON Lines of its standard output so far.
    ///
    /// # Panics
    /// Where a whole line is no JSON.
    pub fn events(&self) -> Vec<Value> {
        let text = self.stdout();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// Waits for an event.
    ///
    /// # Panics
    /// Where it does not come; shows what came.
    pub fn until(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        self.until_after(0, what, is_it)
    }

    /// As [`Background::until`], of those behind the first so many.
    ///
    /// # Panics
    /// As [`Background::until`].
    pub fn until_after(&self, known: usize, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let events = self.events();
            if let Some(found) = events.iter().skip(known).find(|event| is_it(event)) {
                return found.clone();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "no event `{what}`, but:\n{}\nstderr:\n{}",
                self.stdout(),
                self.stderr()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends it a signal, and waits for its end: its exit status, and how long that took.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn end(mut self, by: Signal) -> Ended {
        let begun = Instant::now();
        signal(self.process(), by);
        let mut status = None;
        wait_until("it ends", || {
            status = self.child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        let (stdout, stderr) = (self.stdout(), self.stderr());
        Ended { code: status.and_then(|status| status.code()), took: begun.elapsed(), stdout, stderr }
    }
}

/// A program that was told to end.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; `None` where a signal ended it.
    pub code: Option<i32>,
    /// From the signal to the end.
    pub took: Duration,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
