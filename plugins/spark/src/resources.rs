//! The size of the pod in which dbt runs.
//!
//! Spark runs elsewhere, also where one runs it oneself: its driver and executors have pods of their own, and the pod
//! here holds dbt alone. With `method: session` it holds Spark too, all of it in dbt's own process:
//!
//! * **CPU**: Spark's local mode works on as many cores as it sees.
//! * **Memory**: the Java heap, what Spark keeps outside of it, and some 300 MiB of Python. Request and limit are equal:
//!   the kernel would kill the pod in place of letting Spark spill.
//! * **Disk**: shuffles and what is spilled lie on local disk.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Quantity, QuantityError, ResourceSpec, WorkloadSize};
use floe_plugin_common::client_pod;

use crate::config::{Method, Settings};
use crate::rules;

/// The pod of a compute for a size of work.
///
/// # Errors
/// Where the settings contradict each other.
pub(crate) fn required(settings: &Settings, size: WorkloadSize) -> PluginResult<ResourceSpec> {
    if rules::verify(settings)? != Method::Session {
        return client_pod(size);
    }
    let [cpu_request, cpu_limit, memory, disk_request, disk_limit] = match size {
        WorkloadSize::Small => ["500m", "2", "2Gi", "4Gi", "8Gi"],
        WorkloadSize::Large => ["8", "16", "32Gi", "64Gi", "128Gi"],
        _ => ["2", "4", "8Gi", "16Gi", "32Gi"],
    };
    Ok(ResourceSpec::new()
        .with_cpu_request(quantity(cpu_request)?)
        .with_cpu_limit(quantity(cpu_limit)?)
        .with_memory_request(quantity(memory)?)
        .with_memory_limit(quantity(memory)?)
        .with_ephemeral_storage_request(quantity(disk_request)?)
        .with_ephemeral_storage_limit(quantity(disk_limit)?))
}

fn quantity(text: &str) -> PluginResult<Quantity> {
    text.parse().map_err(|error: QuantityError| PluginError::new(ErrorKind::PluginExecution, error.to_string()))
}
