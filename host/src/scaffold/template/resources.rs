//! The size of the pod in which dbt runs.

use floe_plugin_api::{
    ErrorKind, PluginError, PluginResult, Quantity, QuantityError, ResourceSpec, WorkloadSize,
};

/// The pod for a size of work. The engine does the work elsewhere: dbt only sends statements.
pub(crate) fn required(size: WorkloadSize) -> PluginResult<ResourceSpec> {
    // TODO 7: set what the pod needs: more than this where the engine itself runs in it.
    let (cpu, memory) = match size {
        WorkloadSize::Small => ("100m", "512Mi"),
        WorkloadSize::Large => ("500m", "2Gi"),
        // A size of a later version of floe counts as medium.
        _ => ("250m", "1Gi"),
    };
    Ok(ResourceSpec::new()
        .with_cpu_request(quantity(cpu)?)
        .with_memory_request(quantity(memory)?)
        .with_memory_limit(quantity(memory)?))
}

fn quantity(text: &str) -> PluginResult<Quantity> {
    text.parse().map_err(|error: QuantityError| {
        PluginError::new(ErrorKind::PluginExecution, error.to_string())
    })
}
