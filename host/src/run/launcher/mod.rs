//! Starts dbt through floe's launcher: Python in a compute's environment that drives dbt's own API, so that a selection of
//! thousands of nodes is no argument list, and every node that ends is told at once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::TIMEOUT_VARIABLE;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::{self, Place};
use super::secrets::{SECRET_PREFIX, Variables};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{DBT_NOT_STARTED, FILES};
use crate::interrupt;
use crate::plugins::Scrubber;

/// The launcher's files, by name.
pub const SOURCES: &[(&str, &str)] = &[
    ("launch.py", include_str!("launch.py")),
    ("floe_limits.py", include_str!("floe_limits.py")),
    ("floe_engines.py", include_str!("floe_engines.py")),
];

/// Arguments that keep dbt's own words to its log file.
pub const SILENT: &[&str] = &["--quiet", "--no-use-colors"];

/// How often a running dbt's report is looked at.
const POLL: Duration = Duration::from_millis(40);

/// How long a dbt that shares the user's terminal has to end by itself.
const OF_ITSELF: Duration = Duration::from_secs(3);

/// Variables of the user's that would lay themselves over what floe passes.
const OWN_VARIABLES: &[&str] = &[
    "DBT_PROFILES_DIR",
    "DBT_PROFILE",
    "DBT_TARGET",
    "DBT_PROJECT_DIR",
    "DBT_TARGET_PATH",
    "DBT_LOG_PATH",
    "DBT_DEFER",
    "DBT_DEFER_STATE",
    "DBT_FAVOR_STATE",
    "DBT_DEFER_TO_STATE",
    "DBT_FAVOR_STATE_MODE",
    "DBT_INDIRECT_SELECTION",
    "DBT_PARTIAL_PARSE_FILE_PATH",
    "DBT_ENGINE_TARGET",
];

/// One dbt command.
#[derive(Debug, Clone, Serialize)]
pub struct Invocation {
    /// What it is called in the report.
    pub name: String,
    /// The arguments behind `dbt`.
    pub args: Vec<String>,
    /// Exactly these nodes; dbt's own selection without.
    pub select: Option<Vec<String>>,
}

/// What the launcher is asked to do.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// `run` or `command`.
    pub task: &'static str,
    /// Where the launcher reports.
    pub report: Utf8PathBuf,
    /// The commands, one after another in one process.
    pub invocations: Vec<Invocation>,
    /// dbt's cache of the project, to begin with.
    pub partial_parse_from: Option<Utf8PathBuf>,
    /// The target path of the commands.
    pub target_path: Utf8PathBuf,
    /// Nodes of other computes.
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub foreign: serde_json::Map<String, Value>,
    /// The compute.
    pub compute: String,
    /// How long each node may take, in seconds of wall time from its first statement.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub timeouts: BTreeMap<String, u32>,
    /// How long a hook may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_timeout: Option<u32>,
    /// A file that is locked while dbt builds: what a killed run left is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<Utf8PathBuf>,
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A command begins.
    Start {
        /// Version of dbt.
        dbt: String,
    },
    /// A node begins.
    NodeStarted {
        /// Its unique id.
        id: String,
    },
    /// A node has ended.
    Node(NodeEvent),
    /// Nodes that were asked for and that dbt does not know.
    Missing {
        /// Their unique ids.
        ids: Vec<String>,
    },
    /// What `ls` answered.
    Ids {
        /// Unique ids.
        ids: Vec<String>,
    },
    /// dbt warns.
    Warning {
        /// Its words.
        message: String,
    },
    /// A plain command chose nodes of other computes and was not run.
    Refused {
        /// Compute by node.
        nodes: std::collections::BTreeMap<String, String>,
    },
    /// A plain command without a selection ran without these.
    LeftOut {
        /// Compute by node.
        nodes: std::collections::BTreeMap<String, String>,
    },
    /// A command has ended.
    End {
        /// Its name.
        name: String,
        /// Whether all of it went well.
        ok: bool,
        /// Why it did not run, in dbt's words.
        error: Option<String>,
    },
    /// Of a later launcher.
    #[serde(other)]
    Other,
}

