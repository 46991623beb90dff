//! What becomes of the nodes and steps of a run.

use serde::{Deserialize, Serialize};

use super::launcher::{EndedBy, NodeEvent, Timeout};
use super::plan::Step;

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Built, or passed.
    Success,
    /// A test that only warns found something.
    Warn,
    /// It could not be built, or a test found something.
    Error,
    /// It was not run: what it needs failed, or the run ended first.
    Skipped,
    /// It ran, and was cancelled: the run was interrupted.
    Interrupted,
}

impl Status {
    /// A word for it, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
        }
    }

    fn of(event: &NodeEvent) -> Self {
        match event.status.as_str() {
            "success" | "pass" | "no-op" | "reused" => Self::Success,
            "warn" => Self::Warn,
            "skipped" => Self::Skipped,
            _ if event.ended_by == Some(EndedBy::Interrupt) => Self::Interrupted,
            _ => Self::Error,
        }
    }
}

/// What became of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeResult {
    /// dbt's id.
    pub node: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub resource_type: String,
    /// The compute.
    pub compute: String,
    /// The step.
    pub step: usize,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// dbt's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the engine calls its last statement, where it has a name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// How its time ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Timeout>,
    /// For what was skipped: the node or test whose failure is the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl NodeResult {
    /// What dbt says of a node.
    pub(super) fn of_event(event: NodeEvent, name: String, resource_type: String, step: &Step) -> Self {
        Self {
            status: Status::of(&event),
            node: event.id,
            name,
            resource_type,
            compute: step.compute.clone(),
            step: step.step,
            seconds: event.seconds.map(rounded),
            message: event.message.filter(|message| !message.is_empty()),
            query_id: event.query_id,
            timeout: event.timeout,
            because: None,
        }
    }
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// Its number.
    pub step: usize,
    /// Its compute.
    pub compute: String,
    /// How.
    pub status: StepStatus,
    /// How long it took, dbt's start included.
    pub seconds: f64,
    /// Its folder, from the dbt project's.
    pub folder: String,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// All that could run went well.
    Success,
    /// Something failed.
    Error,
    /// Nothing of it could run.
    Skipped,
    /// The run was interrupted meanwhile.
    Interrupted,
}

impl StepStatus {
    /// How a step went, of how its nodes did.
    pub fn of(nodes: &[&NodeResult]) -> Self {
        let has = |status: Status| nodes.iter().any(|node| node.status == status);
        if has(Status::Error) {
            Self::Error
        } else if has(Status::Interrupted) {
            Self::Interrupted
        } else if has(Status::Success) || has(Status::Warn) {
            Self::Success
        } else {
            Self::Skipped
        }
    }

    /// A word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Seconds with three digits, as results show them.
pub(super) fn rounded(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}
