//! Timeouts against the limits of their computes.

use crate::compile::product::{Compute, Environment};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::manifest::TIMEOUT_OVER_MAX;
use crate::documents::Spanned;
use crate::documents::spec::Transform;

/// Everything in environments and transforms that exceeds `max_timeout_seconds` of the compute that it is for.
pub(super) fn over_limits<'a>(
    computes: &[Compute],
    default: &str,
    environments: impl Iterator<Item = &'a Environment>,
    transforms: &[Transform],
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut check = |compute: &Compute, timeout: Option<&Spanned<u32>>| {
        if let (Some(timeout), Some(max)) = (timeout, &compute.max_timeout_seconds) {
            found.extend((timeout.value > max.value).then(|| over(compute, timeout, max)));
        }
    };
    for environment in environments {
        for compute in computes {
            environment.overrides(&compute.name).for_each(|own| check(compute, own.timeout_seconds.as_ref()));
        }
    }
    for transform in transforms {
        let name = transform.compute.as_ref().map_or(default, |compute| compute.as_str());
        if let Some(compute) = super::approved(computes, name) {
            check(compute, transform.timeout_seconds.as_ref());
        }
    }
    found
}

fn over(compute: &Compute, timeout: &Spanned<u32>, max: &Spanned<u32>) -> Diagnostic {
    Diagnostic::error(
        &TIMEOUT_OVER_MAX,
        format!(
            "`timeout_seconds` is {}, over the limit of {} of compute `{}`",
            timeout.value, max.value, compute.name
        ),
        "lower `timeout_seconds`, or ask the manifest's owner to raise `max_timeout_seconds`",
    )
    .labelled(timeout.span.clone(), "over the limit")
    .labelled(max.span.clone(), "the limit")
}
