//! What became of a plugin, in words.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use camino::Utf8PathBuf;
use floe_plugin_api::{ErrorKind, Method, PluginError};

use super::launch::End;
use crate::diagnostics::{Code, Diagnostic, codes::worker as codes};
use crate::plugins::text::{bytes, one_line};
use crate::plugins::worker::protocol::LeftBehind;

const TELL_THE_VENDOR: &str = "this is a defect of the plugin: tell its vendor";

/// The plugin that something is said about.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) path: Utf8PathBuf,
    /// Where it leads by symbolic links.
    pub(super) real_path: Utf8PathBuf,
}

impl Subject {
    fn error(&self, code: &'static Code, what: &str, help: impl Into<String>) -> Diagnostic {
        let message = format!("plugin {} ({}) {what}", self.name, self.path);
        Diagnostic::error(code, message, help).of_kind(ErrorKind::PluginExecution)
    }

    fn warning(&self, code: &'static Code, what: &str, help: &str) -> Diagnostic {
        Diagnostic::warning(code, format!("plugin {} ({}) {what}", self.name, self.path), help)
    }

    pub(super) fn not_started(&self, program: &Path, why: &str) -> Diagnostic {
        let program = program.display();
        Diagnostic::error(
            &codes::START,
            format!("the worker process for plugin {} cannot be started from {program}: {why}", self.name),
            "see whether this machine lets you start more processes (ulimit -u, memory), and whether floe is still installed",
        )
        .of_kind(ErrorKind::PluginExecution)
    }

    pub(super) fn not_a_worker(&self, program: &Path, end: End) -> Diagnostic {
        let mut found = self.not_started(program, &format!("it {} before it was ready", ended(end)));
        "a program that uses floe as a library calls floe::plugins::worker::dispatch() first thing in main"
            .clone_into(&mut found.help);
        found
    }

    pub(super) fn changed(&self) -> Diagnostic {
        let named = camino::absolute_utf8(&self.path).unwrap_or_else(|_| self.path.clone());
        let link = if named == self.real_path { String::new() } else { format!("; it led to {}", self.real_path) };
        self.error(
            &codes::CHANGED,
            &format!("was changed between its inspection and its loading{link}"),
            "run the command again; replace a plugin by renaming a whole file over it, never by writing into it",
        )
    }

    pub(super) fn library_changed(&self, library: &str) -> Diagnostic {
        self.error(
            &codes::CHANGED,
            &format!("was not loaded with the library {library} that was inspected"),
            "run the command again; see that nothing replaces the library meanwhile and that LD_LIBRARY_PATH names no other",
        )
    }

    pub(super) fn not_loaded(&self, why: &str) -> Diagnostic {
        let why = one_line(why);
        let help = if why.contains("cannot open shared object file") || why.contains("Library not loaded") {
            format!("install the library that it needs; floe plugin inspect {} lists them all", self.path)
        } else if why.starts_with("its ABI does not fit") {
            "get a build against floe-plugin-api of API 1.x from its vendor".to_owned()
        } else {
            "get a build of the plugin for this system from its vendor".to_owned()
        };
        self.error(&codes::LOAD, &format!("cannot be loaded: {why}"), help)
    }

    pub(super) fn not_constructed(&self, error: PluginError) -> Diagnostic {
        let help = error.help.map_or_else(|| TELL_THE_VENDOR.to_owned(), |help| one_line(&help));
        self.error(&codes::LOAD, &format!("cannot be loaded: {}", one_line(&error.message)), help)
    }

    pub(super) fn lies(&self, what: &str, recorded: &str, live: &str) -> Diagnostic {
        let (recorded, live) = (one_line(recorded), one_line(live));
        self.error(
            &codes::RECORD_LIES,
            &format!("is not what its record says: {what} is {recorded:?} there and {live:?} when loaded"),
            "do not use this file; get the plugin anew from its vendor",
        )
    }

    pub(super) fn died(&self, during: &str, end: Option<End>, words: Option<&str>, memory: Option<u64>) -> Diagnostic {
        let end = end.unwrap_or(End::Silent);
        let said = words.map(|words| format!("; its last words: {}", one_line(words))).unwrap_or_default();
        let short = |words: &str| words.contains("memory allocation of") || words.contains("bad_alloc");
        if words.is_some_and(short) {
            let limit = memory.map_or(String::new(), |limit| format!("; a worker may use {}", bytes(limit)));
            return self.error(
                &codes::OUT_OF_MEMORY,
                &format!("ran out of memory {during}{limit}{said}"),
                TELL_THE_VENDOR,
            );
        }
        let help = match end {
            End::Signal(9) => "perhaps the machine ran out of memory: see the system's log (dmesg)",
            _ => TELL_THE_VENDOR,
        };
        self.error(&codes::DIED, &format!("{} {during}{said}", ended(end)), help)
    }

    pub(super) fn late(&self, during: &str, patience: Duration) -> Diagnostic {
        let mut found = self.error(
            &codes::DEADLINE,
            &format!("was stopped {during}: it took longer than {}", seconds(patience)),
            "see whether the engine can be reached and allow more time if it is slow; tell the plugin's vendor if it always hangs",
        );
        found.kind = Some(ErrorKind::Timeout);
        found
    }

