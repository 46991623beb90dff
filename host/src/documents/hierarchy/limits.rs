//! Limits only decrease down a chain: timeouts and the sizes of pods.

use super::{Level, setter};
use crate::diagnostics::codes::manifest as codes;
use crate::diagnostics::{Diagnostic, Span};
use crate::documents::fields::Problems;
use crate::documents::manifest::{ResourceOverrides, ResourceSettings};
use crate::documents::settings::ComputeSettings;
use crate::documents::spanned::Spanned;

/// Holds a child's timeouts against its parent's limit, and what it inherits against a lower limit of its own. `merged` are
/// the parent's settings with the child's over them.
pub(super) fn timeouts(
    above: &ComputeSettings,
    own: &ComputeSettings,
    merged: &mut ComputeSettings,
    levels: &[Level],
    problems: &mut Problems,
) {
    if let (Some(limit), Some(raised)) = (&above.max_timeout_seconds, &own.max_timeout_seconds)
        && raised.value > limit.value
    {
        let what = format!("`max_timeout_seconds` is {}", raised.value);
        problems.push(over("raised", &what, &limit.value.to_string(), &raised.span, &limit.span, levels));
        merged.max_timeout_seconds = Some(limit.clone());
    }
    let Some(limit) = &merged.max_timeout_seconds else { return };
    match (&own.timeout_seconds, &above.max_timeout_seconds) {
        // Within one file it was told when that was read.
        (Some(timeout), Some(limit)) if timeout.value > limit.value => problems.push(
            Diagnostic::error(
                &codes::TIMEOUT_OVER_MAX,
                format!(
                    "`timeout_seconds` is {}, over the limit of {} that {} sets",
                    timeout.value,
                    limit.value,
                    setter(levels, &limit.span)
                ),
                format!("set at most {}", limit.value),
            )
            .labelled(timeout.span.clone(), "over the limit")
            .labelled(limit.span.clone(), "the limit"),
        ),
        _ => {}
    }
    // An inherited default gives way to a limit that is tighter: nobody here has asked for more.
    cap(&mut merged.timeout_seconds, limit);
}

/// No more than a limit.
pub(super) fn cap(timeout: &mut Option<Spanned<u32>>, limit: &Spanned<u32>) {
    if timeout.as_ref().is_some_and(|timeout| timeout.value > limit.value) {
        *timeout = Some(limit.clone());
    }
}

/// The sizes of pods, a child's over its parent's.
pub(super) fn resources(
    above: &ResourceOverrides,
    own: ResourceOverrides,
    levels: &[Level],
    problems: &mut Problems,
) -> ResourceOverrides {
    let mut size = |above: &Option<ResourceSettings>, own: Option<ResourceSettings>| match (above, own) {
        (Some(above), Some(own)) => Some(smaller(above, &own, levels, problems)),
        (above, own) => own.or_else(|| above.clone()),
    };
    ResourceOverrides {
        small: size(&above.small, own.small),
        medium: size(&above.medium, own.medium),
        large: size(&above.large, own.large),
    }
}

fn smaller(
    above: &ResourceSettings,
    own: &ResourceSettings,
    levels: &[Level],
    problems: &mut Problems,
) -> ResourceSettings {
    let mut merged = above.clone();
    merged.span = own.span.clone();
    for (field, quantity) in own.quantities() {
        let Some(quantity) = quantity else { continue };
        match above.quantity(field) {
            Some(limit) if quantity.value > limit.value => {
                let what = format!("`{field}` is {}", quantity.as_str());
                problems.push(over("raised", &what, limit.as_str(), &quantity.span, &limit.span, levels));
            }
            _ => merged.set(field, quantity.clone()),
        }
    }
    if let Some(gpu) = &own.gpu {
        match &above.gpu {
            Some(limit) if gpu.count > limit.count || (gpu.count > 0 && gpu.resource != limit.resource) => {
                let what = format!("`gpu` is {} of `{}`", gpu.count, gpu.resource);
                let limited = format!("{} of `{}`", limit.count, limit.resource);
                problems.push(over("raised", &what, &limited, &gpu.span, &limit.span, levels));
            }
            _ => merged.gpu = Some(gpu.clone()),
        }
    }
    fit_requests(&mut merged, own, levels, problems);
    merged
}

/// A request that is inherited gives way to a limit of the child's; one of the child's own has to fit the limit.
fn fit_requests(merged: &mut ResourceSettings, own: &ResourceSettings, levels: &[Level], problems: &mut Problems) {
    for (request, limit) in [
        ("cpu_request", "cpu_limit"),
        ("memory_request", "memory_limit"),
        ("ephemeral_storage_request", "ephemeral_storage_limit"),
    ] {
        let (Some(asked), Some(allowed)) = (merged.quantity(request), merged.quantity(limit)) else { continue };
        if asked.value <= allowed.value {
            continue;
        }
        let allowed = allowed.clone();
        // Where both are its own, it was told when the file was read.
        if own.quantity(request).is_some() && own.quantity(limit).is_none() {
            let what = format!("`{request}` is {}", asked.as_str());
            problems.push(over("over the limit", &what, allowed.as_str(), &asked.span, &allowed.span, levels));
        }
        merged.set(request, allowed);
    }
}

fn over(label: &str, what: &str, limit: &str, place: &Span, above: &Span, levels: &[Level]) -> Diagnostic {
    let by = setter(levels, above);
    Diagnostic::error(
        &codes::LIMIT_RAISED,
        format!("{what}, over the {limit} that {by} allows"),
        format!("set at most {limit}: a limit only decreases from a manifest to those that narrow it"),
    )
    .labelled(place.clone(), label)
    .labelled(above.clone(), "the limit above")
}
