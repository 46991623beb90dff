//! A compiled product in one environment, with a dbt for each compute that runs a part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Map, Value};

use super::launcher::{Ended, Event, Invocation, Launch, Request, SILENT};
use super::place::Place;
use super::python::{self, SyncOptions, Wanted};
use super::secrets::Variables;
use crate::compile::Compiled;
use crate::compile::artifacts::{ComputeArtifact, ComputeEnvironment};
use crate::diagnostics::codes::compile::ENVIRONMENT_UNKNOWN;
use crate::diagnostics::{Diagnostic, meant_or_listed};

/// The Python environment of a compute.
#[derive(Debug, Clone)]
pub struct Python {
    /// Its folder.
    pub folder: Utf8PathBuf,
    /// Changes when anything in it does.
    pub identity: String,
}

/// A compiled product in one environment.
#[derive(Debug)]
pub struct Session<'a> {
    /// The product.
    pub compiled: &'a Compiled,
    /// Where things lie.
    pub place: Place,
    /// The environment.
    pub environment: String,
    /// The computes that may run a part of the product, by name: those of transforms, and the default.
    pub computes: Vec<String>,
    pythons: BTreeMap<String, Python>,
    vars: String,
}

impl<'a> Session<'a> {
    /// Writes the artifacts that dbt reads, and makes the Python environments that are missing: of the computes that run a part
    /// of the product, and of these.
    ///
    /// # Errors
    /// What cannot be written or installed.
    pub fn open(
        compiled: &'a Compiled,
        environment: &str,
        also: &[&str],
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, Vec<Diagnostic>> {
        let artifacts = &compiled.artifacts;
        let vars = vars_of(compiled, environment).map_err(|error| vec![error])?;
        let place = Place::of(&compiled.project_dir);
        place.make(&place.dbt(environment)).map_err(|error| vec![error])?;
        compiled.write(&place.artifacts()).map_err(|error| vec![error])?;
        let registry = &artifacts.compute_registry;
        let chosen: BTreeSet<&str> = artifacts.transforms.iter().map(|transform| transform.compute.as_str()).collect();
        let used = |name: &&String| {
            chosen.contains(name.as_str()) || **name == registry.default || also.contains(&name.as_str())
        };
        let computes: Vec<String> = registry.computes.keys().filter(used).cloned().collect();
        let wanted = Wanted::of(artifacts).into_iter().filter(|wanted| computes.contains(&wanted.compute));
        let pythons = environments(&place, &wanted.collect::<Vec<_>>(), progress)?;
        Ok(Self { compiled, place, environment: environment.to_owned(), computes, pythons, vars })
    }

    /// The same product in another environment.
    ///
    /// # Errors
    /// [`ENVIRONMENT_UNKNOWN`].
    pub fn in_environment(&self, environment: &str) -> Result<Self, Diagnostic> {
        Ok(Self {
            compiled: self.compiled,
            place: self.place.clone(),
            environment: environment.to_owned(),
            computes: self.computes.clone(),
            pythons: self.pythons.clone(),
            vars: vars_of(self.compiled, environment)?,
        })
    }

    /// A compute.
    pub fn compute(&self, name: &str) -> Option<&'a ComputeArtifact> {
        self.compiled.artifacts.compute_registry.computes.get(name)
    }

