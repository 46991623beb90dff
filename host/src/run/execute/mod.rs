//! Runs a plan with dbt, step by step.
//!
//! `step` is one dbt command, `outcome` what became of each node and what that holds up, `merge` makes one set of dbt's
//! artifacts of all.

mod merge;
pub mod outcome;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use floe_plugin_api::Storage;
use uuid::Uuid;

use super::graph::Graphs;
use super::journal::{self, Begun, Entry, Journal, Outcome};
use super::plan::{Plan, Scope, Step, address::Addresses};
use super::results::{NodeResult, Status, StepResult, StepStatus, rounded};
use super::secrets::Variables;
use super::{Session, place};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::run::{INTERRUPTED, NODE_FAILED, TIMED_OUT};
use crate::interrupt;
use crate::telemetry::metrics::{Pool, Subject};
use crate::telemetry::names::{COMPUTE, PLUGIN, STATUS};
use crate::telemetry::traces::Span;
use crate::telemetry::{NodeEnded, NodeFailure, TimedOut};
use outcome::{Ended, Outcomes};

/// How many runs are kept.
const KEPT: usize = 20;

/// How long a lock may be taken by somebody who only looks.
const MOMENT: Duration = Duration::from_millis(20);

/// How to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Begin incremental models anew.
    pub full_refresh: bool,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// The run that this one goes on with.
    pub resumes: Option<String>,
    /// Only the step with this number: somebody else sees to the order.
    pub step: Option<usize>,
}

/// A plan to run.
#[derive(Debug)]
pub struct Run<'a> {
    /// The product.
    pub session: &'a Session<'a>,
    /// dbt's graph.
    pub graphs: &'a Graphs,
    /// Where computes find each other's tables.
    pub addresses: &'a Addresses<'a>,
    /// What of it is selected.
    pub scope: &'a Scope<'a>,
    /// The plan.
    pub plan: &'a Plan,
    /// How to run it.
    pub options: Options,
}

