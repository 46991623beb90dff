//! The size of the pod in which dbt runs where the engine is elsewhere.
//!
//! dbt only compiles SQL, sends it, and waits: the engine does the work. So the pod is small, whatever the size of the
//! data:
//!
//! * **CPU**: dbt parses and renders on one core; its threads wait for the engine. A limit of one core and more only
//!   shortens the parse of a large project.
//! * **Memory**: dbt-core with an adapter takes 200 to 300 MiB, and grows with the number of models (its manifest) and
//!   of threads, not with rows: results stay in the engine. Seeds and Python models are the exception, for which the
//!   larger sizes have room. Request and limit are equal, so that a node never has to take memory back.
//! * **Disk**: the project, its packages, `target/` and logs.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Quantity, QuantityError, ResourceSpec, WorkloadSize};

/// The pod of a dbt client for a size of work; a size that is not known counts as medium.
///
/// # Errors
/// Never, as the quantities are right.
pub fn client_pod(size: WorkloadSize) -> PluginResult<ResourceSpec> {
    let [cpu_request, cpu_limit, memory, disk_request, disk_limit] = match size {
        WorkloadSize::Small => ["100m", "1", "512Mi", "512Mi", "1Gi"],
        WorkloadSize::Large => ["500m", "2", "2Gi", "2Gi", "4Gi"],
        _ => ["250m", "1", "1Gi", "1Gi", "2Gi"],
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_grow_and_no_request_is_over_its_limit() {
        let pods = WorkloadSize::ALL.map(|size| client_pod(size).unwrap());
        assert!(pods.iter().all(|pod| pod.requests_over_limits().is_empty()));
        assert!(pods.windows(2).all(|pair| pair[0].memory_limit < pair[1].memory_limit));
        assert!(client_pod(WorkloadSize::Unknown).unwrap() == client_pod(WorkloadSize::Medium).unwrap());
    }
}
