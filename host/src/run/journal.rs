//! What a run did, line by line as it happens: `run.jsonl` in its folder. A run that was killed is known up to its last line, and
//! up to what its dbt told after that.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::launcher::Event;
use super::place::{self, Place};
use super::plan::{Built, Step};
use super::results::{NodeResult, Status, StepResult};
use crate::diagnostics::codes::run::NO_RUN;
use crate::diagnostics::{Diagnostic, listed};

/// The journal's name, in the folder of a run.
const FILE: &str = "run.jsonl";

/// What a run was asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// Its id.
    pub run: String,
    /// The environment.
    pub environment: String,
    /// When, in UTC.
    pub begun: String,
    /// Whether incremental models begin anew.
    pub full_refresh: bool,
    /// Whether it stops at the first failure.
    pub fail_fast: bool,
    /// The environment from which is read what is not selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defer_to: Option<String>,
    /// The run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The computes whose tables end with a step.
    #[serde(default)]
    pub in_memory: BTreeSet<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All of it went well.
    Success,
    /// Something failed.
    Error,
    /// It was interrupted.
    Interrupted,
    /// It goes on.
    Running,
    /// It was killed, or its machine went down.
    Killed,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry {
    /// The run begins.
    Run(Begun),
    /// A step begins.
    StepStarted {
        /// Its number.
        step: usize,
    },
    /// A node begins.
    NodeStarted {
        /// dbt's id.
        node: String,
    },
    /// A node has ended, or will not begin.
    Node(NodeResult),
    /// A step has ended.
    Step(StepResult),
    /// The run has ended.
    End {
        /// How.
        outcome: Outcome,
        /// How long it took, in seconds.
        seconds: f64,
    },
}

/// The journal of a run that goes on.
#[derive(Debug)]
pub struct Journal {
    path: Utf8PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Begins one.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn begin(folder: &Utf8Path, begun: Begun) -> Result<Self, Diagnostic> {
        let path = folder.join(FILE);
        let file = File::create_new(&path).map_err(|error| place::not_written(&path, &error))?;
        let journal = Self { path, file: Mutex::new(file) };
        journal.note(&Entry::Run(begun))?;
        Ok(journal)
    }

    /// Adds a line, in one piece.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn note(&self, entry: &Entry) -> Result<(), Diagnostic> {
        let mut line = serde_json::to_vec(entry).unwrap_or_default();
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(&line).map_err(|error| place::not_written(&self.path, &error))
    }
}

/// What is known of a run.
#[derive(Debug)]
pub struct Past {
    /// Its folder.
    pub folder: Utf8PathBuf,
    /// What it was to do.
    pub begun: Begun,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took, in seconds; not known of a run that was killed.
    pub seconds: Option<f64>,
    /// Its steps that ended.
    pub steps: Vec<StepResult>,
    /// The steps that began.
    pub started: BTreeSet<usize>,
    /// Its nodes that ended, in that order.
    pub results: Vec<NodeResult>,
    /// The nodes that began and of whose end nothing is known.
    pub running: BTreeSet<String>,
}

impl Past {
    /// The run with this id, or the newest one, of an environment or of any.
    ///
    /// # Errors
    /// [`NO_RUN`].
    pub fn find(place: &Place, id: Option<&str>, environment: Option<&str>) -> Result<Self, Diagnostic> {
        Self::find_where(place, id, environment, |name| is_held(&place.run_lock(name)))
    }

    fn find_where(
        place: &Place,
        id: Option<&str>,
        environment: Option<&str>,
        is_held: impl Fn(&str) -> bool,
    ) -> Result<Self, Diagnostic> {
        let runs = ids(place);
        let found = match id {
            Some(id) => Self::read(place, id, &is_held),
            None => runs.iter().rev().find_map(|id| {
                Self::read(place, id, &is_held)
                    .filter(|past| environment.is_none_or(|name| past.begun.environment == name))
            }),
        };
        found.ok_or_else(|| {
            let what = match (id, environment) {
                (Some(id), _) => format!("there is no run `{id}`"),
                (None, Some(name)) => format!("nothing was run in environment `{name}` yet"),
                (None, None) => "nothing was run yet".to_owned(),
            };
            let newest: Vec<&str> = runs.iter().rev().take(5).map(String::as_str).collect();
            let help = match newest.as_slice() {
                [] => "begin one with `floe run`".to_owned(),
                ids => format!("the newest are {}", listed(ids.iter().copied())),
            };
            Diagnostic::error(&NO_RUN, what, help)
        })
    }

