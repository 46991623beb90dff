//! What a process holds: its threads, and its open files and sockets. Linux tells; elsewhere nothing is known.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// What a process holds, by number: a thread's name, or what a descriptor leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Footprint {
    threads: BTreeMap<String, String>,
    descriptors: BTreeMap<String, String>,
}

/// How long a thread that was told to end may take.
const SETTLING: Duration = Duration::from_secs(1);

impl Footprint {
    /// What a process holds now; `None` where the system does not tell.
    pub(super) fn of(process: i32) -> Option<Self> {
        let threads = entries(&format!("/proc/{process}/task"), |path| {
            fs::read_to_string(path.join("comm")).ok().map(|name| name.trim().to_owned())
        })?;
        let descriptors = entries(&format!("/proc/{process}/fd"), |path| {
            fs::read_link(path).ok().map(|target| target.to_string_lossy().into_owned())
        })?;
        Some(Self { threads, descriptors })
    }

    /// What the process holds besides, after a while in which it may let go of it; in words.
    pub(super) fn left(&self, process: i32) -> Vec<String> {
        let until = Instant::now() + SETTLING;
        loop {
            let more = Self::of(process).map(|now| self.more(&now)).unwrap_or_default();
            if more.is_empty() || Instant::now() > until {
                return more;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn more(&self, now: &Self) -> Vec<String> {
        let threads = now.threads.iter().filter(|(id, _)| !self.threads.contains_key(*id));
        let threads = threads.map(|(_, name)| format!("the thread `{name}`"));
        let is_new = |(number, target): &(&String, &String)| self.descriptors.get(*number) != Some(*target);
        let descriptors = now.descriptors.iter().filter(is_new).map(|(_, target)| {
            let target = target.split(":[").next().unwrap_or(target);
            match target {
                "socket" | "pipe" => format!("an open {target}"),
                "anon_inode" => "an open descriptor of the kernel".to_owned(),
                file => format!("the open file {file}"),
            }
        });
        threads.chain(descriptors).collect()
    }
}

fn entries(folder: &str, read: impl Fn(&std::path::Path) -> Option<String>) -> Option<BTreeMap<String, String>> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    // What is gone in the meantime does not count.
    let named = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, read(&entry.path())?)));
    Some(named.collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn threads_files_and_sockets_that_are_left_are_seen() {
        let me = i32::try_from(std::process::id()).unwrap();
        // Other tests of this process come and go: what is looked for is this test's.
        let before = Footprint::of(me).unwrap();
        let (end, wait) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("left over".to_owned()).spawn(move || wait.recv()).unwrap();
        let file = fs::File::open("/proc/self/comm").unwrap();
        let left = before.left(me);
        assert!(left.contains(&"the thread `left over`".to_owned()), "{left:?}");
        assert!(
            left.iter().any(|what| what.starts_with("the open file /proc/") && what.ends_with("/comm")),
            "{left:?}"
        );
        drop((end, file));
        let _ = thread.join();
    }
}
