//! Runs a plan with dbt, step by step.
//!
//! `step` is one dbt command, `outcome` what became of each node and what that holds up, `merge` makes one set of dbt's
//! artifacts of all.

mod merge;
pub mod outcome;
mod step;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use uuid::Uuid;

use super::Session;
use super::graph::Graphs;
use super::place;
use super::plan::{Built, Plan, Scope, Step, address::Addresses};
use super::secrets::Variables;
use crate::diagnostics::Diagnostic;
use outcome::{NodeResult, Outcomes, Status};

/// How many runs are kept.
const KEPT: usize = 20;

/// How to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Begin incremental models anew.
    pub full_refresh: bool,
    /// Stop at the first failure.
    pub fail_fast: bool,
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
    /// A step begins.
    Step(&'p Step, usize),
    /// A node has ended, or will not begin.
    Node(&'p NodeResult),
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepResult {
    /// Its number.
    pub step: usize,
    /// Its compute.
    pub compute: String,
    /// `success`, `error`, or `skipped` where nothing of it could run.
    pub status: &'static str,
    /// How long it took, dbt's start included.
    pub seconds: f64,
    /// Its folder, from the dbt project's.
    pub folder: String,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// Its id.
    pub id: String,
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
        let lock_path = place.dbt(&self.session.environment).join("run.lock");
        let lock = File::create(&lock_path).map_err(|error| one(place::not_written(&lock_path, &error)))?;
        lock.lock().map_err(|error| one(place::not_written(&lock_path, &error)))?;
        let id = run_id();
        let folder = place.runs().join(&id);
        place.make(&folder).map_err(one)?;
        for compute in secrets.keys() {
            // Its own: another command may plan something else meanwhile.
            let state = state_of(&folder, compute);
            super::state::write(self.session, self.graphs, self.addresses, self.scope, compute, state).map_err(one)?;
        }
        let built_path = place.owners(&self.session.environment);
        let mut built = Built::read(&built_path);
        let mut outcomes = Outcomes::new(self.plan);
        let (mut steps, mut problems) = (Vec::new(), Vec::new());
        for step in &self.plan.steps {
            let blocked = outcomes.block(step);
            for result in &blocked {
                tell(Progress::Node(result));
            }
            let begun = Instant::now();
            let stopped = self.options.fail_fast && outcomes.has_failed();
            let wanted: Vec<String> = if stopped { Vec::new() } else { outcomes.runnable(step) };
            let own = folder.join("steps").join(format!("{}-{}", step.step, step.compute));
            let folders = step::Folders { step: &own, state: &state_of(&folder, &step.compute) };
            if !wanted.is_empty() {
                tell(Progress::Step(step, self.plan.steps.len()));
                let variables = secrets.get(&step.compute);
                let told = step::run(self, step, &wanted, folders, variables, &mut |event| {
                    if let Some(result) = outcomes.take(step, event) {
                        tell(Progress::Node(&result));
                    }
                });
                let dbt_failed = told.iter().any(Diagnostic::is_error);
                problems.extend(told);
                for result in outcomes.without_result(step, &wanted, dbt_failed) {
                    tell(Progress::Node(&result));
                }
            }
            let nodes = outcomes.of(step);
            let is_built =
                |result: &&&NodeResult| result.status == Status::Success && step.nodes.contains(&result.node);
            for result in nodes.iter().filter(is_built) {
                built.note(&result.node, &step.compute);
            }
            problems.extend(built.write(&built_path).err());
            steps.push(StepResult {
                step: step.step,
                compute: step.compute.clone(),
                status: outcome::of_step(&nodes),
                seconds: rounded(begun.elapsed().as_secs_f64()),
                folder: place.shown(&own).to_string(),
            });
        }
        problems.extend(merge::artifacts(self, &folder, &steps).err());
        problems.extend(link_latest(&self.session.place.runs(), &id));
        remove_old(&self.session.place.runs());
        let results = outcomes.into_results();
        problems.extend(outcome::diagnostics(self, &results, &folder));
        Ok(Ran { id, folder, steps, results, diagnostics: problems })
    }

    /// The secrets of all computes that run something: a run does not begin that could not end.
    fn secrets(&self) -> Result<BTreeMap<String, Variables>, Vec<Diagnostic>> {
        let (mut found, mut problems) = (BTreeMap::new(), Vec::new());
        for step in &self.plan.steps {
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

/// What a compute defers to in a run.
fn state_of(run: &Utf8Path, compute: &str) -> Utf8PathBuf {
    run.join("state").join(compute)
}

/// Seconds with three digits, as results show them.
pub(crate) fn rounded(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
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
fn remove_old(runs: &Utf8Path) {
    let entries = runs.read_dir_utf8().into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_owned()).filter(|name| !name.contains("latest")).collect();
    names.sort_unstable();
    for name in names.iter().rev().skip(KEPT) {
        let _ = fs::remove_dir_all(runs.join(name));
    }
}