/// A node has ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct NodeEvent {
    /// Its unique id.
    pub id: String,
    /// dbt's word for how.
    pub status: String,
    /// How long it took.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// dbt's words.
    #[serde(default)]
    pub message: Option<String>,
    /// What the engine calls its last statement.
    #[serde(default)]
    pub query_id: Option<String>,
    /// Why floe ended it, where it did.
    #[serde(default)]
    pub ended_by: Option<EndedBy>,
    /// How its time ran out.
    #[serde(default)]
    pub timeout: Option<Timeout>,
}

/// Why floe ended a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// It took longer than it may.
    Timeout,
    /// The run was interrupted.
    Interrupt,
    /// Of a later launcher.
    #[serde(other)]
    Other,
}

/// How the time of a node ran out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timeout {
    /// What it was allowed, in seconds.
    pub timeout_seconds: f64,
    /// What it took from its first statement until dbt was done with it, in seconds.
    pub seconds: f64,
    /// Whether the engine was told to cancel.
    pub cancel_sent: bool,
    /// Whether the engine's answer says that the query ended.
    pub engine_confirmed: bool,
    /// What the engine calls the query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// Why it could not be cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A launcher to start.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The product.
    pub place: &'a Place,
    /// The Python of the compute's environment.
    pub python: Utf8PathBuf,
    /// What it is to do.
    pub request: &'a Request,
    /// Variables that profiles read.
    pub variables: &'a Variables,
    /// More variables: names and values.
    pub context: Vec<(String, String)>,
    /// Whether dbt's output is the user's own.
    pub is_interactive: bool,
}

/// How a launcher ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// The last lines that it wrote besides, without secrets.
    pub said: String,
}

impl Ended {
    /// Why it ended, where it told nothing itself.
    pub fn why(&self) -> String {
        match self.status.signal() {
            Some(signal) => format!("it was killed by signal {signal}"),
            None if !self.said.is_empty() => self.said.clone(),
            None => "it ended without a word".to_owned(),
        }
    }
}

/// The variable from which profiles take the longest time that a node may take here, where the adapter has a setting for it:
/// what its engine holds must not end what a transform or a model allows.
pub fn longest(timeouts: impl Iterator<Item = u32>) -> Option<(String, String)> {
    Some((TIMEOUT_VARIABLE.to_owned(), timeouts.max()?.to_string()))
}

