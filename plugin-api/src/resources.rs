//! The size of the Kubernetes pod that runs dbt for a compute.

use serde::{Deserialize, Serialize};

use crate::builder::optional_setters;
use crate::config::ComputeConfig;
use crate::quantity::Quantity;

/// How much work a transform is, in the words of the spec's `workload_size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkloadSize {
    /// Development, small tables.
    Small,
    /// The default.
    #[default]
    Medium,
    /// Heavy transforms.
    Large,
    /// A word of a later version of floe: answer as for [`WorkloadSize::Medium`].
    #[serde(other)]
    Unknown,
}

impl WorkloadSize {
    /// The sizes that a spec may name.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// The word that a spec writes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Unknown => "unknown",
        }
    }
}

/// Asks for [`ResourceSpec`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourcesRequest {
    /// The compute: an embedded engine's own limits count.
    pub config: ComputeConfig,
    /// How much work it is.
    pub workload_size: WorkloadSize,
}

impl ResourcesRequest {
    /// Asks for the size of a pod.
    pub fn new(config: ComputeConfig, workload_size: WorkloadSize) -> Self {
        Self { config, workload_size }
    }
}

/// Whole GPUs; Kubernetes wants request and limit equal, so there is one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gpu {
    /// Name of the extended resource: `nvidia.com/gpu`.
    pub resource: String,
    /// How many.
    pub count: u32,
}

impl Gpu {
    /// So many GPUs of a resource name.
    pub fn new(resource: impl Into<String>, count: u32) -> Self {
        Self { resource: resource.into(), count }
    }
}

/// Requests and limits of a pod, as Kubernetes quantities. What is absent is not set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceSpec {
    /// CPU that is reserved, in cores: `500m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_request: Option<Quantity>,
    /// CPU that may be used, in cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit: Option<Quantity>,
    /// Memory that is reserved, in bytes: `4Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_request: Option<Quantity>,
    /// Memory that may be used, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<Quantity>,
    /// Local disk that is reserved, in bytes: an engine that spills needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage_request: Option<Quantity>,
    /// Local disk that may be used, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage_limit: Option<Quantity>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
}

impl ResourceSpec {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    optional_setters! {
        /// Sets the CPU that is reserved.
        with_cpu_request => cpu_request: Quantity;
        /// Sets the CPU that may be used.
        with_cpu_limit => cpu_limit: Quantity;
        /// Sets the memory that is reserved.
        with_memory_request => memory_request: Quantity;
        /// Sets the memory that may be used.
        with_memory_limit => memory_limit: Quantity;
        /// Sets the local disk that is reserved.
        with_ephemeral_storage_request => ephemeral_storage_request: Quantity;
        /// Sets the local disk that may be used.
        with_ephemeral_storage_limit => ephemeral_storage_limit: Quantity;
        /// Sets the GPUs.
        with_gpu => gpu: Gpu;
    }

    /// The pairs in which a request is larger than its limit, which Kubernetes refuses: names of both fields.
    pub fn requests_over_limits(&self) -> Vec<(&'static str, &'static str)> {
        let pairs = [
            ("cpu_request", &self.cpu_request, "cpu_limit", &self.cpu_limit),
            ("memory_request", &self.memory_request, "memory_limit", &self.memory_limit),
            (
                "ephemeral_storage_request",
                &self.ephemeral_storage_request,
                "ephemeral_storage_limit",
                &self.ephemeral_storage_limit,
            ),
        ];
        pairs
            .into_iter()
            .filter(|(_, request, _, limit)| matches!((request, limit), (Some(r), Some(l)) if r > l))
            .map(|(request, _, limit, _)| (request, limit))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_over_its_limit_is_named() {
        let spec = ResourceSpec::new()
            .with_memory_request("2Gi".parse::<Quantity>().unwrap())
            .with_memory_limit("2000Mi".parse::<Quantity>().unwrap())
            .with_cpu_request("500m".parse::<Quantity>().unwrap())
            .with_cpu_limit("1".parse::<Quantity>().unwrap());
        assert_eq!(spec.requests_over_limits(), [("memory_request", "memory_limit")]);
    }

    #[test]
    fn a_size_of_a_later_version_reads_as_unknown() {
        let size: WorkloadSize = serde_json::from_str("\"gigantic\"").unwrap();
        assert_eq!(size, WorkloadSize::Unknown);
    }
}
