//! The process that has a database file open.

use std::fs::File;
use std::path::Path;

use floe_plugin_api::{InUseBy, Warning};
use rustix::process::{Flock, FlockType, Pid, fcntl_getlk};

/// The process that has a database file open, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    pid: Option<u32>,
    command: Option<String>,
    writes: bool,
}

impl Holder {
    /// Asks the operating system, without taking the lock. DuckDB locks the whole file.
    pub(crate) fn of(file: &File) -> Option<Self> {
        let lock = fcntl_getlk(file, &Flock::from(FlockType::WriteLock)).ok()??;
        let pid = lock.pid.map(Pid::as_raw_nonzero).and_then(|pid| u32::try_from(pid.get()).ok());
        Some(Self { pid, command: pid.and_then(command), writes: lock.typ != FlockType::ReadLock })
    }

    /// Reads DuckDB's own words: `Conflicting lock is held in /usr/bin/python3 (PID 123)`.
    pub(crate) fn from_words(words: &str) -> Option<Self> {
        if !words.contains("Could not set lock on file") {
            return None;
        }
        let pid = words.split("(PID ").nth(1).and_then(|rest| rest.split(')').next()).and_then(|pid| pid.parse().ok());
        let program = words.split("held in ").nth(1).and_then(|rest| rest.split(" (PID").next()).map(base_name);
        let command = pid.and_then(command).or_else(|| program.map(str::to_owned));
        Some(Self { pid, command, writes: true })
    }

    /// Whether it writes, so that nobody else can open the file.
    pub(crate) fn writes(&self) -> bool {
        self.writes
    }

    /// Command and process id, for a sentence.
    pub(crate) fn describe(&self) -> String {
        match (&self.command, self.pid) {
            (Some(command), Some(pid)) => format!("`{command}` (process {pid})"),
            (Some(command), None) => format!("`{command}`"),
            (None, Some(pid)) => format!("process {pid}"),
            (None, None) => "a process of another container or machine".to_owned(),
        }
    }

    /// What it means for dbt.
    pub(crate) fn warning(&self, path: &Path) -> Warning {
        let does = if self.writes { "has it open" } else { "reads it" };
        Warning::new("in_use", format!("dbt cannot open `{}` while {} {does}", path.display(), self.describe()))
            .with_help("end that process, or set `retries.connect_attempts` so that dbt waits for it")
    }

    /// The document of the boundary, where the process is known.
    pub(crate) fn into_in_use_by(self) -> Option<InUseBy> {
        let mut holder = InUseBy::new(self.pid?);
        holder.command = self.command;
        Some(holder)
    }
}

/// Program and script or subcommand, without folders and further arguments: those may hold secrets.
fn command(pid: u32) -> Option<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = line.split(|byte| *byte == 0).take(2).filter_map(|word| std::str::from_utf8(word).ok());
    let words: Vec<&str> = words.take_while(|word| !word.is_empty() && !word.starts_with('-')).map(base_name).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duckdbs_words_are_read() {
        let words = "IO Error: Could not set lock on file \"/tmp/a.duckdb\": Conflicting lock is held in \
                     /usr/bin/nosuchprogram (PID 4294967295). See also the documentation";
        let holder = Holder::from_words(words).unwrap();
        assert_eq!(holder.describe(), "`nosuchprogram` (process 4294967295)");
        assert!(holder.writes());
        assert_eq!(Holder::from_words("IO Error: something else"), None);
    }
}
