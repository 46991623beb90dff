//! Runs a program to its end, or to the end of patience.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::PATIENCE;

/// A program that has ended.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Run {
    /// Runs a command. Its output goes to files: a child that it leaves behind would keep a pipe open.
    ///
    /// # Panics
    /// Where it cannot be started, or does not end.
    pub fn of(command: &mut Command) -> Self {
        Self::within(command, PATIENCE)
    }

    /// As [`Run::of`], with another end of patience.
    ///
    /// # Panics
    /// As [`Run::of`].
    pub fn within(command: &mut Command, patience: Duration) -> Self {
        let file = || tempfile::tempfile().expect("a temporary file");
        let (mut stdout, mut stderr) = (file(), file());
        let share = |file: &File| Stdio::from(file.try_clone().expect("another handle"));
        let begun = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(share(&stdout))
            .stderr(share(&stderr))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if begun.elapsed() > patience {
                let _ = child.kill();
                panic!("{command:?} does not end; so far:\n{}\n{}", text(&mut stdout), text(&mut stderr));
            }
            thread::sleep(Duration::from_millis(2));
        };
        Self { status, took: begun.elapsed(), stdout: text(&mut stdout), stderr: text(&mut stderr) }
    }

    /// The exit status; `None` where a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Expects an exit status.
    ///
    /// # Panics
    /// Where it is another; shows all output.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{}\nstdout:\n{}\nstderr:\n{}", self.status, self.stdout, self.stderr);
        self
    }

    /// Standard output as one JSON document.
    ///
    /// # Panics
    /// Where it is none; shows it.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }

    /// The diagnostics of a JSON answer, each as `code severity`.
    pub fn diagnostics(&self) -> Vec<Value> {
        self.json()["diagnostics"].as_array().cloned().unwrap_or_default()
    }

    /// Exit status, standard output and standard error, for a snapshot.
    pub fn transcript(&self) -> String {
        let code = self.code().map_or_else(|| self.status.to_string(), |code| code.to_string());
        format!("exit: {code}\n--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("the output can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}
