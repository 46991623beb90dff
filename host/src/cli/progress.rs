//! What a long command says while it goes on: on standard error.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::args::Format;
use super::table::seconds;
use crate::run::execute::Progress;
use crate::run::name_in;
use crate::run::results::{NodeResult, Status};

/// Names of running models that fit beside each other.
const NAMES: usize = 4;

/// One line.
pub(super) fn line(text: &str) {
    // Who has closed standard error does not want it.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What a run says: lines as things end, JSON Lines for machines, and on a terminal what runs besides.
pub(super) struct OfRun {
    form: Form,
}

enum Form {
    Lines,
    Json,
    Live { bar: ProgressBar, running: Mutex<BTreeMap<String, String>> },
}

impl OfRun {
    /// Fit for where standard error goes.
    pub(super) fn new(format: Format) -> Self {
        let form = match format {
            Format::Json => Form::Json,
            Format::Text if io::stderr().is_terminal() => Form::Live { bar: bar(), running: Mutex::default() },
            Format::Text => Form::Lines,
        };
        Self { form }
    }

    /// Says it.
    pub(super) fn tell(&self, progress: &Progress<'_>) {
        match &self.form {
            Form::Json => line(&event(progress).to_string()),
            Form::Lines => drop(words(progress).map(|words| line(&words))),
            Form::Live { bar, running } => {
                if let Some(words) = words(progress) {
                    bar.suspend(|| line(&words));
                }
                let mut running = running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match progress {
                    Progress::Step(step, steps) => {
                        running.clear();
                        bar.set_prefix(format!("step {} of {steps}: {}", step.step, step.compute));
                        bar.set_length((step.nodes.len() + step.tests.len()) as u64);
                        bar.reset();
                        bar.enable_steady_tick(Duration::from_millis(200));
                    }
                    Progress::Waiting(_) => {}
                    Progress::Started(id, _) => drop(running.insert((*id).to_owned(), name_in(id).to_owned())),
                    Progress::Node(result) => {
                        running.remove(&result.node);
                        bar.inc(1);
                    }
                }
                let more = running.len().saturating_sub(NAMES);
                let names: Vec<&str> = running.values().take(NAMES).map(String::as_str).collect();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                bar.set_message(format!("{}{more}", names.join(", ")));
            }
        }
    }

    /// Nothing runs any more.
    pub(super) fn end(&self) {
        if let Form::Live { bar, .. } = &self.form {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix}  {pos}/{len}  {elapsed}  {wide_msg}");
    // The template is known to be one.
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// A line for people; `None` for what only a terminal shows.
fn words(progress: &Progress<'_>) -> Option<String> {
    match progress {
        Progress::Waiting(environment) => Some(format!("another run in {environment} goes on; waiting for its end")),
        Progress::Step(step, steps) => Some(format!("step {} of {steps}: {}", step.step, step.compute)),
        Progress::Started(..) => None,
        Progress::Node(result) => Some(node(result)),
    }
}

fn event(progress: &Progress<'_>) -> Value {
    match progress {
        Progress::Waiting(environment) => json!({"event": "waiting", "environment": environment}),
        Progress::Step(step, steps) => {
            json!({"event": "step_started", "step": step.step, "steps": steps, "compute": step.compute})
        }
        Progress::Started(id, step) => {
            json!({"event": "node_started", "node": id, "step": step.step, "compute": step.compute})
        }
        Progress::Node(result) => {
            let mut event = json!({"event": "node"});
            if let (Some(event), Ok(Value::Object(fields))) = (event.as_object_mut(), serde_json::to_value(result)) {
                event.extend(fields);
            }
            event
        }
    }
}

fn node(result: &NodeResult) -> String {
    let status = match result.status {
        Status::Success if matches!(result.resource_type.as_str(), "test" | "unit_test") => "pass",
        Status::Success => "ok",
        Status::Warn => "warn",
        Status::Error if result.timeout.is_some() => "TIME",
        Status::Error => "FAIL",
        Status::Skipped => "skip",
        Status::Interrupted => "stop",
    };
    let kind = result.resource_type.replace('_', " ");
    let took = result.seconds.map_or_else(String::new, |took| format!("  {}", seconds(took)));
    let because = result.because.as_ref().map_or_else(String::new, |id| format!("  behind {}", name_in(id)));
    format!("  {status:4}  {kind} {}{took}{because}", result.name)
}
