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

/// A pod as Kubernetes quantities. Memory has one number: a pod whose limit is over its request may be killed in place of
/// being let spill.
#[derive(Debug, Clone, Copy)]
pub struct Pod {
    /// Cores reserved, and cores that may be used.
    pub cpu: [&'static str; 2],
    /// Memory, reserved and allowed.
    pub memory: &'static str,
    /// Local disk reserved, and local disk that may be used.
    pub disk: [&'static str; 2],
}

impl Pod {
    /// The pod as a plugin answers it.
    ///
    /// # Errors
    /// Where a text is no quantity.
    pub fn spec(&self) -> PluginResult<ResourceSpec> {
        Ok(ResourceSpec::new()
            .with_cpu_request(quantity(self.cpu[0])?)
            .with_cpu_limit(quantity(self.cpu[1])?)
            .with_memory_request(quantity(self.memory)?)
            .with_memory_limit(quantity(self.memory)?)
            .with_ephemeral_storage_request(quantity(self.disk[0])?)
            .with_ephemeral_storage_limit(quantity(self.disk[1])?))
    }
}

/// The pod of a dbt client for a size of work; a size that is not known counts as medium.
///
/// # Errors
/// Never, as the quantities are right.
pub fn client_pod(size: WorkloadSize) -> PluginResult<ResourceSpec> {
    let pod = match size {
        WorkloadSize::Small => Pod { cpu: ["100m", "1"], memory: "512Mi", disk: ["512Mi", "1Gi"] },
        WorkloadSize::Large => Pod { cpu: ["500m", "2"], memory: "2Gi", disk: ["2Gi", "4Gi"] },
        _ => Pod { cpu: ["250m", "1"], memory: "1Gi", disk: ["1Gi", "2Gi"] },
    };
    pod.spec()
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