    /// A compute in the environment.
    pub fn connection(&self, compute: &str) -> Option<&'a ComputeEnvironment> {
        self.compute(compute)?.environments.get(&self.environment)
    }

    /// How long a node may take on a compute, where nothing else is said of it. Seconds.
    pub fn default_timeout(&self, compute: &str) -> Option<u32> {
        let own = self.connection(compute).and_then(|connection| connection.timeout_seconds);
        own.or_else(|| self.compute(compute)?.timeout_seconds)
    }

    /// The Python environment of a compute.
    pub fn python(&self, compute: &str) -> Option<&Python> {
        self.pythons.get(compute)
    }

    /// A program of the Python environment of a compute.
    pub fn program(&self, compute: &str, name: &str) -> Utf8PathBuf {
        self.pythons.get(compute).map_or_else(|| name.into(), |python| python.folder.join("bin").join(name))
    }

    /// The environment's variables for dbt, as JSON; empty where there are none.
    pub fn vars(&self) -> &str {
        &self.vars
    }

    /// What dbt needs to find the project, the profile and its folders.
    pub fn dbt_arguments(&self, compute: &str, target: &Utf8Path, log: &Utf8Path) -> Vec<String> {
        let place = &self.place;
        let mut arguments: Vec<String> = [
            ("--project-dir", place.project_dir.as_str()),
            ("--profiles-dir", place.profiles(&self.environment, compute).as_str()),
            ("--target", &self.environment),
            ("--target-path", target.as_str()),
            ("--log-path", log.as_str()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_owned()])
        .collect();
        if !self.vars.is_empty() {
            arguments.extend(["--vars".to_owned(), self.vars.clone()]);
        }
        arguments
    }

    /// The same as variables, which every command of dbt takes as far as it has a use for them; and the arguments for what no
    /// variable says.
    pub fn dbt_variables(
        &self,
        compute: &str,
        target: &Utf8Path,
        log: &Utf8Path,
    ) -> (Vec<(String, String)>, Vec<String>) {
        let arguments = self.dbt_arguments(compute, target, log);
        let (mut variables, mut rest) = (Vec::new(), Vec::new());
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { continue };
            match name.as_str() {
                "--vars" => rest.extend(pair.iter().cloned()),
                name => {
                    let name = name.trim_start_matches('-').replace('-', "_").to_uppercase();
                    variables.push((format!("DBT_{name}"), value.clone()));
                }
            }
        }
        (variables, rest)
    }

    /// Runs one dbt command that connects to nothing, with its words in its log file alone. It may begin with what dbt made of the
    /// project before.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn quietly(
        &self,
        compute: &str,
        folder: &Utf8Path,
        command: (&str, Vec<String>),
        partial_parse_from: Option<Utf8PathBuf>,
        tell: impl FnMut(Event),
    ) -> Result<Ended, Diagnostic> {
        let (name, more) = command;
        let mut args = vec![name.to_owned()];
        args.extend(self.dbt_arguments(compute, folder, folder));
        args.extend(SILENT.iter().map(|argument| (*argument).to_owned()));
        args.extend(more);
        let request = Request {
            task: "run",
            report: folder.join("report.jsonl"),
            invocations: vec![Invocation { name: name.to_owned(), args, select: None }],
            partial_parse_from,
            target_path: folder.to_owned(),
            foreign: Map::new(),
            compute: compute.to_owned(),
            timeouts: BTreeMap::new(),
            default_timeout: None,
            lock: None,
        };
        let launch = Launch {
            place: &self.place,
            python: self.program(compute, "python"),
            request: &request,
            variables: &self.placeholders(compute),
            context: self.context(1, 1),
            is_interactive: false,
        };
        launch.run(tell)
    }

    /// Placeholders of secrets, for what does not connect.
    pub fn placeholders(&self, compute: &str) -> Variables {
        Variables::placeholders(&self.compiled.needs, &self.environment, compute)
    }

    /// The values of secrets.
    ///
    /// # Errors
    /// One diagnostic for each that cannot be looked up.
    pub fn secrets(&self, compute: &str) -> Result<Variables, Vec<Diagnostic>> {
        Variables::resolve(&self.compiled.needs, &self.environment, compute, &self.place.project_dir)
    }

    /// Variables that tell hooks where in the run they are: they run once an invocation, and a run has several.
    pub fn context(&self, step: usize, steps: usize) -> Vec<(String, String)> {
        [
            ("FLOE_ENV", self.environment.clone()),
            ("FLOE_STEP", step.to_string()),
            ("FLOE_FIRST", (step == 1).to_string()),
            ("FLOE_LAST", (step == steps).to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// The variables of an environment as JSON; empty where there are none.
fn vars_of(compiled: &Compiled, environment: &str) -> Result<String, Diagnostic> {
    let environments = &compiled.artifacts.environments;
    let Some(found) = environments.iter().find(|one| one.name == environment) else {
        let help = meant_or_listed(environment, environments.iter().map(|one| one.name.as_str()), "the spec has");
        return Err(Diagnostic::error(&ENVIRONMENT_UNKNOWN, format!("there is no environment `{environment}`"), help));
    };
    Ok(if found.vars.is_empty() { String::new() } else { Value::Object(found.vars.clone()).to_string() })
}

fn environments(
    place: &Place,
    wanted: &[Wanted],
    progress: &(dyn Fn(&str) + Sync),
) -> Result<BTreeMap<String, Python>, Vec<Diagnostic>> {
    let mut found: Vec<_> = wanted.iter().filter_map(|one| python::existing(&place.project_dir, one)).collect();
    let is_found = |one: &&Wanted| found.iter().any(|environment| environment.compute == one.compute);
    let missing: Vec<Wanted> = wanted.iter().filter(|one| !is_found(one)).cloned().collect();
    if !missing.is_empty() {
        let (made, problems) = python::sync(&place.project_dir, &missing, &SyncOptions { upgrade: false, progress });
        if problems.iter().any(Diagnostic::is_error) {
            return Err(problems);
        }
        found.extend(made);
    }
    let python = |environment: python::Environment| {
        // A link that is switched when anything in the environment changes.
        let behind = fs::read_link(&environment.folder).map(|path| path.display().to_string());
        let identity = behind.unwrap_or_else(|_| environment.folder.to_string());
        (environment.compute, Python { folder: environment.folder, identity })
    };
    Ok(found.into_iter().map(python).collect())
}