/// Something to show while it goes on.
#[derive(Debug)]
pub enum Progress<'p> {
    /// Another run of this environment goes on, and ends first.
    Waiting(&'p str),
    /// A step begins.
    Step(&'p Step, usize),
    /// A node begins.
    Started(&'p str, &'p Step),
    /// A node has ended, or will not begin.
    Node(&'p NodeResult),
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// Its id.
    pub id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The folder with its artifacts.
    pub folder: Utf8PathBuf,
    /// Its steps.
    pub steps: Vec<StepResult>,
    /// Its nodes and tests, in the order in which they ended.
    pub results: Vec<NodeResult>,
    /// What went wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Run<'_> {
    /// Runs it.
    ///
    /// # Errors
    /// What is wrong before anything runs: secrets that are missing, files that cannot be written.
    pub fn execute(&self, tell: &dyn Fn(Progress<'_>)) -> Result<Ran, Vec<Diagnostic>> {
        let secrets = self.secrets()?;
        let one = |error: Diagnostic| vec![error];
        let place = &self.session.place;
        let lock = journal::lock_file(place, &self.session.environment).map_err(one)?;
        let lock_path = place.run_lock(&self.session.environment);
        // Whoever watches looks whether a run goes on by taking the lock for a moment.
        let is_taken = || lock.try_lock().is_err();
        if is_taken() && {
            thread::sleep(MOMENT);
            is_taken()
        } {
            tell(Progress::Waiting(&self.session.environment));
            lock.lock().map_err(|error| one(place::not_written(&lock_path, &error)))?;
        }
        interrupt::watch().map_err(|error| one(place::not_written(&lock_path, &error)))?;
        let id = run_id();
        let folder = place.runs().join(&id);
        place.make(&folder).map_err(one)?;
        for compute in secrets.keys() {
            // Its own: another command may plan something else meanwhile.
            let state = state_of(&folder, compute);
            super::state::write(self.session, self.graphs, self.addresses, self.scope, compute, state).map_err(one)?;
        }
        let begun = Instant::now();
        // What a killed run had no time to note is noted before its journal is no more the newest.
        let built_path = place.owners(&self.session.environment);
        let built = journal::built_so_far(place, &self.session.environment);
        built.write(&built_path).map_err(one)?;
        let journal = Journal::begin(&folder, self.begun(&id)).map_err(one)?;
        let mut going = Going { run: self, tell, folder: &folder, journal: &journal, built, problems: Vec::new() };
        let mut outcomes = Outcomes::new(self.plan);
        let mut steps = Vec::new();
        for step in self.steps() {
            steps.push(going.step(step, &secrets, &mut outcomes));
        }
        let mut problems = going.problems;
        problems.extend(merge::artifacts(self, &folder, &steps).err());
        problems.extend(link_latest(&place.runs(), &id));
        remove_old(&place.runs(), &journal::ids(place));
        let results = outcomes.into_results();
        problems.extend(outcome::diagnostics(self, &results, &folder));
        let outcome = if interrupt::count() > 0 {
            problems.push(self.interrupted(&id));
            Outcome::Interrupted
        } else if problems.iter().any(Diagnostic::is_error) {
            Outcome::Error
        } else {
            Outcome::Success
        };
        let seconds = rounded(begun.elapsed().as_secs_f64());
        problems.extend(journal.note(&Entry::End { outcome, seconds }).err());
        Ok(Ran { id, outcome, folder, steps, results, diagnostics: problems })
    }

    /// The steps that are to run.
    fn steps(&self) -> impl Iterator<Item = &Step> {
        self.plan.steps.iter().filter(|step| self.options.step.is_none_or(|only| only == step.step))
    }

    fn begun(&self, id: &str) -> Begun {
        let session = self.session;
        let in_memory = |compute: &&String| {
            session.connection(compute).is_some_and(|connection| connection.storage == Storage::Memory)
        };
        Begun {
            run: id.to_owned(),
            environment: session.environment.clone(),
            begun: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            full_refresh: self.options.full_refresh,
            fail_fast: self.options.fail_fast,
            defer_to: self.scope.deferred.map(|deferred| deferred.environment.to_owned()),
            resumes: self.options.resumes.clone(),
            steps: self.steps().cloned().collect(),
            in_memory: session.computes.iter().filter(in_memory).cloned().collect(),
        }
    }

    /// A compute, for those who measure.
    fn subject(&self, compute: &str) -> Subject {
        let artifacts = &self.session.compiled.artifacts;
        let known = self.session.compute(compute);
        let plugin = known.map(|known| known.plugin.clone()).unwrap_or_default();
        Subject {
            compute: compute.to_owned(),
            plugin_version: artifacts.plugins.get(&plugin).map(|plugin| plugin.version.clone()),
            plugin,
            environment: self.session.environment.clone(),
            dbt_adapter: known.map(|known| known.dbt_adapter.clone()),
        }
    }

    /// The threads of dbt on a compute.
    fn threads(&self, compute: &str) -> u32 {
        let own = self.session.connection(compute).and_then(|connection| connection.threads);
        own.or_else(|| Some(self.session.compute(compute)?.threads)).unwrap_or(1).into()
    }

    fn interrupted(&self, id: &str) -> Diagnostic {
        Diagnostic::error(
            &INTERRUPTED,
            "the run was interrupted: what ran was cancelled, and the rest was not started",
            format!("go on with `floe run --env {} --resume={id}`", self.session.environment),
        )
    }

    /// The secrets of all computes that run something: a run does not begin that could not end.
    fn secrets(&self) -> Result<BTreeMap<String, Variables>, Vec<Diagnostic>> {
        let (mut found, mut problems) = (BTreeMap::new(), Vec::new());
        for step in self.steps() {
            if found.contains_key(&step.compute) {
                continue;
            }
            match self.session.secrets(&step.compute) {
                Ok(variables) => drop(found.insert(step.compute.clone(), variables)),
                Err(errors) => problems.extend(errors),
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(problems) }
    }
}

/// A run that goes on.
struct Going<'a> {
    run: &'a Run<'a>,
    tell: &'a dyn Fn(Progress<'_>),
    folder: &'a Utf8Path,
    journal: &'a Journal,
    built: super::plan::Built,
    problems: Vec<Diagnostic>,
}

impl Going<'_> {
    /// Runs one step, or skips it.
    fn step(&mut self, step: &Step, secrets: &BTreeMap<String, Variables>, outcomes: &mut Outcomes<'_>) -> StepResult {
        let place = &self.run.session.place;
        for result in outcomes.block(step) {
            self.ended(&result);
        }
        let span = Span::about(format!("step {} {}", step.step, step.compute), &[(COMPUTE, &step.compute)]);
        let begun = Instant::now();
        let stopped = interrupt::count() > 0 || (self.run.options.fail_fast && outcomes.has_failed());
        let wanted = outcomes.runnable(step);
        let own = self.folder.join(place::step_folder(step.step, &step.compute));
        if stopped && interrupt::count() > 0 {
            for result in outcomes.without_result(step, &wanted, Ended::Interrupted(&BTreeSet::new())) {
                self.ended(&result);
            }
        } else if !stopped && !wanted.is_empty() {
            self.note(&Entry::StepStarted { step: step.step });
            (self.tell)(Progress::Step(step, self.run.plan.steps.len()));
            self.dbt(step, &wanted, &own, secrets.get(&step.compute), outcomes);
        }
        let nodes = outcomes.of(step);
        let is_built = |result: &&&NodeResult| result.status == Status::Success && step.nodes.contains(&result.node);
        for result in nodes.iter().filter(is_built) {
            self.built.note(&result.node, &step.compute);
        }
        self.problems.extend(self.built.write(&place.owners(&self.run.session.environment)).err());
        let result = StepResult {
            step: step.step,
            compute: step.compute.clone(),
            status: StepStatus::of(&nodes),
            seconds: rounded(begun.elapsed().as_secs_f64()),
            folder: place.shown(&own).to_string(),
        };
        span.set(PLUGIN, self.run.session.compute(&step.compute).map_or("", |compute| &compute.plugin));
        span.set(STATUS, result.status.as_str());
        if result.status == StepStatus::Error {
            span.fail("step", "a node failed");
        }
        self.note(&Entry::Step(result.clone()));
        result
    }

    fn dbt(
        &mut self,
        step: &Step,
        wanted: &[String],
        own: &Utf8Path,
        variables: Option<&Variables>,
        outcomes: &mut Outcomes<'_>,
    ) {
        let folders = step::Folders { step: own, state: &state_of(self.folder, &step.compute) };
        let mut started = BTreeSet::new();
        let run = self.run;
        let pool = Pool::open(&run.subject(&step.compute), run.threads(&step.compute));
        let told = step::run(run, step, wanted, folders, variables, &mut |told| match told {
            step::Told::Started(id) => {
                self.note(&Entry::NodeStarted { node: id.clone() });
                (self.tell)(Progress::Started(&id, step));
                pool.node_started();
                started.insert(id);
            }
            step::Told::Ended(event) => {
                // What dbt skips it ends without having begun it.
                if started.contains(&event.id) {
                    pool.node_ended();
                }
                if let Some(result) = outcomes.take(step, event) {
                    self.ended(&result);
                }
            }
        });
        let ended = if interrupt::count() > 0 {
            Ended::Interrupted(&started)
        } else if told.iter().any(Diagnostic::is_error) {
            Ended::Failed(&started)
        } else {
            Ended::Well
        };
        // That dbt ended early is no news where it was told to.
        let is_news = |found: &Diagnostic| interrupt::count() == 0 || !found.is_error();
        self.problems.extend(told.into_iter().filter(is_news));
        for result in outcomes.without_result(step, wanted, ended) {
            self.ended(&result);
        }
    }

    fn ended(&mut self, result: &NodeResult) {
        self.note(&Entry::Node(result.clone()));
        let event = NodeEnded {
            node: &result.node,
            subject: &self.run.subject(&result.compute),
            status: result.status.as_str(),
            seconds: result.seconds,
            query_id: result.query_id.as_deref(),
            failure: failure(result),
        };
        event.tell();
        if let Some(timeout) = &result.timeout {
            let event = TimedOut {
                node: &result.node,
                compute: &result.compute,
                query_id: timeout.query_id.as_deref(),
                seconds: timeout.seconds,
                timeout_seconds: timeout.timeout_seconds,
                cancel_sent: timeout.cancel_sent,
                engine_confirmed: timeout.engine_confirmed,
            };
            event.log();
        }
        (self.tell)(Progress::Node(result));
    }

    /// A journal that cannot be written is told once.
    fn note(&mut self, entry: &Entry) {
        if let Err(problem) = self.journal.note(entry)
            && !self.problems.contains(&problem)
        {
            self.problems.push(problem);
        }
    }
}

/// Why a node failed, where it did.
fn failure(result: &NodeResult) -> Option<NodeFailure<'_>> {
    let is_test = matches!(result.resource_type.as_str(), "test" | "unit_test");
    let (error_type, code) = match (result.status, &result.timeout) {
        (Status::Error, Some(_)) => ("timeout", &TIMED_OUT),
        (Status::Error, None) if is_test => ("test", &NODE_FAILED),
        (Status::Error, None) => ("query", &NODE_FAILED),
        _ => return None,
    };
    Some(NodeFailure { error_type, code: code.id, message: result.message.as_deref().unwrap_or_default() })
}

/// What a compute defers to in a run.
fn state_of(run: &Utf8Path, compute: &str) -> Utf8PathBuf {
    run.join("state").join(compute)
}

/// Ids that sort by time.
fn run_id() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{:012x}-{}", since.as_millis(), &Uuid::new_v4().simple().to_string()[..6])
}

/// `latest` beside the runs.
fn link_latest(runs: &Utf8Path, id: &str) -> Option<Diagnostic> {
    let (new, link) = (runs.join(format!(".latest-{id}")), runs.join("latest"));
    let linked = std::os::unix::fs::symlink(id, &new).and_then(|()| fs::rename(&new, &link));
    linked.err().map(|error| place::not_written(&link, &error))
}

/// Best effort: what cannot be removed now is removed after the next run.
fn remove_old(runs: &Utf8Path, ids: &[String]) {
    for id in ids.iter().rev().skip(KEPT) {
        let _ = fs::remove_dir_all(runs.join(id));
    }
}