impl Launch<'_> {
    /// Runs it to its end; each event is told as it comes, without secrets.
    ///
    /// # Errors
    /// [`DBT_NOT_STARTED`], [`FILES`].
    pub fn run(self, mut tell: impl FnMut(Event)) -> Result<Ended, Diagnostic> {
        let launcher = self.write_launcher()?;
        let report = &self.request.report;
        File::create(report).map_err(|error| place::not_written(report, &error))?;
        let mut output = tempfile::tempfile().map_err(|error| place::not_written(report, &error))?;
        let (mut child, mut pipe) = self.start(&launcher, &output)?;
        let mut interrupted = None;
        let file = File::open(report).map_err(|error| unreadable(report, &error))?;
        let mut lines = Lines { file, rest: Vec::new(), scrubber: self.variables.scrubber() };
        let status = loop {
            let ended = child.try_wait().map_err(|error| self.not_started(&error))?;
            // Behind the look at the child: what it told last is there once it has ended.
            lines.events().map_err(|error| unreadable(report, &error))?.into_iter().for_each(&mut tell);
            if let Some(status) = ended {
                break status;
            }
            self.pass_on(interrupt::count(), &child, &mut pipe, &mut interrupted);
            thread::sleep(POLL);
        };
        let said = self.variables.scrubber().scrub(&tail(&mut output)).into_owned();
        Ok(Ended { status, said })
    }

    /// Tells dbt to end where the user wants that; a second time it is not asked.
    fn pass_on(&self, interrupts: usize, child: &Child, pipe: &mut Option<ChildStdin>, first: &mut Option<Instant>) {
        if interrupts == 0 {
            return;
        }
        let first = first.get_or_insert_with(Instant::now);
        if self.is_interactive {
            // A terminal has told it already; a supervisor has not.
            if interrupts > 1 || first.elapsed() > OF_ITSELF {
                pipe.take();
            }
            return;
        }
        // Its end of the pipe is how the launcher knows that it is to go on.
        pipe.take();
        if interrupts > 1
            && let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }

    fn start(&self, launcher: &Utf8Path, output: &File) -> Result<(Child, Option<ChildStdin>), Diagnostic> {
        let mut command = Command::new(&self.python);
        command.arg(launcher).current_dir(&self.place.project_dir).stdin(Stdio::piped());
        for name in OWN_VARIABLES {
            command.env_remove(name);
        }
        if !self.is_interactive {
            let share = || output.try_clone().map(Stdio::from).map_err(|error| self.not_started(&error));
            // Of its own group: a terminal's Ctrl-C is floe's to pass on.
            command.stdout(share()?).stderr(share()?).process_group(0);
        }
        command.env("PYTHONNOUSERSITE", "1").envs(self.variables.iter());
        command.envs(self.context.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().map_err(|error| self.not_started(&error))?;
        let mut request = serde_json::to_vec(self.request).unwrap_or_default();
        request.push(b'\n');
        let mut pipe = child.stdin.take();
        if let Some(stdin) = &mut pipe {
            // A launcher that ends early says why itself.
            let _ = stdin.write_all(&request);
        }
        Ok((child, pipe))
    }

    fn write_launcher(&self) -> Result<Utf8PathBuf, Diagnostic> {
        let folder = self.place.launcher();
        self.place.make(&folder)?;
        for (name, text) in SOURCES {
            let path = folder.join(name);
            if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
                place::write(&path, text.as_bytes())?;
            }
        }
        Ok(folder.join("launch.py"))
    }

    fn not_started(&self, error: &io::Error) -> Diagnostic {
        let compute = &self.request.compute;
        Diagnostic::error(
            &DBT_NOT_STARTED,
            format!("dbt of compute `{compute}` cannot be started: {}: {error}", self.place.shown(&self.python)),
            format!("make its Python environment anew: remove `.floe/python/{compute}` and run `floe env sync --compute {compute}`"),
        )
        .for_compute(compute)
    }
}

/// The whole environment that dbt sees, for what is remembered of a parse; secrets are no part of that.
pub fn inherited_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !name.starts_with(SECRET_PREFIX) && !OWN_VARIABLES.contains(&name.as_str()))
}

fn unreadable(path: &Utf8Path, error: &io::Error) -> Diagnostic {
    Diagnostic::error(&FILES, format!("{path} cannot be read: {error}"), "run the command again")
}

/// Lines of a report that grows.
struct Lines<'s> {
    file: File,
    rest: Vec<u8>,
    scrubber: &'s Scrubber,
}

impl Lines<'_> {
    /// What has come since the last look, without secrets.
    fn events(&mut self) -> io::Result<Vec<Event>> {
        self.file.read_to_end(&mut self.rest)?;
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Ok(Vec::new()) };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        let text = String::from_utf8_lossy(&whole);
        Ok(text.lines().filter_map(|line| serde_json::from_str(&self.scrubber.scrub(line)).ok()).collect())
    }
}

/// The last 4 KB of a file.
fn tail(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let read = file.seek(SeekFrom::Start(length.saturating_sub(4096))).and_then(|_| file.read_to_end(&mut bytes));
    if read.is_err() { String::new() } else { String::from_utf8_lossy(&bytes).trim().to_owned() }
}
