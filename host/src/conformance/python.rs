//! Asks Python: dbt's adapter what it reads of a profile, and pip whether packages can be installed together.

use std::path::Path;
use std::process::{Command, Stdio};

use floe_plugin_api::{DbtPackages, PackageRequirement};
use serde::Deserialize;
use serde_json::Value;

use crate::plugins::describe_io;

/// What an adapter makes of an output.
pub(super) enum Read {
    /// It reads all of it; which adapter that was.
    Fits(String),
    /// What is wrong with each output.
    Wrong(Vec<Vec<String>>),
    /// It is not installed there, and why.
    NotThere(String),
}

/// Why packages cannot be installed together.
pub(super) enum Unresolved {
    /// pip says so.
    Refused(String),
    /// pip cannot be asked.
    NotThere(String),
}

#[derive(Deserialize)]
struct Said {
    missing: Option<String>,
    #[serde(default)]
    wrong: Vec<Vec<String>>,
    #[serde(default)]
    version: String,
}

/// Has the credentials class of the adapter read outputs of a profile, all of one type.
pub(super) fn read_by_adapter(python: Option<&Path>, outputs: &[Value]) -> Read {
    let mut command = command(python);
    command.args(["-c", include_str!("adapter.py"), &Value::from(outputs).to_string()]);
    let ran = match command.output() {
        Ok(ran) => ran,
        Err(error) => return Read::NotThere(not_started(python, &error)),
    };
    // Adapters may print while they are imported: what counts is the last line.
    let text = String::from_utf8_lossy(&ran.stdout);
    match text.lines().last().and_then(|line| serde_json::from_str::<Said>(line).ok()) {
        Some(Said { missing: Some(why), .. }) => Read::NotThere(why),
        Some(said) if said.wrong.iter().all(Vec::is_empty) => Read::Fits(said.version),
        Some(said) => Read::Wrong(said.wrong),
        None => Read::NotThere(format!("{} could not read it: {}", named(python), last_line(&ran.stderr))),
    }
}

/// Has pip look for versions that fit each other; nothing is installed.
pub(super) fn resolve(python: Option<&Path>, packages: &DbtPackages) -> Result<(), Unresolved> {
    let mut command = command(python);
    command.args(["-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--disable-pip-version-check"]);
    command.args(packages.packages.iter().map(PackageRequirement::as_str));
    let ran = command.output().map_err(|error| Unresolved::NotThere(not_started(python, &error)))?;
    match ran.status.success() {
        true => Ok(()),
        false if String::from_utf8_lossy(&ran.stderr).contains("No module named pip") => {
            Err(Unresolved::NotThere(format!("{} has no pip", named(python))))
        }
        false => Err(Unresolved::Refused(last_line(&ran.stderr))),
    }
}

fn command(python: Option<&Path>) -> Command {
    let mut command = Command::new(python.unwrap_or(Path::new("python3")));
    command.stdin(Stdio::null());
    command
}

fn named(python: Option<&Path>) -> String {
    python.unwrap_or(Path::new("python3")).display().to_string()
}

fn not_started(python: Option<&Path>, error: &std::io::Error) -> String {
    format!(
        "{} cannot be started ({}); --python names one in which the dbt adapter is installed",
        named(python),
        describe_io(error)
    )
}

fn last_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("it said nothing").chars().take(300).collect()
}
