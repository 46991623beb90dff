//! The worker's process: how it is started, and how it ends with all that it started.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group, waitid};

use crate::plugins::environment;
use crate::plugins::worker::{ARGUMENT, LOST, MARKER_VARIABLE, children};

/// The program that workers are: one that calls [`dispatch`](crate::plugins::worker::dispatch) first thing.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// Its path.
    pub program: PathBuf,
}

impl Launcher {
    /// Workers that are another program, such as an installed `floe`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Workers that are this very program.
    ///
    /// # Errors
    /// Where the system does not say which program that is.
    pub fn this_program() -> io::Result<Self> {
        // This one stays the same file when the binary is replaced while it runs.
        let itself = Path::new("/proc/self/exe");
        Ok(Self::new(if itself.exists() { itself.to_owned() } else { std::env::current_exe()? }))
    }
}

/// What a worker may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Address space in bytes; no limit if absent. Much more than is used: threads and databases reserve.
    pub address_space: Option<u64>,
    /// Bytes of a request or an answer.
    pub largest_frame: u32,
    /// Time for starting the process and loading the plugin.
    pub load: Duration,
    /// Time for ending it in order, before it is killed.
    pub finish: Duration,
    /// Bytes of standard output, and of standard error, that reach the log.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            address_space: Some(8 << 30),
            largest_frame: 16 << 20,
            load: Duration::from_secs(10),
            finish: Duration::from_secs(2),
            log_bytes: 256 << 10,
        }
    }
}

/// The host's ends of the streams.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) socket: UnixStream,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, with a status.
    Exited(i32),
    /// By a signal.
    Signal(i32),
    /// It lives, but talks to nobody.
    Silent,
}

/// A running worker. Its process id stays reserved until `kill`, so that no stranger is killed.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    marker: String,
    gone: bool,
}

/// How long a process that was killed, or that closed its connection, may take to end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Process {
    /// Starts a worker with a cleared environment, in a process group of its own.
    pub(super) fn start(launcher: &Launcher, asked: &[String]) -> io::Result<(Self, Streams)> {
        let (socket, theirs) = UnixStream::pair()?;
        let marker = uuid::Uuid::new_v4().to_string();
        let mut command = Command::new(&launcher.program);
        // Nothing here may need `pre_exec`: so it is one `posix_spawn`, whatever threads this process has.
        command
            .arg0("floe")
            .arg(ARGUMENT)
            .env_clear()
            .envs(environment::visible(asked))
            .env(MARKER_VARIABLE, &marker)
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let process = Self { child, marker, gone: false };
        match (stdout, stderr) {
            (Some(stdout), Some(stderr)) => Ok((process, Streams { socket, stdout, stderr })),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// How it ended, if it has; it stays a zombie.
    fn peek(&self) -> Option<End> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.pid()), options).ok()??;
        Some(of_status(&status))
    }

    pub(super) fn has_ended(&self) -> bool {
        self.gone || self.peek().is_some()
    }

    /// How it ended, after it closed its connection.
    pub(super) fn end(&mut self) -> End {
        self.until(PATIENCE, |process| process.peek()).unwrap_or(End::Silent)
    }

    /// Ends it after it took its leave: it has killed what it had started.
    pub(super) fn bury(&mut self) {
        if !self.gone {
            // Errors mean that there is nobody to kill.
            let _ = kill_process_group(self.pid(), Signal::KILL);
            self.reap();
        }
    }

    /// Kills it, its group, and whatever else it started; nothing, if that has been done.
    pub(super) fn kill(&mut self) {
        if self.gone {
            return;
        }
        // Processes in sessions of their own are found as its descendants while it lives, by their marker later.
        let pid = self.pid();
        let escaped = children::descendants(pid);
        let _ = kill_process_group(pid, Signal::KILL);
        for other in escaped {
            let _ = kill_process(other, Signal::KILL);
        }
        self.reap();
        for other in children::marked(&self.marker) {
            let _ = kill_process(other, Signal::KILL);
        }
    }

    fn reap(&mut self) {
        self.gone = self.until(PATIENCE, |process| process.child.try_wait().ok().flatten()).is_some();
    }

    /// Asks again and again, at growing intervals, for at most a while.
    fn until<T>(&mut self, patience: Duration, mut ask: impl FnMut(&mut Self) -> Option<T>) -> Option<T> {
        let (until, mut pause) = (Instant::now() + patience, Duration::from_micros(50));
        loop {
            let answer = ask(self);
            if answer.is_some() || Instant::now() > until {
                return answer;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn of_status(status: &WaitIdStatus) -> End {
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => End::Signal(signal),
        (None, Some(code)) if code != LOST => End::Exited(code),
        (None, _) => End::Silent,
    }
}
