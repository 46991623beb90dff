//! What dbt tells of nodes: logs, metrics and traces.

use super::correlation_id;
use super::metrics::{self, Failure, Subject};
use super::{names, traces};

/// A node that has ended, or will not begin.
#[derive(Debug, Clone, Copy)]
pub struct NodeEnded<'a> {
    /// dbt's id.
    pub node: &'a str,
    /// The compute that it belongs to.
    pub subject: &'a Subject,
    /// How it ended.
    pub status: &'a str,
    /// How long it took, in seconds; nothing where it was not begun.
    pub seconds: Option<f64>,
    /// What the engine calls its last statement.
    pub query_id: Option<&'a str>,
    /// Why it failed.
    pub failure: Option<NodeFailure<'a>>,
}

/// Why a node failed.
#[derive(Debug, Clone, Copy)]
pub struct NodeFailure<'a> {
    /// `timeout`, `test` (data are not as they should be) or `query`.
    pub error_type: &'static str,
    /// The code of its diagnostic.
    pub code: &'static str,
    /// dbt's words.
    pub message: &'a str,
}

impl NodeEnded<'_> {
    /// Tells it to whoever listens.
    pub fn tell(&self) {
        let correlation_id = correlation_id();
        let code = self.failure.map(|failure| failure.code);
        tracing::info!(
            correlation_id,
            node = self.node,
            compute = self.subject.compute,
            status = self.status,
            seconds = self.seconds,
            query_id = self.query_id,
            code,
            "a node ended"
        );
        let failure =
            self.failure.map(|failure| Failure { error_type: failure.error_type, code: failure.code, correlation_id });
        let timed_out = failure.is_some_and(|failure| failure.error_type == "timeout");
        metrics::node_ended(self.subject, self.status, self.seconds, failure, timed_out);
        let Some(seconds) = self.seconds else { return };
        let more = [(names::QUERY_ID, self.query_id), (names::CODE, code)];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let own = [(names::NODE, self.node), (names::STATUS, self.status), (names::CORRELATION_ID, correlation_id)];
        let attributes: Vec<_> = own.into_iter().chain(more).collect();
        let failure = self.failure.map(|failure| (failure.error_type, failure.message));
        traces::ended(format!("node {}", self.node), self.subject, &attributes, seconds, failure);
    }
}

/// A node that took longer than it may.
#[derive(Debug, Clone, Copy)]
pub struct TimedOut<'a> {
    /// dbt's id.
    pub node: &'a str,
    /// Its compute.
    pub compute: &'a str,
    /// What the engine calls the query.
    pub query_id: Option<&'a str>,
    /// What it took, in seconds.
    pub seconds: f64,
    /// What it was allowed, in seconds.
    pub timeout_seconds: f64,
    /// Whether the engine was told to cancel.
    pub cancel_sent: bool,
    /// Whether the engine's answer says that the query ended.
    pub engine_confirmed: bool,
}

impl TimedOut<'_> {
    /// Logs it.
    pub fn log(&self) {
        tracing::warn!(
            correlation_id = correlation_id(),
            node = self.node,
            compute = self.compute,
            query_id = self.query_id,
            seconds = self.seconds,
            timeout_seconds = self.timeout_seconds,
            timed_out = true,
            cancel_sent = self.cancel_sent,
            engine_confirmed = self.engine_confirmed,
            "a node timed out"
        );
    }
}
