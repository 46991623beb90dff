//! Timeouts against the limits of their computes.

use super::approved::Approved;
use crate::compile::product::{Compute, Environment};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::manifest::TIMEOUT_OVER_MAX;
use crate::documents::Spanned;
use crate::documents::hierarchy::Level;
use crate::documents::spec::Transform;

/// Everything in environments and transforms that exceeds `max_timeout_seconds` of the compute that it is for.
pub(super) fn over_limits<'a>(
    approved: Approved<'_>,
    default: &str,
    environments: impl Iterator<Item = &'a Environment>,
    transforms: &[Transform],
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut check = |compute: &Compute, timeout: Option<&Spanned<u32>>| {
        if let (Some(timeout), Some(max)) = (timeout, &compute.config.max_timeout_seconds) {
            found.extend((timeout.value > max.value).then(|| over(approved, compute, timeout, max)));
        }
    };
    for environment in environments {
        for compute in approved.computes {
            environment.overrides(&compute.name).for_each(|own| check(compute, own.timeout_seconds.as_ref()));
        }
    }
    for transform in transforms {
        let name = transform.compute.as_ref().map_or(default, |compute| compute.as_str());
        if let Some(compute) = approved.get(name) {
            check(compute, transform.timeout_seconds.as_ref());
        }
    }
    found
}

fn over(approved: Approved<'_>, compute: &Compute, timeout: &Spanned<u32>, max: &Spanned<u32>) -> Diagnostic {
    let level = approved.chain.and_then(|chain| chain.level_of(&max.span));
    let set_by = level.map(|level| format!(" that {} sets", level.described())).unwrap_or_default();
    let whom = level.map_or_else(|| "the manifest's owner".to_owned(), Level::whom_to_ask);
    Diagnostic::error(
        &TIMEOUT_OVER_MAX,
        format!(
            "`timeout_seconds` is {}, over the limit of {} of compute `{}`{set_by}",
            timeout.value, max.value, compute.name
        ),
        format!("set at most {}, or ask {whom} to raise `max_timeout_seconds`", max.value),
    )
    .labelled(timeout.span.clone(), "over the limit")
    .labelled(max.span.clone(), "the limit")
}
