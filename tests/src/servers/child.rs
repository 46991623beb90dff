//! A server program that ends with the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::PATIENCE;

/// Runs what follows in a process group of its own until standard input ends, then ends the group.
const SUPERVISOR: &str = r#"
set -m
"$@" </dev/null &
group=$!
cat >/dev/null
kill -TERM -- "-$group" 2>/dev/null
for _ in $(seq 100); do
  kill -0 -- "-$group" 2>/dev/null || exit 0
  sleep 0.05
done
kill -KILL -- "-$group" 2>/dev/null
"#;

/// A running server program, and a folder of its own.
#[derive(Debug)]
pub struct Child {
    supervisor: Process,
    folder: TempDir,
}

impl Child {
    /// Starts a program under a supervisor, which ends it and all that it started when this value is dropped, or when
    /// the test process ends in any way.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start(command: &Command) -> Self {
        let folder = tempfile::Builder::new().prefix("floe-server-").tempdir().expect("a temporary folder");
        Self::start_in(folder, command)
    }

    /// As [`Child::start`], with a folder that was filled before.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start_in(folder: TempDir, command: &Command) -> Self {
        Self { supervisor: supervise(folder.path(), command), folder }
    }

    /// Ends the program, and waits until it has ended.
    pub fn stop(&mut self) {
        // The end of its input is the sign.
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }

    /// Starts it anew in its folder, after [`Child::stop`]; its log goes on.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn start_again(&mut self, command: &Command) {
        self.supervisor = supervise(self.folder.path(), command);
    }

    /// The folder of its own, which goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Waits until it is ready, by a test.
    ///
    /// # Panics
    /// Where it does not become ready in time; shows its log.
    pub fn wait_until_ready(&self, mut is_ready: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_ready() {
            assert!(begun.elapsed() < PATIENCE, "the server is not ready after {PATIENCE:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts a program under a supervisor; what it writes is added to the log of the folder.
fn supervise(folder: &Path, command: &Command) -> Process {
    let log = fs::File::options().create(true).append(true).open(folder.join("server.log")).expect("a log file");
    let mut supervisor = Command::new("bash");
    supervisor.args(["-c", SUPERVISOR, "bash"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => supervisor.env(name, value),
            None => supervisor.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        supervisor.current_dir(folder);
    }
    supervisor
        .stdin(Stdio::piped())
        .stdout(log.try_clone().expect("another handle"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}