    pub(super) fn answer_too_large(&self, during: &str, size: u64, largest: u32) -> Diagnostic {
        let (size, largest) = (bytes(size), bytes(u64::from(largest)));
        self.error(
            &codes::TOO_LARGE,
            &format!("answered {size} {during}; an answer has at most {largest}"),
            TELL_THE_VENDOR,
        )
    }

    pub(super) fn garbled(&self, during: &str, why: &str) -> Diagnostic {
        let what = format!("sent something {during} that is no answer: {}", one_line(why));
        self.error(&codes::ANSWER, &what, TELL_THE_VENDOR)
    }

    pub(super) fn bad_answer(&self, method: Method, why: &str) -> Diagnostic {
        let what = format!("answered {method} with something that is no answer to it: {}", one_line(why));
        self.error(&codes::ANSWER, &what, TELL_THE_VENDOR)
    }

    pub(super) fn bad_request(&self, method: Method, error: &serde_json::Error) -> Diagnostic {
        self.error(
            &codes::TOO_LARGE,
            &format!("cannot be asked for {method}: the request cannot be written: {error}"),
            "see whether the compute's settings hold something that is no text, number, list or map",
        )
    }

    pub(super) fn request_too_large(&self, method: Method, size: u64, largest: u32) -> Diagnostic {
        let (size, largest) = (bytes(size), bytes(u64::from(largest)));
        self.error(
            &codes::TOO_LARGE,
            &format!("cannot be asked for {method}: the request has {size}; it may have {largest}"),
            "shorten the compute's settings",
        )
    }

    /// What the plugin says itself.
    pub(super) fn said(&self, error: PluginError) -> Diagnostic {
        let (code, help) = match error.kind {
            ErrorKind::Configuration => (&codes::SAYS_CONFIGURATION, "change the compute's settings in the manifest"),
            ErrorKind::Connection => (&codes::SAYS_CONNECTION, "look at the compute's connection settings"),
            ErrorKind::Timeout => (&codes::SAYS_TIMEOUT, "try again, or allow more time"),
            ErrorKind::Query => (&codes::SAYS_QUERY, "see what the user may do in the engine"),
            ErrorKind::PluginExecution => (&codes::SAYS_EXECUTION, TELL_THE_VENDOR),
            _ => (&codes::SAYS_OTHER, "ask the plugin's vendor, or try a newer floe"),
        };
        let help = error.help.map_or_else(|| help.to_owned(), |help| one_line(&help));
        let mut found = self.error(code, "", help).of_kind(error.kind);
        let message = one_line(&error.message);
        found.message = match error.kind {
            ErrorKind::PluginExecution => format!("plugin {} ({}) failed: {message}", self.name, self.path),
            _ => format!("plugin {}: {message}", self.name),
        };
        found
    }

    pub(super) fn noisy(&self, count: u64) -> Diagnostic {
        self.warning(
            &codes::STDOUT_NOISE,
            &format!("wrote {} to standard output, which is not its own", bytes(count)),
            "the text is in the log (debug level) and nowhere else; tell the plugin's vendor",
        )
    }

    pub(super) fn left_behind(&self, left: &[LeftBehind]) -> Diagnostic {
        let mut names: Vec<_> = left.iter().map(|process| one_line(&process.command)).collect();
        names.sort_unstable();
        names.dedup();
        let what = match left.len() {
            1 => format!("left a process behind ({}); it was killed", names.join(", ")),
            count => format!("left {count} processes behind ({}); they were killed", names.join(", ")),
        };
        self.error(&codes::CHILDREN_LEFT, &what, TELL_THE_VENDOR)
    }

    pub(super) fn leaked(&self, places: &BTreeSet<String>) -> Diagnostic {
        let places = places.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.warning(
            &codes::SECRET_SCRUBBED,
            &format!("gave away a secret in {places}; it was replaced by ***"),
            "tell the plugin's vendor, and change the secret if the plugin may have written it elsewhere",
        )
    }
}

fn seconds(time: Duration) -> String {
    // What is left of a limit of 3 s is 2.994 s; the reader knows the limit.
    let rounded = Duration::from_secs((time + Duration::from_millis(500)).as_secs());
    if time.abs_diff(rounded) < Duration::from_millis(50) {
        format!("{} s", rounded.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

fn ended(end: End) -> String {
    match end {
        End::Exited(status) => format!("exited with status {status}"),
        End::Signal(number) => match signal(number) {
            Some(name) => format!("died of signal {number} ({name})"),
            None => format!("died of signal {number}"),
        },
        End::Silent => "closed its connection to floe".to_owned(),
    }
}

fn signal(number: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    let names = [
        (Signal::ILL, "illegal instruction"),
        (Signal::TRAP, "trap"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "arithmetic error"),
        (Signal::KILL, "killed"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::PIPE, "broken pipe"),
        (Signal::TERM, "terminated"),
        (Signal::XCPU, "out of CPU time"),
        (Signal::SYS, "bad system call"),
    ];
    names.into_iter().find(|(known, _)| known.as_raw() == number).map(|(_, name)| name)
}
