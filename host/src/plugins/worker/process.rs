//! The worker's life: prepare, load, answer, end.

use std::fs::File;
use std::io::stdin;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use floe_plugin_api::abi::LoadedPlugin;
use floe_plugin_api::{ErrorKind, Method, PluginError};
use rustix::fs::FileType;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpgrp, getpid, getppid, getrlimit, kill_current_process_group, setrlimit,
};

use super::loader::{exit_now, load_plugin};
use super::protocol::{FromWorker, ToWorker, encode, read, write};
use super::{LOST, children};

/// Descriptors from here on are the worker's own; a plugin's libraries may take lower ones for granted.
const FIRST_OWN_DESCRIPTOR: i32 = 10;

/// How long a process that ends may take from closing its descriptors to being gone.
const LEAVING: Duration = Duration::from_millis(100);

/// Runs as a worker.
pub(super) fn run() -> ! {
    let Some(stream) = take_stream() else {
        eprintln!("floe starts this process itself, to load a plugin; it is of no use by hand");
        exit_now(2);
    };
    if serve(&stream).is_ok() {
        exit_now(0);
    }
    // The plugin closed the socket under the worker; the host says so, and kills the group.
    children::kill_all();
    exit_now(LOST)
}

/// Takes the host's socket away from standard input, where the plugin finds nothing to read. Standard output and error
/// are pipes to the host's log already.
fn take_stream() -> Option<UnixStream> {
    let kind = FileType::from_raw_mode(rustix::fs::fstat(stdin()).ok()?.st_mode);
    if kind != FileType::Socket {
        return None;
    }
    let socket: OwnedFd = rustix::io::fcntl_dupfd_cloexec(stdin(), FIRST_OWN_DESCRIPTOR).ok()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null").ok()?).ok()?;
    Some(UnixStream::from(socket))
}

fn serve(stream: &UnixStream) -> std::io::Result<()> {
    let ToWorker::Start(start) = read(stream)? else { return Err(std::io::ErrorKind::InvalidData.into()) };
    limit(start.address_space);
    // Read by a thread of its own, so that the end of the host is noticed while the plugin hangs.
    let requests = listen(stream.try_clone()?);
    write(stream, &FromWorker::Ready)?;
    let plugin = match load_plugin(&start) {
        Ok(plugin) => plugin,
        Err(why) => return write(stream, &FromWorker::NotLoaded(why)),
    };
    write(stream, &FromWorker::Loaded)?;
    for request in requests {
        match request {
            ToWorker::Call { method, document } => answer(stream, &plugin, method, &document, start.largest_frame)?,
            ToWorker::Finish => return write(stream, &FromWorker::Finished { left: children::kill_all() }),
            ToWorker::Start(_) => return Err(std::io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(())
}

/// No core dumps, which would hold secrets; as much memory as is allowed; orphans come to this process. Each is an
/// improvement where the system grants it, and nothing to fail for.
fn limit(address_space: Option<u64>) {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    if let Some(wanted) = address_space {
        let now = getrlimit(Resource::As);
        let limit = [now.current, now.maximum].into_iter().flatten().fold(wanted, u64::min);
        let _ = setrlimit(Resource::As, Rlimit { current: Some(limit), maximum: Some(limit) });
    }
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_child_subreaper(Some(getpid()));
        // Where the machine runs out of memory, the kernel is to kill this process rather than the host.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    }
}

fn listen(stream: UnixStream) -> mpsc::Receiver<ToWorker> {
    let (sender, receiver) = mpsc::channel();
    let host = getppid();
    let reader = move || {
        while let Ok(request) = read(&stream) {
            // The main thread ends by leaving the process.
            let _ = sender.send(request);
        }
        end_with_children(host);
    };
    if thread::Builder::new().name("floe host".to_owned()).spawn(reader).is_err() {
        exit_now(1);
    }
    receiver
}

/// The host is gone: so is everything that was started for it. A host that is still there has lost its socket to the plugin;
/// it says so, and kills the group.
fn end_with_children(host: Option<Pid>) -> ! {
    children::kill_all();
    thread::sleep(LEAVING);
    if getppid() == host {
        exit_now(LOST);
    }
    // Only in a group of its own; a worker started by hand must not kill its shell.
    if getpgrp() == getpid() {
        let _ = kill_current_process_group(Signal::KILL);
    }
    exit_now(1)
}

fn answer(
    stream: &UnixStream,
    plugin: &LoadedPlugin,
    method: Method,
    request: &str,
    largest: u32,
) -> std::io::Result<()> {
    let reply = match plugin.call(method, request) {
        // A plugin that is not written in Rust, or not carefully, may put anything into its string.
        Ok(document) if std::str::from_utf8(document.as_bytes()).is_err() => FromWorker::NotText,
        Ok(document) if document.len() > largest as usize => FromWorker::TooLarge { bytes: document.len() as u64 },
        Ok(document) => FromWorker::Reply { document },
        Err(error) if !is_text(&error) => FromWorker::Failed { error: unreadable(method) },
        Err(error) => FromWorker::Failed { error },
    };
    let mut frame = encode(&reply)?;
    if frame.len() > largest as usize {
        frame = encode(&FromWorker::TooLarge { bytes: frame.len() as u64 })?;
    }
    std::io::Write::write_all(&mut &*stream, &frame)
}

fn is_text(error: &PluginError) -> bool {
    let parts = [Some(&error.message), error.help.as_ref(), error.reason.as_ref(), error.correlation_id.as_ref()];
    parts.into_iter().flatten().all(|part| std::str::from_utf8(part.as_bytes()).is_ok())
}

fn unreadable(method: Method) -> PluginError {
    PluginError::new(ErrorKind::PluginExecution, format!("{method} failed with an error that is not UTF-8"))
}
