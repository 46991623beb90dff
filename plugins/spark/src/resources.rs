//! The size of the pod in which dbt runs.
//!
//! Spark runs elsewhere, also where one runs it oneself: its driver and executors have pods of their own, and the pod
//! here holds dbt alone. With `method: session` it holds Spark too, all of it in dbt's own process:
//!
//! * **CPU**: Spark's local mode works on as many cores as it sees.
//! * **Memory**: the Java heap, what Spark keeps outside of it, and some 300 MiB of Python. Request and limit are equal:
//!   the kernel would kill the pod in place of letting Spark spill.
//! * **Disk**: shuffles and what is spilled lie on local disk.

use floe_plugin_api::{PluginResult, ResourceSpec, WorkloadSize};
use floe_plugin_common::{Pod, client_pod};

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
    let pod = match size {
        WorkloadSize::Small => Pod { cpu: ["500m", "2"], memory: "2Gi", disk: ["4Gi", "8Gi"] },
        WorkloadSize::Large => Pod { cpu: ["8", "16"], memory: "32Gi", disk: ["64Gi", "128Gi"] },
        _ => Pod { cpu: ["2", "4"], memory: "8Gi", disk: ["16Gi", "32Gi"] },
    };
    pod.spec()
}
