//! Metrics: what is measured, under which names and in which units. The operators' page says what each means.
//!
//! Recording costs next to nothing where metrics are not exported.

mod incidents;
mod pool;

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use super::names;

pub use pool::Pool;

/// Bounds in seconds: those of `db.client.operation.duration` in the semantic conventions, and for queries some more, since a
/// transform may take hours.
const SHORT: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];
const LONG: [f64; 14] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 10800.0];

/// All states of a connection: each is a series, of which one is 1.
const STATUSES: [&str; 3] = ["healthy", "degraded", "unhealthy"];

/// The metrics, each with its unit and, in Prometheus' usual translation, its name there.
pub const ALL: [(&str, &str, &str); 8] = [
    ("floe.compute.connection.status", "{connection}", "floe_compute_connection_status"),
    ("floe.compute.validation.duration", "s", "floe_compute_validation_duration_seconds"),
    ("floe.compute.validation.errors", "{error}", "floe_compute_validation_errors_total"),
    ("floe.compute.query.duration", "s", "floe_compute_query_duration_seconds"),
    ("floe.compute.query.errors", "{error}", "floe_compute_query_errors_total"),
    ("floe.compute.query.timeouts", "{timeout}", "floe_compute_query_timeouts_total"),
    ("floe.compute.pool.size", "{thread}", "floe_compute_pool_size"),
    ("floe.compute.pool.utilization", "1", "floe_compute_pool_utilization_ratio"),
];

struct Instruments {
    status: Gauge<u64>,
    validation_duration: Histogram<f64>,
    query_duration: Histogram<f64>,
    query_errors: Counter<u64>,
    query_timeouts: Counter<u64>,
}

static INSTRUMENTS: OnceLock<Instruments> = OnceLock::new();

/// Makes the instruments.
pub(super) fn install(meter: &Meter) {
    let instruments = Instruments {
        status: meter
            .u64_gauge("floe.compute.connection.status")
            .with_unit("{connection}")
            .with_description("1 for the state that the connection of a compute is in, 0 for the others")
            .build(),
        validation_duration: meter
            .f64_histogram("floe.compute.validation.duration")
            .with_unit("s")
            .with_description("How long live checks took, the start of the plugin's worker included")
            .with_boundaries(SHORT.into())
            .build(),
        query_duration: meter
            .f64_histogram("floe.compute.query.duration")
            .with_unit("s")
            .with_description("How long dbt worked on nodes: models, seeds, snapshots, tests")
            .with_boundaries(LONG.into())
            .build(),
        query_errors: meter
            .u64_counter("floe.compute.query.errors")
            .with_unit("{error}")
            .with_description("Nodes that failed, those that timed out among them")
            .build(),
        query_timeouts: meter
            .u64_counter("floe.compute.query.timeouts")
            .with_unit("{timeout}")
            .with_description("Nodes that took longer than `timeout_seconds` allows")
            .build(),
    };
    incidents::install(meter);
    pool::install(meter);
    // A second start would be a mistake of floe, and the first one holds.
    let _ = INSTRUMENTS.set(instruments);
}

/// Whether anything that is recorded goes anywhere.
pub fn are_exported() -> bool {
    INSTRUMENTS.get().is_some()
}

/// What is measured: a compute in an environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The compute.
    pub compute: String,
    /// Its plugin.
    pub plugin: String,
    /// The plugin's version, where it is known.
    pub plugin_version: Option<String>,
    /// The environment.
    pub environment: String,
    /// dbt's name of the adapter, where it is known.
    pub dbt_adapter: Option<String>,
}

impl Subject {
    /// As attributes.
    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        let mut found = vec![
            KeyValue::new(names::COMPUTE, self.compute.clone()),
            KeyValue::new(names::PLUGIN, self.plugin.clone()),
            KeyValue::new(names::ENVIRONMENT, self.environment.clone()),
        ];
        found.extend(self.plugin_version.iter().map(|version| KeyValue::new(names::PLUGIN_VERSION, version.clone())));
        found.extend(
            self.dbt_adapter.iter().map(|adapter| KeyValue::new(names::SYSTEM, names::system(adapter).to_owned())),
        );
        found
    }

    fn with(&self, more: impl IntoIterator<Item = KeyValue>) -> Vec<KeyValue> {
        let mut found = self.attributes();
        found.extend(more);
        found
    }
}

/// What went wrong, for counting.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Its class: a reason of the plugin (`refused`), or a kind (`timeout`).
    pub error_type: &'a str,
    /// The code of its diagnostic.
    pub code: &'a str,
    /// What ties it to log and trace.
    pub correlation_id: &'a str,
}

impl Failure<'_> {
    fn attributes(&self) -> [KeyValue; 3] {
        [
            KeyValue::new(names::ERROR_TYPE, self.error_type.to_owned()),
            KeyValue::new(names::CODE, self.code.to_owned()),
            KeyValue::new(names::CORRELATION_ID, self.correlation_id.to_owned()),
        ]
    }
}

fn attributes_of(subject: &Subject, failure: Failure<'_>) -> Vec<KeyValue> {
    subject.with(failure.attributes())
}

/// A live check has ended. `status` is a word of `--format json`.
pub fn checked(subject: &Subject, status: &str, seconds: f64, failure: Option<Failure<'_>>) {
    let Some(instruments) = INSTRUMENTS.get() else { return };
    for state in STATUSES {
        let value = u64::from(state == status);
        instruments.status.record(value, &subject.with([KeyValue::new(names::STATUS, state)]));
    }
    let mut attributes = subject.with([KeyValue::new(names::STATUS, status.to_owned())]);
    attributes.extend(failure.map(|failure| KeyValue::new(names::ERROR_TYPE, failure.error_type.to_owned())));
    instruments.validation_duration.record(seconds, &attributes);
    match failure {
        Some(failure) => incidents::failed(subject, failure),
        None => incidents::over(subject),
    }
}

/// A node has ended. `status` is a word of dbt's results; `seconds` is missing where it was not begun.
pub fn node_ended(
    subject: &Subject,
    status: &str,
    seconds: Option<f64>,
    failure: Option<Failure<'_>>,
    timed_out: bool,
) {
    let Some(instruments) = INSTRUMENTS.get() else { return };
    if let Some(seconds) = seconds {
        let mut attributes = subject.with([KeyValue::new(names::STATUS, status.to_owned())]);
        attributes.extend(failure.map(|failure| KeyValue::new(names::ERROR_TYPE, failure.error_type.to_owned())));
        instruments.query_duration.record(seconds, &attributes);
    }
    if let Some(failure) = failure {
        instruments.query_errors.add(1, &subject.with(failure.attributes()));
        if timed_out {
            instruments.query_timeouts.add(1, &subject.with(failure.attributes()));
        }
    }
}
