//! The processes that a plugin started. Found through `/proc`; where there is none, only the worker's process group is known.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::MARKER_VARIABLE;
use super::protocol::LeftBehind;

/// How long killed processes may take to go.
const PATIENCE: Duration = Duration::from_millis(500);

/// The direct children of a process, by any of its threads.
fn children(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists: Vec<_> =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok()).collect();
    if lists.is_empty() {
        // A kernel without these lists.
        return all().into_iter().filter(|other| stat(*other).is_some_and(|(_, parent)| parent == Some(pid))).collect();
    }
    lists.iter().flat_map(|list| list.split_ascii_whitespace()).filter_map(parse).collect()
}

/// Children, their children, and so on.
pub(in crate::plugins) fn descendants(pid: Pid) -> Vec<Pid> {
    let mut found = children(pid);
    let mut next = 0;
    while next < found.len() {
        found.extend(children(found[next]));
        next += 1;
    }
    found
}

/// Every process that inherited a worker's marker, wherever in the tree it hangs now.
pub(in crate::plugins) fn marked(marker: &str) -> Vec<Pid> {
    let wanted = format!("{MARKER_VARIABLE}={marker}");
    let has_it = |pid: &Pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
    };
    all().into_iter().filter(has_it).collect()
}

/// Kills every descendant of this process, which is the reaper of orphans among them. Says which of them still ran.
pub(super) fn kill_all() -> Vec<LeftBehind> {
    let (me, until) = (rustix::process::getpid(), Instant::now() + PATIENCE);
    let mut killed: Vec<LeftBehind> = Vec::new();
    // One that is killed hands its own children to this process: again, until there are none.
    loop {
        let living = children(me);
        if living.is_empty() || Instant::now() > until {
            return killed;
        }
        for pid in living {
            let raw = pid.as_raw_nonzero().get();
            if stat(pid).is_some_and(|(state, _)| state != 'Z') && !killed.iter().any(|left| left.pid == raw) {
                let command = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                killed.push(LeftBehind { pid: raw, command: command.trim().to_owned() });
            }
            // Errors mean that it is gone already.
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn all() -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| parse(entry.file_name().to_str()?)).collect()
}

fn parse(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok()?)
}

/// State and parent. The command before them stands in parentheses and may hold any character.
fn stat(pid: Pid) -> Option<(char, Option<Pid>)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    Some((fields.next()?.chars().next()?, parse(fields.next()?)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_child_and_its_marker_are_found() {
        let marker = uuid::Uuid::new_v4().to_string();
        let mut child = Command::new("sleep").arg("60").env(MARKER_VARIABLE, &marker).spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert!(descendants(rustix::process::getpid()).contains(&pid));
        // A process has no environment for a moment while it becomes another program.
        let until = Instant::now() + Duration::from_secs(5);
        while marked(&marker) != [pid] {
            assert!(Instant::now() < until, "its marker is not found");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(stat(pid).unwrap().1, Some(rustix::process::getpid()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(marked(&marker).is_empty());
    }
}