    /// Reads the journal of a run; `None` where there is none, or not even its first line.
    fn read(place: &Place, id: &str, is_held: impl Fn(&str) -> bool) -> Option<Self> {
        let folder = place.runs().join(id);
        let text = fs::read_to_string(folder.join(FILE)).ok()?;
        // The last line of a run that was killed may be half a line.
        let mut entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
        let Some(Entry::Run(begun)) = entries.next() else { return None };
        let mut past = Self {
            folder,
            begun,
            outcome: Outcome::Running,
            seconds: None,
            steps: Vec::new(),
            started: BTreeSet::new(),
            results: Vec::new(),
            running: BTreeSet::new(),
        };
        for entry in entries {
            match entry {
                Entry::Run(_) => {}
                Entry::StepStarted { step } => drop(past.started.insert(step)),
                Entry::NodeStarted { node } => drop(past.running.insert(node)),
                Entry::Node(result) => {
                    past.running.remove(&result.node);
                    past.results.push(result);
                }
                Entry::Step(step) => past.steps.push(step),
                Entry::End { outcome, seconds } => (past.outcome, past.seconds) = (outcome, Some(seconds)),
            }
        }
        if past.outcome == Outcome::Running && !is_held(&past.begun.environment) {
            past.outcome = Outcome::Killed;
            past.add_reports();
        }
        Some(past)
    }

    /// What dbt told after floe was gone.
    fn add_reports(&mut self) {
        let ended: BTreeSet<String> = self.results.iter().map(|result| result.node.clone()).collect();
        for step in self.begun.steps.iter().filter(|step| self.started.contains(&step.step)) {
            let report = self.folder.join(place::step_folder(step.step, &step.compute)).join("report.jsonl");
            let text = fs::read_to_string(report).unwrap_or_default();
            for event in text.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok()) {
                match event {
                    Event::Node(node) if !ended.contains(&node.id) => {
                        self.running.remove(&node.id);
                        let name = super::name_in(&node.id).to_owned();
                        let kind = node.id.split('.').next().unwrap_or_default().to_owned();
                        self.results.push(NodeResult::of_event(node, name, kind, step));
                    }
                    Event::NodeStarted { id } if !ended.contains(&id) => drop(self.running.insert(id)),
                    _ => {}
                }
            }
        }
    }

    /// What it built, and the tests that passed, as far as they last.
    pub fn done(&self) -> BTreeSet<&str> {
        let lasts = |result: &&NodeResult| !self.begun.in_memory.contains(&result.compute);
        let went_well = |result: &&NodeResult| matches!(result.status, Status::Success | Status::Warn);
        self.results.iter().filter(went_well).filter(lasts).map(|result| result.node.as_str()).collect()
    }

    /// What is left to do: what failed, was skipped, or was not come to.
    pub fn rest(&self) -> BTreeSet<String> {
        let done = self.done();
        let all = self.begun.steps.iter().flat_map(|step| step.nodes.iter().chain(&step.tests));
        all.filter(|id| !done.contains(id.as_str())).cloned().collect()
    }

    /// The command that goes on with it; `None` where nothing is left.
    pub fn resume_command(&self) -> Option<String> {
        let is_over = !matches!(self.outcome, Outcome::Running);
        let environment = &self.begun.environment;
        (is_over && !self.rest().is_empty())
            .then(|| format!("floe run --env {environment} --resume={}", self.begun.run))
    }
}

/// Which compute built what in an environment, with what a killed run had no time to note.
pub fn built(place: &Place, environment: &str) -> Built {
    built_where(place, environment, |name| is_held(&place.run_lock(name)))
}

/// The same for who holds the lock: what has no end in its journal has none.
pub(super) fn built_so_far(place: &Place, environment: &str) -> Built {
    built_where(place, environment, |_| false)
}

fn built_where(place: &Place, environment: &str, is_held: impl Fn(&str) -> bool) -> Built {
    let mut built = Built::read(&place.owners(environment));
    let newest = Past::find_where(place, None, Some(environment), is_held).ok();
    if let Some(past) = newest.filter(|past| past.outcome == Outcome::Killed) {
        let done = past.done();
        for step in &past.begun.steps {
            for node in step.nodes.iter().filter(|node| done.contains(node.as_str())) {
                built.note(node, &step.compute);
            }
        }
    }
    built
}

/// The runs that are kept, oldest first.
pub(super) fn ids(place: &Place) -> Vec<String> {
    let entries = place.runs().read_dir_utf8().into_iter().flatten().flatten();
    let mut ids: Vec<String> =
        entries.map(|entry| entry.file_name().to_owned()).filter(|name| !name.contains("latest")).collect();
    ids.sort_unstable();
    ids
}

/// The lock of the runs of an environment.
///
/// # Errors
/// Where the system refuses.
pub(super) fn lock_file(place: &Place, environment: &str) -> Result<File, Diagnostic> {
    let path = place.run_lock(environment);
    File::create(&path).map_err(|error| place::not_written(&path, &error))
}

/// Whether a run, or another dbt of floe's, is going on in an environment of the product in a folder.
pub fn is_going_on(project_dir: &Utf8Path, environment: &str) -> bool {
    let place = Place::of(project_dir);
    is_held(&place.run_lock(environment)) || is_held(&place.build_lock(environment))
}

/// Whether somebody holds a lock.
fn is_held(path: &Utf8Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    match file.try_lock_shared() {
        Ok(()) => false,
        Err(fs::TryLockError::WouldBlock) => true,
        Err(fs::TryLockError::Error(error)) => error.kind() != io::ErrorKind::Unsupported,
    }
}
