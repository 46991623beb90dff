//! The size of the pod in which dbt and, inside it, DuckDB run.
//!
//! DuckDB works in dbt's own process, so the pod is the warehouse:
//!
//! * **CPU**: DuckDB uses every core that it sees, and it sees the limit. Bursts are short, so half is reserved.
//! * **Memory**: request and limit are equal. DuckDB takes up to 80 % of the limit and then spills; a node that has
//!   promised the rest to others would kill the pod in place of that.
//! * **Disk**: spilling needs several times the memory. A pod without enough is evicted in the middle of a model.
//! * A **`memory_limit`** of the compute, plus what dbt and Python need beside it, is the least memory of the pod: with
//!   less the pod is killed before DuckDB reaches its limit and can fail the model with a clear error.

use floe_plugin_api::{ErrorKind, PluginError, PluginResult, Quantity, ResourceSpec, WorkloadSize};

use crate::config::Settings;
use crate::memory;

const MI: u64 = 1 << 20;
const GI: u64 = 1 << 30;

/// What dbt with its Python process takes at the least, beside DuckDB's own memory.
const LEAST_HEADROOM: u64 = 512 * MI;

/// One size: cores reserved (in thousandths), cores, memory, disk reserved, disk.
struct Preset {
    cpu_request: &'static str,
    cpu_limit: &'static str,
    memory: u64,
    disk_request: u64,
    disk_limit: u64,
}

const SMALL: Preset =
    Preset { cpu_request: "500m", cpu_limit: "1", memory: 2 * GI, disk_request: 4 * GI, disk_limit: 8 * GI };
const MEDIUM: Preset =
    Preset { cpu_request: "2", cpu_limit: "4", memory: 8 * GI, disk_request: 16 * GI, disk_limit: 32 * GI };
const LARGE: Preset =
    Preset { cpu_request: "8", cpu_limit: "16", memory: 32 * GI, disk_request: 64 * GI, disk_limit: 128 * GI };

/// The pod of a compute for a size of work.
///
/// # Errors
/// Where a limit of the settings is no size.
pub(crate) fn required(settings: &Settings, size: WorkloadSize) -> PluginResult<ResourceSpec> {
    crate::rules::sizes(settings)?;
    let preset = match size {
        WorkloadSize::Small => SMALL,
        WorkloadSize::Large => LARGE,
        _ => MEDIUM,
    };
    let limit = settings.memory_limit().and_then(|text| memory::bytes(text).ok().flatten());
    let memory = limit.map_or(preset.memory, |limit| preset.memory.max(with_headroom(limit)));
    let spill = settings.settings.as_ref().and_then(|map| map.max_temp_directory_size.as_deref());
    let spill = spill.and_then(|text| memory::bytes(text).ok().flatten()).unwrap_or(0);
    // Beside what is spilled lie the project, packages and logs.
    let disk_limit = preset.disk_limit.max(whole_mebibytes(spill.saturating_add(GI)));
    Ok(ResourceSpec::new()
        .with_cpu_request(quantity(preset.cpu_request)?)
        .with_cpu_limit(quantity(preset.cpu_limit)?)
        .with_memory_request(in_bytes(memory)?)
        .with_memory_limit(in_bytes(memory)?)
        .with_ephemeral_storage_request(in_bytes(preset.disk_request)?)
        .with_ephemeral_storage_limit(in_bytes(disk_limit)?))
}

/// A quarter more, at least what dbt takes, in whole MiB.
fn with_headroom(limit: u64) -> u64 {
    whole_mebibytes(limit.saturating_add((limit / 4).max(LEAST_HEADROOM)))
}

fn whole_mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(MI).saturating_mul(MI)
}

fn in_bytes(bytes: u64) -> PluginResult<Quantity> {
    if bytes.is_multiple_of(GI) {
        quantity(&format!("{}Gi", bytes / GI))
    } else {
        quantity(&format!("{}Mi", bytes / MI))
    }
}

fn quantity(text: &str) -> PluginResult<Quantity> {
    text.parse().map_err(|error: floe_plugin_api::QuantityError| {
        PluginError::new(ErrorKind::PluginExecution, error.to_string())
    })
}
